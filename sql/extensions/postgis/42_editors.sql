-- Geometries made from others, point by point.

create function @extschema@._geo_flattened(coordinates jsonb) returns jsonb
language plpgsql immutable strict parallel safe
as $$
begin
    if jsonb_typeof(coordinates -> 0) = 'number' then
        return jsonb_build_array(coordinates -> 0, coordinates -> 1);
    end if;
    return (
        select coalesce(
            jsonb_agg(@extschema@._geo_flattened(e.value) order by e.ordinality), '[]'
        )
        from jsonb_array_elements(coordinates) with ordinality as e
    );
end
$$;

create function @extschema@._geo_without_z_and_m(tree jsonb) returns jsonb
language sql immutable strict parallel safe
as $$
    select (tree - array['z', 'm', 'coordinates', 'geometries'])
        || '{"z": false, "m": false}'
        || case
            when tree ->> 'type' = 'GeometryCollection' then jsonb_build_object(
                'geometries',
                (
                    select coalesce(
                        jsonb_agg(
                            @extschema@._geo_without_z_and_m(e.value) order by e.ordinality
                        ),
                        '[]'
                    )
                    from jsonb_array_elements(tree -> 'geometries') with ordinality as e
                )
            )
            else jsonb_build_object(
                'coordinates', @extschema@._geo_flattened(tree -> 'coordinates')
            )
        end
$$;

create function @extschema@.st_force2d(@extschema@.geometry) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_build(
        @extschema@._geo_without_z_and_m(@extschema@._geo_tree($1)),
        @extschema@._geo_srid($1)
    )
$$;

create function @extschema@.st_multi(@extschema@.geometry) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select case
        when @extschema@.st_iscollection($1) then $1
        else @extschema@._geo_part(
            t.tree, 'Multi' || (t.tree ->> 'type'),
            case
                when t.tree -> 'coordinates' = '[]' then '[]'::jsonb
                else jsonb_build_array(t.tree -> 'coordinates')
            end,
            @extschema@._geo_srid($1)
        )
    end
    from (values (@extschema@._geo_tree($1))) as t (tree)
$$;

-- Simple geometries of one type become that type's collection, others a GeometryCollection.
create function @extschema@.st_collect(@extschema@.geometry[]) returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
declare
    given @extschema@.geometry[] := array_remove($1, null);
    trees jsonb;
    kinds text[];
begin
    if cardinality(given) = 0 then
        return null;
    end if;
    perform @extschema@._geo_require_same_srid(given[1], e.g, 'ST_Collect')
    from unnest(given) as e (g);
    select jsonb_agg(@extschema@._geo_tree(e.g) order by e.i),
        array_agg(distinct @extschema@._geo_kind(e.g))
    into trees, kinds
    from unnest(given) with ordinality as e (g, i);
    return @extschema@._geo_build(
        case
            when cardinality(kinds) = 1 and kinds[1] in ('Point', 'LineString', 'Polygon')
                then (trees -> 0) || jsonb_build_object(
                    'type', 'Multi' || kinds[1],
                    'coordinates', jsonb_path_query_array(trees, 'strict $[*].coordinates')
                )
            else @extschema@._geo_of_collection(
                '{"type": "GeometryCollection", "z": false, "m": false}', trees, false
            )
        end,
        @extschema@._geo_srid(given[1])
    );
end
$$;

create function @extschema@.st_collect(geom1 @extschema@.geometry, geom2 @extschema@.geometry)
returns @extschema@.geometry
language sql immutable parallel safe
as $$
    select case
        when $1 is null then $2
        when $2 is null then $1
        else @extschema@.st_collect(array[$1, $2])
    end
$$;

create aggregate @extschema@.st_collect(@extschema@.geometry) (
    sfunc = array_append,
    stype = @extschema@.geometry[],
    finalfunc = @extschema@.st_collect,
    parallel = safe
);

create function @extschema@.st_makeline(@extschema@.geometry[]) returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
declare
    given @extschema@.geometry[] := array_remove($1, null);
begin
    if cardinality(given) = 0 then
        return null;
    end if;
    perform @extschema@._geo_require_same_srid(given[1], e.g, 'LWGEOM_makeline')
    from unnest(given) as e (g);
    return (
        select @extschema@._geo_part(
            @extschema@._geo_tree(given[1]), 'LineString',
            coalesce(jsonb_agg(p.point order by e.i, p.i), '[]'),
            @extschema@._geo_srid(given[1])
        )
        from unnest(given) with ordinality as e (g, i)
        cross join lateral @extschema@._geo_points(@extschema@._geo_tree(e.g))
            with ordinality as p (point, i)
        where @extschema@._geo_kind(e.g) in ('Point', 'LineString', 'MultiPoint')
    );
