-- Literals, columns' modifiers, and the casts between the types.

create function @extschema@._geo_longitudes_only(srid integer) returns boolean
language sql immutable strict parallel safe
as $$
    select srid in (4326, 4269, 4258, 4283, 4674, 4979, 7844, 4167, 4267, 4322)
$$;

create function @extschema@._geo_require_longitudes(srid integer) returns void
language plpgsql immutable strict parallel safe
as $$
begin
    if not @extschema@._geo_longitudes_only(srid) then
        raise exception 'Only lon/lat coordinate systems are supported in geography.'
            using errcode = '22023';
    end if;
end
$$;

-- A longitude or latitude beyond its range, brought back as PostGIS does it.
create function @extschema@._geo_coerced(place integer, ordinate double precision)
returns double precision
language plpgsql immutable strict parallel safe
as $$
declare
    value numeric := ordinate::text::numeric;
begin
    if place = 1 then
        value := value % 360;
        return case when value > 180 then value - 360 when value <= -180 then value + 360
            else value end;
    elsif place > 2 or abs(value) <= 90 then
        return ordinate;
    end if;
    value := value % 360;
    if abs(value) > 180 then
        value := sign(value) * (180 - abs(value));
    end if;
    return case when abs(value) > 90 then sign(value) * 180 - value else value end;
end
$$;

-- The same points, each brought back into range.
create function @extschema@._geo_positions_within_range(coordinates jsonb) returns jsonb
language plpgsql immutable strict parallel safe
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                case jsonb_typeof(e.value)
                    when 'number' then to_jsonb(
                        @extschema@._geo_coerced(
                            e.ordinality::integer, e.value::double precision
                        )
                    )
                    else @extschema@._geo_positions_within_range(e.value)
                end
                order by e.ordinality
            ),
            '[]'
        )
        from jsonb_array_elements(coordinates) with ordinality as e
    );
end
$$;

create function @extschema@._geo_within_range(tree jsonb) returns jsonb
language sql immutable strict parallel safe
as $$
    select case
        when tree ->> 'type' = 'GeometryCollection' then tree || jsonb_build_object(
            'geometries',
            (
                select coalesce(
                    jsonb_agg(@extschema@._geo_within_range(e.value) order by e.ordinality), '[]'
                )
                from jsonb_array_elements(tree -> 'geometries') with ordinality as e
            )
        )
        else tree || jsonb_build_object(
            'coordinates', @extschema@._geo_positions_within_range(tree -> 'coordinates')
        )
    end
$$;

create function @extschema@.geography(@extschema@.geometry) returns @extschema@.geography
language plpgsql immutable strict parallel safe
as $$
declare
    srid integer := coalesce(nullif(@extschema@._geo_srid($1), 0), 4326);
    placed @extschema@.geometry := $1;
    box double precision[] := @extschema@._geo_box($1);
begin
    perform @extschema@._geo_require_longitudes(srid);
    if greatest(abs(box[1]), abs(box[3])) > 180 or greatest(abs(box[2]), abs(box[4])) > 90 then
        raise notice
            'Coordinate values were coerced into range [-180 -90, 180 90] for GEOGRAPHY';
        placed := @extschema@._geo_build(
            @extschema@._geo_within_range(@extschema@._geo_tree($1)), srid
        );
    end if;
    return @extschema@._geo_as_geography(@extschema@._geo_with_srid(placed, srid));
end
$$;

create function @extschema@._geo_with_srid(g @extschema@.geometry, srid integer)
returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
declare
    bytes bytea := @extschema@._geo_bytes(g);
    flags integer := get_byte(bytes, 4);
begin
    return @extschema@._geo_of_bytes(
        set_byte(
            substr(bytes, 1, 5), 4, case when srid > 0 then flags | 32 else flags & 223 end
        )
        || case when srid > 0 then @extschema@._geo_number_as_bytes(srid) else '' end
        || substr(bytes, case when flags & 32 > 0 then 10 else 6 end)
    );
end
$$;

-- What a column's modifier prints as: '(Point,4326)'.

create function @extschema@.postgis_typmod_type(integer) returns text
language sql immutable strict parallel safe
as $$
    select coalesce(
        substring(
            case when $1 <> -1 then @extschema@.geometry_typmod_out($1)::text end
            from '[A-Za-z]+'
        ),
        'Geometry'
    )
$$;

create function @extschema@.postgis_typmod_srid(integer) returns integer
language sql immutable strict parallel safe
as $$
    select coalesce(
        substring(
            case when $1 <> -1 then @extschema@.geometry_typmod_out($1)::text end from '\d+'
        )::integer,
        0
    )
$$;

create function @extschema@.postgis_typmod_dims(integer) returns integer
language sql immutable strict parallel safe
as $$
    select case
        when $1 <> -1 then 2 + length(substring(
            @extschema@.postgis_typmod_type($1) from 'Z?M?$'
        ))
    end
$$;

create function @extschema@._geo_enforced(g @extschema@.geometry, modifier integer)
returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
declare
    asked text;
    asked_srid integer;
    kind text;
    srid integer;
    placed @extschema@.geometry := g;
begin
    if modifier = -1 then
        return g;
    end if;
    asked := @extschema@.postgis_typmod_type(modifier);
    asked_srid := @extschema@.postgis_typmod_srid(modifier);
    kind := @extschema@._geo_kind(g);
    srid := @extschema@._geo_srid(g);
    if asked_srid > 0 and srid = 0 then
        placed := @extschema@._geo_with_srid(g, asked_srid);
    elsif asked_srid > 0 and srid <> asked_srid then
        raise exception 'Geometry SRID (%) does not match column SRID (%)', srid, asked_srid
            using errcode = '22023';
    end if;
    if regexp_replace(asked, 'Z?M?$', '') not in ('Geometry', kind)
        and not (asked like 'GeometryCollection%' and kind like 'Multi%') then
        raise exception 'Geometry type (%) does not match column type (%)',
            kind, regexp_replace(asked, 'Z?M?$', '')
            using errcode = '22023';
    end if;
    perform @extschema@._geo_require_same(w.what, w.column_has, w.value_has)
    from (
        values
        ('Z', asked ~ 'ZM?$', @extschema@._geo_has_z(g)),
        ('M', asked ~ 'M$', @extschema@._geo_has_m(g))
    ) as w (what, column_has, value_has);
    return placed;
