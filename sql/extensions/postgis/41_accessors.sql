-- What a geometry consists of.

create function @extschema@._geo_ordinate_of_point(
    g @extschema@.geometry, place integer, caller text
) returns double precision
language plpgsql immutable strict parallel safe
as $$
begin
    if @extschema@._geo_kind(g) <> 'Point' then
        raise exception 'Argument to %() must have type POINT', caller using errcode = 'XX000';
    end if;
    return @extschema@._geo_ordinate(g, place);
end
$$;

create function @extschema@.st_x(@extschema@.geometry) returns double precision
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_ordinate_of_point($1, 0, 'ST_X')
$$;

create function @extschema@.st_y(@extschema@.geometry) returns double precision
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_ordinate_of_point($1, 1, 'ST_Y')
$$;

create function @extschema@.st_z(@extschema@.geometry) returns double precision
language sql immutable strict parallel safe
as $$
    select case
        when @extschema@._geo_has_z($1) or @extschema@._geo_kind($1) <> 'Point'
            then @extschema@._geo_ordinate_of_point($1, 2, 'ST_Z')
    end
$$;

create function @extschema@.st_m(@extschema@.geometry) returns double precision
language sql immutable strict parallel safe
as $$
    select case
        when @extschema@._geo_has_m($1) or @extschema@._geo_kind($1) <> 'Point'
            then @extschema@._geo_ordinate_of_point(
                $1, 2 + @extschema@._geo_has_z($1)::integer, 'ST_M'
            )
    end
$$;

create function @extschema@.st_srid(geom @extschema@.geometry) returns integer
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_srid($1)
$$;

create function @extschema@.st_srid(geog @extschema@.geography) returns integer
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_srid(@extschema@.geometry($1))
$$;

create function @extschema@.geometrytype(@extschema@.geometry) returns text
language sql immutable strict parallel safe
as $$
    select upper(@extschema@._geo_kind($1)) || case
        when @extschema@._geo_has_m($1) and not @extschema@._geo_has_z($1) then 'M' else ''
    end
$$;

create function @extschema@.geometrytype(@extschema@.geography) returns text
language sql immutable strict parallel safe
as $$
    select @extschema@.geometrytype(@extschema@.geometry($1))
$$;

create function @extschema@.st_geometrytype(@extschema@.geometry) returns text
language sql immutable strict parallel safe
as $$
    select 'ST_' || @extschema@._geo_kind($1)
$$;

create function @extschema@.st_npoints(@extschema@.geometry) returns integer
language sql immutable strict parallel safe
as $$
    select count(*)::integer from @extschema@._geo_points(@extschema@._geo_tree($1))
$$;

create function @extschema@.st_isempty(@extschema@.geometry) returns boolean
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_box($1) is null
$$;

create function @extschema@.st_numpoints(@extschema@.geometry) returns integer
language sql immutable strict parallel safe
as $$
    select case
        when t.tree ->> 'type' = 'LineString' then jsonb_array_length(t.tree -> 'coordinates')
    end
    from (values (@extschema@._geo_tree($1))) as t (tree)
$$;

create function @extschema@.st_dimension(@extschema@.geometry) returns integer
language sql immutable strict parallel safe
as $$
    select coalesce(max(case s.part ->> 'type'
        when 'Point' then 0 when 'LineString' then 1 else 2
    end), 0)
    from @extschema@._geo_simple(@extschema@._geo_tree($1)) as s (part)
$$;

create function @extschema@.st_ndims(@extschema@.geometry) returns smallint
language sql immutable strict parallel safe
as $$
    select (
        2 + @extschema@._geo_has_z($1)::integer + @extschema@._geo_has_m($1)::integer
    )::smallint
$$;

create function @extschema@.st_coorddim(geometry @extschema@.geometry) returns smallint
language sql immutable strict parallel safe
as $$
    select @extschema@.st_ndims($1)
$$;

create function @extschema@.st_iscollection(@extschema@.geometry) returns boolean
language sql immutable strict parallel safe
as $$
    select k.kind like 'Multi%' or k.kind = 'GeometryCollection'
    from (values (@extschema@._geo_kind($1))) as k (kind)
$$;

-- A part of a geometry, with the dimensions and the reference system of the whole.
create function @extschema@._geo_part(
    tree jsonb, kind text, coordinates jsonb, srid integer
) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_build(
        jsonb_build_object(
            'type', kind, 'z', tree -> 'z', 'm', tree -> 'm', 'coordinates', coordinates
        ),
        srid
    )
$$;

-- The direct members of a collection; a simple geometry is its own only member.
create function @extschema@._geo_members(tree jsonb) returns setof jsonb
language sql immutable strict parallel safe rows 3
as $$
    select m.member
    from (
        select 0::bigint as i, tree as member
        where tree ->> 'type' in ('Point', 'LineString', 'Polygon')
        union all
        select e.ordinality, (tree - 'coordinates') || jsonb_build_object(
            'type', substr(tree ->> 'type', 6), 'coordinates', e.value
        )
        from jsonb_array_elements(
            case when tree ->> 'type' like 'Multi%' then tree -> 'coordinates' else '[]' end
        ) with ordinality as e
        union all
        select e.ordinality, e.value
        from jsonb_array_elements(coalesce(tree -> 'geometries', '[]')) with ordinality as e
    ) as m
    order by m.i
$$;

create function @extschema@.st_numgeometries(@extschema@.geometry) returns integer
language sql immutable strict parallel safe
as $$
    select case
        when @extschema@.st_iscollection($1) or not @extschema@.st_isempty($1) then (
            select count(*)::integer
            from @extschema@._geo_members(@extschema@._geo_tree($1))
        )
        else 0
    end
$$;