end
$$;

create function @extschema@.st_makeline(geom1 @extschema@.geometry, geom2 @extschema@.geometry)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@.st_makeline(array[$1, $2])
$$;

create aggregate @extschema@.st_makeline(@extschema@.geometry) (
    sfunc = array_append,
    stype = @extschema@.geometry[],
    finalfunc = @extschema@.st_makeline,
    parallel = safe
);

create function @extschema@._geo_require_shell(g @extschema@.geometry) returns jsonb
language plpgsql immutable strict parallel safe
as $$
declare
    ring jsonb := @extschema@._geo_tree(g) -> 'coordinates';
begin
    if @extschema@._geo_kind(g) <> 'LineString' then
        raise exception 'Shell is not a line' using errcode = 'XX000';
    elsif jsonb_array_length(ring) < 4 then
        raise exception 'lwpoly_from_lwlines: shell must have at least 4 points'
            using errcode = 'XX000';
    elsif ring -> 0 <> ring -> -1 then
        raise exception 'lwpoly_from_lwlines: shell must be closed' using errcode = 'XX000';
    end if;
    return ring;
end
$$;

create function @extschema@.st_makepolygon(@extschema@.geometry, @extschema@.geometry[])
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_part(
        @extschema@._geo_tree($1), 'Polygon',
        jsonb_build_array(@extschema@._geo_require_shell($1)) || (
            select coalesce(
                jsonb_agg(@extschema@._geo_require_shell(e.g) order by e.i), '[]'
            )
            from unnest($2) with ordinality as e (g, i)
        ),
        @extschema@._geo_srid($1)
    )
$$;

create function @extschema@.st_makepolygon(@extschema@.geometry) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@.st_makepolygon($1, '{}'::@extschema@.geometry[])
$$;

create function @extschema@.st_polygon(@extschema@.geometry, integer)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_with_srid(
        @extschema@.st_makepolygon($1), @extschema@._geo_known_srid($2)
    )
$$;

create function @extschema@._geo_affine(
    tree jsonb, a double precision, b double precision, d double precision,
    e double precision, dx double precision, dy double precision
) returns jsonb
language plpgsql immutable strict parallel safe
as $$
declare
    member text := case
        when tree ->> 'type' = 'GeometryCollection' then 'geometries' else 'coordinates'
    end;
begin
    if jsonb_typeof(tree) = 'object' then
        return tree || jsonb_build_object(
            member, @extschema@._geo_affine(tree -> member, a, b, d, e, dx, dy)
        );
    elsif jsonb_typeof(tree -> 0) = 'number' then
        return jsonb_build_array(
            a * (tree -> 0)::double precision + b * (tree -> 1)::double precision + dx,
            d * (tree -> 0)::double precision + e * (tree -> 1)::double precision + dy
        ) || coalesce(jsonb_path_query_array(tree, '$[2 to last]'), '[]');
    end if;
    return (
        select coalesce(
            jsonb_agg(
                @extschema@._geo_affine(t.value, a, b, d, e, dx, dy) order by t.ordinality
            ),
            '[]'
        )
        from jsonb_array_elements(tree) with ordinality as t
    );
end
$$;

create function @extschema@.st_affine(
    @extschema@.geometry, double precision, double precision, double precision,
    double precision, double precision, double precision
) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_build(
        @extschema@._geo_affine(@extschema@._geo_tree($1), $2, $3, $4, $5, $6, $7),
        @extschema@._geo_srid($1)
    )
$$;

create function @extschema@.st_translate(
    @extschema@.geometry, double precision, double precision
) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@.st_affine($1, 1, 0, 0, 1, $2, $3)
$$;

create function @extschema@.st_scale(@extschema@.geometry, double precision, double precision)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@.st_affine($1, $2, 0, 0, $3, 0, 0)
$$;

create function @extschema@.st_rotate(@extschema@.geometry, double precision)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@.st_affine($1, cos($2), -sin($2), sin($2), cos($2), 0, 0)
$$;

create function @extschema@.st_flipcoordinates(@extschema@.geometry)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@.st_affine($1, 0, 1, 1, 0, 0, 0)
$$;