end
$$;

create function @extschema@._geo_require_same(
    what text, column_has boolean, value_has boolean
) returns void
language plpgsql immutable strict parallel safe
as $$
begin
    if column_has and not value_has then
        raise exception 'Column has % dimension but geometry does not', what
            using errcode = '22023';
    elsif value_has and not column_has then
        raise exception 'Geometry has % dimension but column does not', what
            using errcode = '22023';
    end if;
end
$$;

create function @extschema@.geometry(@extschema@.geometry, integer, boolean)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_enforced($1, $2)
$$;

create function @extschema@.geography(@extschema@.geography, integer, boolean)
returns @extschema@.geography
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_as_geography(
        @extschema@._geo_enforced(@extschema@.geometry($1), $2)
    )
$$;

-- What a geography's literal says; GeoJSON is none.
create function @extschema@._geo_parse_geography(literal text) returns @extschema@.geography
language plpgsql immutable strict parallel safe
as $$
begin
    if literal ~ '^\s*\{' then
        perform @extschema@._geo_invalid(literal);
    end if;
    return @extschema@.geography(@extschema@._geo_parse(literal));
end
$$;

update pg_catalog.pg_proc as p
set prolang = l.oid, prosrc = s.body
from pg_catalog.pg_language as l, (
    values
    (
        '@extschema@.geometry_in(cstring, oid, integer)',
        'select @extschema@._geo_enforced(@extschema@._geo_parse(textin($1)), $3)'
    ),
    (
        '@extschema@.geometry_recv(internal, oid, integer)',
        'select @extschema@._geo_enforced(@extschema@._geo_of_wkb(bytearecv($1)), $3)'
    ),
    (
        '@extschema@.geography_in(cstring, oid, integer)',
        'select @extschema@.geography(@extschema@._geo_parse_geography(textin($1)), $3, false)'
    ),
    (
        '@extschema@.geography_recv(internal, oid, integer)',
        'select @extschema@.geography('
        '@extschema@.geography(@extschema@._geo_of_wkb(bytearecv($1))), $3, false)'
    )
) as s (signature, body)
where l.lanname = 'sql' and p.oid = s.signature::regprocedure;

create or replace function @extschema@.geometry_send(@extschema@.geometry) returns bytea
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_bytes($1)
$$;

create or replace function @extschema@.geography_send(@extschema@.geography) returns bytea
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_bytes(@extschema@.geometry($1))
$$;

create function @extschema@.geometry(text) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_parse($1)
$$;

create function @extschema@.geometry(bytea) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_of_wkb($1)
$$;

create function @extschema@.geography(bytea) returns @extschema@.geography
language sql immutable strict parallel safe
as $$
    select @extschema@.geography(@extschema@._geo_of_wkb($1))
$$;

create function @extschema@.geometry(point) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_point($1[0], $1[1], 0)
$$;

create function @extschema@.bytea(@extschema@.geometry) returns bytea
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_bytes($1)
$$;

create function @extschema@.bytea(@extschema@.geography) returns bytea
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_bytes(@extschema@.geometry($1))
$$;

create function @extschema@.text(@extschema@.geometry) returns text
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_hex($1)
$$;

create function @extschema@.point(@extschema@.geometry) returns point
language sql immutable strict parallel safe
as $$
    select point(@extschema@._geo_ordinate($1, 0), @extschema@._geo_ordinate($1, 1))
$$;

create function @extschema@.json(@extschema@.geometry) returns json
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_geojson($1, 9, 2)::json
$$;

create function @extschema@.jsonb(@extschema@.geometry) returns jsonb
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_geojson($1, 9, 2)::jsonb
$$;

create cast (@extschema@.geometry as @extschema@.geometry)
with function @extschema@.geometry(@extschema@.geometry, integer, boolean) as implicit;

create cast (@extschema@.geography as @extschema@.geography)
with function @extschema@.geography(@extschema@.geography, integer, boolean) as implicit;

create cast (@extschema@.geometry as @extschema@.geography)
with function @extschema@.geography(@extschema@.geometry) as implicit;

create cast (@extschema@.geography as @extschema@.geometry)
with function @extschema@.geometry(@extschema@.geography);

create cast (text as @extschema@.geometry)
with function @extschema@.geometry(text) as implicit;

create cast (@extschema@.geometry as text)
with function @extschema@.text(@extschema@.geometry) as implicit;

create cast (bytea as @extschema@.geometry)
with function @extschema@.geometry(bytea) as implicit;

create cast (@extschema@.geometry as bytea)
with function @extschema@.bytea(@extschema@.geometry) as implicit;

create cast (bytea as @extschema@.geography)
with function @extschema@.geography(bytea) as implicit;

create cast (@extschema@.geography as bytea)
with function @extschema@.bytea(@extschema@.geography) as implicit;

create cast (point as @extschema@.geometry)
with function @extschema@.geometry(point);

create cast (@extschema@.geometry as point)
with function @extschema@.point(@extschema@.geometry);

create cast (@extschema@.geometry as json)
with function @extschema@.json(@extschema@.geometry);

create cast (@extschema@.geometry as jsonb)
with function @extschema@.jsonb(@extschema@.geometry);
