-- The direction of a polygon's rings, and what may be said of a valid one.

-- Shells clockwise and holes the other way, or the reverse of that.
create function @extschema@._geo_turned(tree jsonb, is_clockwise boolean) returns jsonb
language sql immutable strict parallel safe
as $$
    select case tree ->> 'type'
        when 'GeometryCollection' then tree || jsonb_build_object('geometries', (
            select coalesce(
                jsonb_agg(
                    @extschema@._geo_turned(e.value, is_clockwise) order by e.ordinality
                ),
                '[]'
            )
            from jsonb_array_elements(tree -> 'geometries') with ordinality as e
        ))
        when 'MultiPolygon' then tree || jsonb_build_object('coordinates', (
            select coalesce(
                jsonb_agg(
                    @extschema@._geo_turned(m.member, is_clockwise) -> 'coordinates' order by m.i
                ),
                '[]'
            )
            from @extschema@._geo_members(tree) with ordinality as m (member, i)
        ))
        when 'Polygon' then tree || jsonb_build_object('coordinates', (
            select coalesce(
                jsonb_agg(
                    case
                        when (a.area < 0) = ((r.ordinality = 1) = is_clockwise) then r.value
                        else @extschema@._geo_reversed(r.value)
                    end
                    order by r.ordinality
                ),
                '[]'
            )
            from jsonb_array_elements(tree -> 'coordinates') with ordinality as r
            inner join @extschema@._geo_ring_areas(tree) as a on a.ring = r.ordinality
        ))
        else tree
    end
$$;

create function @extschema@.st_forcepolygoncw(@extschema@.geometry)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_build(
        @extschema@._geo_turned(@extschema@._geo_tree($1), true), @extschema@._geo_srid($1)
    )
$$;

create function @extschema@.st_forcepolygonccw(@extschema@.geometry)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_build(
        @extschema@._geo_turned(@extschema@._geo_tree($1), false), @extschema@._geo_srid($1)
    )
$$;

create function @extschema@.st_forcerhr(@extschema@.geometry) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@.st_forcepolygoncw($1)
$$;

create function @extschema@.st_isvalidreason(@extschema@.geometry) returns text
language plpgsql immutable strict parallel safe
as $$
begin
    if not @extschema@.st_isvalid($1) then
        raise exception 'this stand-in for postgis cannot say why a geometry is invalid'
            using errcode = '0A000';
    end if;
    return 'Valid Geometry';
end
$$;