create function @extschema@.st_geometryn(@extschema@.geometry, integer)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_build(m.member, @extschema@._geo_srid($1))
    from @extschema@._geo_members(@extschema@._geo_tree($1)) with ordinality as m (member, i)
    where m.i = $2
$$;

-- A guard is a CASE, not a WHERE: with constant arguments the planner evaluates what it guards.
create function @extschema@.st_pointn(@extschema@.geometry, integer)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select case
        when t.tree ->> 'type' = 'LineString' and $2 <> 0 and p.point is not null
            then @extschema@._geo_part(t.tree, 'Point', p.point, @extschema@._geo_srid($1))
    end
    from (values (@extschema@._geo_tree($1))) as t (tree)
    cross join lateral (
        values (t.tree -> 'coordinates' -> case when $2 < 0 then $2 else $2 - 1 end)
    ) as p (point)
$$;

create function @extschema@.st_startpoint(@extschema@.geometry) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_part(t.tree, 'Point', p.point, @extschema@._geo_srid($1))
    from (values (@extschema@._geo_tree($1))) as t (tree)
    cross join lateral @extschema@._geo_points(t.tree) with ordinality as p (point, i)
    where p.i = 1
$$;

create function @extschema@.st_endpoint(@extschema@.geometry) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@.st_pointn($1, -1)
$$;

create function @extschema@.st_exteriorring(@extschema@.geometry)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select case
        when t.tree ->> 'type' = 'Polygon' then @extschema@._geo_part(
            t.tree, 'LineString', coalesce(t.tree -> 'coordinates' -> 0, '[]'),
            @extschema@._geo_srid($1)
        )
    end
    from (values (@extschema@._geo_tree($1))) as t (tree)
$$;

create function @extschema@.st_interiorringn(@extschema@.geometry, integer)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select case
        when t.tree ->> 'type' = 'Polygon'
            and $2 between 1 and jsonb_array_length(t.tree -> 'coordinates') - 1
            then @extschema@._geo_part(
                t.tree, 'LineString', t.tree -> 'coordinates' -> $2, @extschema@._geo_srid($1)
            )
    end
    from (values (@extschema@._geo_tree($1))) as t (tree)
$$;

create function @extschema@.st_numinteriorrings(@extschema@.geometry) returns integer
language sql immutable strict parallel safe
as $$
    select case
        when t.tree ->> 'type' = 'Polygon'
            then greatest(jsonb_array_length(t.tree -> 'coordinates') - 1, 0)
    end
    from (values (@extschema@._geo_tree($1))) as t (tree)
$$;

create function @extschema@.st_isclosed(@extschema@.geometry) returns boolean
language sql immutable strict parallel safe
as $$
    select bool_and(
        s.part ->> 'type' <> 'LineString'
        or s.part -> 'coordinates' -> 0 = s.part -> 'coordinates' -> -1
    ) and not @extschema@.st_isempty($1)
    from @extschema@._geo_simple(@extschema@._geo_tree($1)) as s (part)
$$;

create function @extschema@._geo_dump(tree jsonb, at integer[], srid integer)
returns setof @extschema@.geometry_dump
language plpgsql immutable strict parallel safe rows 3
as $$
begin
    if tree ->> 'type' in ('Point', 'LineString', 'Polygon') then
        return query select at, @extschema@._geo_build(tree, srid);
        return;
    end if;
    return query
    select d.path, d.geom
    from @extschema@._geo_members(tree) with ordinality as m (member, i)
    cross join lateral @extschema@._geo_dump(m.member, at || m.i::integer, srid)
        with ordinality as d (path, geom, i)
    order by m.i, d.i;
end
$$;

create function @extschema@.st_dump(@extschema@.geometry)
returns setof @extschema@.geometry_dump
language sql immutable strict parallel safe rows 3
as $$
    select d.path, d.geom
    from @extschema@._geo_dump(
        @extschema@._geo_tree($1), '{}', @extschema@._geo_srid($1)
    ) as d
    where not @extschema@.st_isempty($1)
$$;

create function @extschema@._geo_dump_points(tree jsonb, at integer[], srid integer)
returns setof @extschema@.geometry_dump
language plpgsql immutable strict parallel safe rows 10
as $$
begin
    if tree ->> 'type' = 'Point' then
        return query
        select at || 1, @extschema@._geo_build(tree, srid) where tree -> 'coordinates' <> '[]';
    elsif tree ->> 'type' = 'LineString' then
        return query
        select at || e.ordinality::integer, @extschema@._geo_part(tree, 'Point', e.value, srid)
        from jsonb_array_elements(tree -> 'coordinates') with ordinality as e
        order by e.ordinality;
    elsif tree ->> 'type' = 'Polygon' then
        return query
        select at || r.ordinality::integer || e.ordinality::integer,
            @extschema@._geo_part(tree, 'Point', e.value, srid)
        from jsonb_array_elements(tree -> 'coordinates') with ordinality as r
        cross join lateral jsonb_array_elements(r.value) with ordinality as e
        order by r.ordinality, e.ordinality;
    else
        return query
        select d.path, d.geom
        from @extschema@._geo_members(tree) with ordinality as m (member, i)
        cross join lateral @extschema@._geo_dump_points(m.member, at || m.i::integer, srid)
            with ordinality as d (path, geom, i)
        order by m.i, d.i;
    end if;
end
$$;

create function @extschema@.st_dumppoints(@extschema@.geometry)
returns setof @extschema@.geometry_dump
language sql immutable strict parallel safe rows 10
as $$
    select d.path, d.geom
    from @extschema@._geo_dump_points(
        @extschema@._geo_tree($1), '{}', @extschema@._geo_srid($1)
    ) as d
$$;
