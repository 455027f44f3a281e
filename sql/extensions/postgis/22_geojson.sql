-- GeoJSON (RFC 7946), in which positions beyond the third ordinate and M are not kept.

create function @extschema@._geo_no_geojson(why text) returns void
language plpgsql immutable strict parallel safe
as $$
begin
    raise exception '%', why using errcode = 'XX000';
end
$$;

create function @extschema@._geo_tree_of_geojson(document jsonb) returns jsonb
language plpgsql immutable strict parallel safe
as $$
declare
    kind text := document ->> 'type';
    lists jsonb := document -> 'coordinates';
    children jsonb;
    tree jsonb;
begin
    if kind is null then
        perform @extschema@._geo_no_geojson('unknown GeoJSON type');
    elsif kind <> all (@extschema@._geo_kinds()) then
        perform @extschema@._geo_no_geojson('invalid GeoJson representation');
    elsif kind = 'GeometryCollection' then
        if jsonb_typeof(document -> 'geometries') is distinct from 'array' then
            perform @extschema@._geo_no_geojson('Unable to find ''geometries'' in GeoJSON string');
        end if;
        select coalesce(
            jsonb_agg(@extschema@._geo_tree_of_geojson(e.value) order by e.ordinality), '[]'
        ) into children
        from jsonb_array_elements(document -> 'geometries') with ordinality as e;
        return @extschema@._geo_of_collection(
            '{"type": "GeometryCollection", "z": false, "m": false}', children, false
        );
    elsif jsonb_typeof(lists) is distinct from 'array' then
        perform @extschema@._geo_no_geojson('Unable to find ''coordinates'' in GeoJSON string');
    end if;
    tree := @extschema@._geo_with_dimensions(
        jsonb_build_object('type', kind, 'coordinates', lists)
    );
    if jsonb_path_exists(
        jsonb_build_array(lists),
        'strict $.** ? (@.type() == "array" && @.size() == 1 && @[0].type() == "number")'
    ) then
        perform @extschema@._geo_no_geojson('Too few ordinates in GeoJSON');
    elsif (tree ->> 'm')::boolean then
        raise exception 'this stand-in for postgis reads no fourth ordinate from GeoJSON'
            using errcode = '0A000';
    end if;
    return @extschema@._geo_checked(tree, document::text, false);
end
$$;

create function @extschema@._geo_of_geojson(document jsonb, default_srid integer)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_build(
        @extschema@._geo_tree_of_geojson(document),
        coalesce(
            substring(document #>> '{crs,properties,name}' from '(\d+)$')::integer,
            default_srid
        )
    )
$$;

-- The first two or three ordinates of each position, in GeoJSON's own spelling.
create function @extschema@._geo_as_positions(
    coordinates jsonb, ordinates integer, decimals integer
) returns text
language sql immutable strict parallel safe
as $$
    select string_agg(
        case
            when t.found[1] ~ '\d' then @extschema@._geo_number(t.found[1]::numeric, decimals)
            else t.found[1]
        end,
        '' order by t.i
    )
    from regexp_matches(
        regexp_replace(
            coordinates::text,
            format('\[([^][,]+(?:,[^][,]+){%s})(?:,[^][,]+)*\]', ordinates - 1), '[\1]', 'g'
        ),
        '[][,]|[^][, ]+', 'g'
    ) with ordinality as t (found, i)
$$;

create function @extschema@._geo_as_geojson(tree jsonb, decimals integer, extra text) returns text
language plpgsql immutable strict parallel safe
as $$
declare
    kind text := tree ->> 'type';
    written text := format('{"type":"%s",%s', kind, extra);
begin
    if kind = 'GeometryCollection' then
        return written || '"geometries":[' || coalesce((
            select string_agg(
                @extschema@._geo_as_geojson(e.value, decimals, ''), ',' order by e.ordinality
            )
            from jsonb_array_elements(tree -> 'geometries') with ordinality as e
        ), '') || ']}';
    end if;
    return written || '"coordinates":' || @extschema@._geo_as_positions(
        tree -> 'coordinates', 2 + (tree ->> 'z')::boolean::integer, decimals
    ) || '}';
end
$$;

-- `options`: 1 adds the bounding box, 2 the reference system, 4 its long name, 8 that unless 4326.
create function @extschema@._geo_geojson(
    g @extschema@.geometry, decimals integer, options integer
) returns text
language plpgsql immutable strict parallel safe
as $$
declare
    srid integer := @extschema@._geo_srid(g);
    extra text := '';
    box double precision[] := @extschema@._geo_box(g);
begin
    if srid > 0 and (options & 6 > 0 or (options & 8 > 0 and srid <> 4326)) then
        extra := format(
            '"crs":{"type":"name","properties":{"name":"%s%s"}},',
            case when options & 4 > 0 then 'urn:ogc:def:crs:EPSG::' else 'EPSG:' end, srid
        );
    end if;
    if options & 1 > 0 and box is not null then
        extra := extra || format(
            '"bbox":[%s],',
            (select string_agg(round(b::numeric, decimals)::text, ',') from unnest(box) as b)
        );
    end if;
    return @extschema@._geo_as_geojson(@extschema@._geo_tree(g), decimals, extra);
end
$$;