create function @extschema@._geo_reversed(tree jsonb) returns jsonb
language plpgsql immutable strict parallel safe
as $$
declare
    member text := case
        when tree ->> 'type' = 'GeometryCollection' then 'geometries' else 'coordinates'
    end;
    is_line boolean := jsonb_typeof(tree #> '{0,0}') = 'number';
begin
    if tree ->> 'type' in ('Point', 'MultiPoint') then
        return tree;
    elsif jsonb_typeof(tree) = 'object' then
        return tree || jsonb_build_object(member, @extschema@._geo_reversed(tree -> member));
    end if;
    return (
        select coalesce(
            jsonb_agg(
                case when is_line then e.value else @extschema@._geo_reversed(e.value) end
                order by case when is_line then -e.ordinality else e.ordinality end
            ),
            '[]'
        )
        from jsonb_array_elements(tree) with ordinality as e
    );
end
$$;

create function @extschema@.st_reverse(@extschema@.geometry) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_build(
        @extschema@._geo_reversed(@extschema@._geo_tree($1)), @extschema@._geo_srid($1)
    )
$$;

create function @extschema@.st_envelope(@extschema@.geometry) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select case
        when b.box is null then $1
        else @extschema@._geo_envelope(b.box, @extschema@._geo_srid($1))
    end
    from (values (@extschema@._geo_box($1))) as b (box)
$$;

create function @extschema@.st_expand(@extschema@.geometry, double precision)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select case
        when b.box is null then $1
        else @extschema@._geo_rectangle(
            b.box[1] - $2, b.box[2] - $2, b.box[3] + $2, b.box[4] + $2,
            @extschema@._geo_srid($1)
        )
    end
    from (values (@extschema@._geo_box($1))) as b (box)
$$;

create function @extschema@.st_expand(@extschema@.box2d, double precision)
returns @extschema@.box2d
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_box2d(
        b.box[1] - $2, b.box[2] - $2, b.box[3] + $2, b.box[4] + $2
    )
    from (values (@extschema@._geo_box2d_numbers($1))) as b (box)
$$;

create function @extschema@._geo_wider(box @extschema@.box2d, g @extschema@.geometry)
returns @extschema@.box2d
language sql immutable parallel safe
as $$
    select case
        when b.box is null then $1
        else @extschema@._geo_box2d(
            least(b.box[1], o.box[1]), least(b.box[2], o.box[2]),
            greatest(b.box[3], o.box[3]), greatest(b.box[4], o.box[4])
        )
    end
    from (
        values (@extschema@._geo_box($2), @extschema@._geo_box2d_numbers($1))
    ) as v (added, known)
    cross join lateral (values (v.added)) as b (box)
    cross join lateral (values (v.known)) as o (box)
$$;

create aggregate @extschema@.st_extent(@extschema@.geometry) (
    sfunc = @extschema@._geo_wider,
    stype = @extschema@.box2d,
    parallel = safe
);

create function @extschema@._geo_snapped(coordinates jsonb, size double precision) returns jsonb
language plpgsql immutable strict parallel safe
as $$
begin
    if jsonb_typeof(coordinates -> 0) = 'number' then
        return jsonb_build_array(
            round((coordinates -> 0)::double precision / size) * size,
            round((coordinates -> 1)::double precision / size) * size
        ) || coalesce(jsonb_path_query_array(coordinates, '$[2 to last]'), '[]');
    end if;
    return (
        select coalesce(jsonb_agg(s.part order by s.i) filter (where s.is_kept), '[]')
        from (
            select e.ordinality as i, v.part,
                jsonb_typeof(v.part -> 0) <> 'number'
                or v.part is distinct from lag(v.part) over (order by e.ordinality) as is_kept
            from jsonb_array_elements(coordinates) with ordinality as e
            cross join lateral (values (@extschema@._geo_snapped(e.value, size))) as v (part)
        ) as s
    );
end
$$;

create function @extschema@.st_snaptogrid(@extschema@.geometry, double precision)
returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
declare
    tree jsonb := @extschema@._geo_tree($1);
begin
    if tree ->> 'type' not in ('Point', 'LineString') then
        raise exception 'this stand-in for postgis snaps only points and lines'
            using errcode = '0A000';
    end if;
    if tree -> 'coordinates' = '[]' or $2 = 0 then
        return $1;
    end if;
    tree := tree || jsonb_build_object(
        'coordinates', @extschema@._geo_snapped(tree -> 'coordinates', $2)
    );
    if tree ->> 'type' = 'LineString' and jsonb_array_length(tree -> 'coordinates') < 2 then
        tree := tree || '{"coordinates": []}';
    end if;
    return @extschema@._geo_build(tree, @extschema@._geo_srid($1));
end
$$;
