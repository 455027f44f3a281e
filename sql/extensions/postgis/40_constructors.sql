-- Making geometries and geographies, and the ways to write them.

create function @extschema@.st_makepoint(double precision, double precision)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_point($1, $2, 0)
$$;

create function @extschema@._geo_point_of(
    ordinates double precision[], z boolean, m boolean, srid integer
) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_build(
        jsonb_build_object(
            'type', 'Point', 'z', z, 'm', m, 'coordinates', to_jsonb(ordinates)
        ),
        srid
    )
$$;

create function @extschema@.st_makepoint(double precision, double precision, double precision)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_point_of(array[$1, $2, $3], true, false, 0)
$$;

create function @extschema@.st_makepoint(
    double precision, double precision, double precision, double precision
) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_point_of(array[$1, $2, $3, $4], true, true, 0)
$$;

create function @extschema@.st_makepointm(double precision, double precision, double precision)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_point_of(array[$1, $2, $3], false, true, 0)
$$;

create function @extschema@.st_point(double precision, double precision)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_point($1, $2, 0)
$$;

create function @extschema@.st_point(double precision, double precision, srid integer)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_point($1, $2, $3)
$$;

create function @extschema@.st_pointz(
    xcoordinate double precision, ycoordinate double precision, zcoordinate double precision,
    srid integer default 0
) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_point_of(array[$1, $2, $3], true, false, $4)
$$;

create function @extschema@._geo_known_srid(srid integer) returns integer
language plpgsql immutable strict parallel safe
as $$
declare
    known integer := case
        when srid <= 0 then 0
        when srid > 999999 then 999000 + srid % 999
        else srid
    end;
begin
    if srid < 0 then
        raise notice 'SRID value % converted to the officially unknown SRID value 0', srid;
    elsif srid > known then
        raise notice 'SRID value % > SRID_MAXIMUM converted to %', srid, known;
    end if;
    return known;
end
$$;

create function @extschema@.st_setsrid(geom @extschema@.geometry, srid integer)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_with_srid($1, @extschema@._geo_known_srid($2))
$$;

create function @extschema@.st_setsrid(geog @extschema@.geography, srid integer)
returns @extschema@.geography
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_as_geography(
        @extschema@._geo_with_srid(
            @extschema@.geometry($1), @extschema@._geo_known_srid($2)
        )
    )
$$;

create function @extschema@.st_makeenvelope(
    double precision, double precision, double precision, double precision, integer default 0
) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_rectangle($1, $2, $3, $4, $5)
$$;

create function @extschema@.st_makebox2d(geom1 @extschema@.geometry, geom2 @extschema@.geometry)
returns @extschema@.box2d
language plpgsql immutable strict parallel safe
as $$
begin
    if @extschema@._geo_kind(geom1) <> 'Point' or @extschema@._geo_kind(geom2) <> 'Point' then
        raise exception 'BOX2D_construct: arguments must be points' using errcode = 'XX000';
    end if;
    perform @extschema@._geo_require_same_srid(geom1, geom2, 'BOX2D_construct');
    return @extschema@._geo_box2d(
        @extschema@._geo_ordinate(geom1, 0), @extschema@._geo_ordinate(geom1, 1),
        @extschema@._geo_ordinate(geom2, 0), @extschema@._geo_ordinate(geom2, 1)
    );
end
$$;

create function @extschema@._geo_require_same_srid(
    a @extschema@.geometry, b @extschema@.geometry, what text
) returns void
language plpgsql immutable strict parallel safe
as $$
begin
    if @extschema@._geo_srid(a) <> @extschema@._geo_srid(b) then
        raise exception '%: Operation on mixed SRID geometries (%, %) != (%, %)',
            what, @extschema@._geo_kind(a), @extschema@._geo_srid(a),
            @extschema@._geo_kind(b), @extschema@._geo_srid(b)
            using errcode = 'XX000';
    end if;
end
$$;

create function @extschema@.st_geomfromewkt(text) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_parse($1)
$$;

create function @extschema@._geo_geography_of_wkt(wkt text) returns @extschema@.geography
language plpgsql immutable strict parallel safe
as $$
begin
    if wkt ~ '^\s*0' then
        perform @extschema@._geo_invalid(wkt);
    end if;
    return @extschema@._geo_parse_geography(wkt);
end
$$;

create function @extschema@.st_geogfromtext(text) returns @extschema@.geography
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_geography_of_wkt($1)
$$;

create function @extschema@.st_geographyfromtext(text) returns @extschema@.geography
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_geography_of_wkt($1)
$$;

-- st_geomfromtext and its kin: those named after a type answer null for any other.
do $$
declare
    of record;
begin
    for of in
        select n.name, n.kind
        from (
            values
            ('st_geomfromtext', null), ('st_geometryfromtext', null), ('st_wkttosql', null),
            ('st_pointfromtext', 'Point'), ('st_linefromtext', 'LineString'),
            ('st_polyfromtext', 'Polygon'), ('st_polygonfromtext', 'Polygon'),
            ('st_mpointfromtext', 'MultiPoint'), ('st_mlinefromtext', 'MultiLineString'),
            ('st_mpolyfromtext', 'MultiPolygon'),
            ('st_geomcollfromtext', 'GeometryCollection')
        ) as n (name, kind)
    loop
        execute format(
            $body$
            create function @extschema@.%1$I(text) returns @extschema@.geometry
            language sql immutable strict parallel safe
            as $f$
                select g.g from (values (@extschema@._geo_parse($1))) as g (g)
                where %2$L is null or @extschema@._geo_kind(g.g) = %2$L
            $f$
            $body$,
            of.name, of.kind
        );
        if of.name <> 'st_wkttosql' then
            execute format(
                $body$
                create function @extschema@.%1$I(text, integer) returns @extschema@.geometry
                language sql immutable strict parallel safe
                as $f$
                    select @extschema@._geo_with_srid(g.g, @extschema@._geo_known_srid($2))
                    from (values (@extschema@._geo_parse($1))) as g (g)
                    where %2$L is null or @extschema@._geo_kind(g.g) = %2$L
                $f$
                $body$,
                of.name, of.kind
            );
        end if;
    end loop;
end
$$;

create function @extschema@.st_geomfromgeojson(text) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_of_geojson($1::jsonb, 4326)
$$;

create function @extschema@.st_geomfromgeojson(json) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_of_geojson($1::jsonb, 4326)
$$;

create function @extschema@.st_geomfromgeojson(jsonb) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_of_geojson($1, 4326)
$$;

create function @extschema@.st_geomfromwkb(bytea) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_of_wkb($1)
$$;

create function @extschema@.st_geomfromwkb(bytea, integer) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_with_srid(
        @extschema@._geo_of_wkb($1), @extschema@._geo_known_srid($2)
    )
$$;

create function @extschema@.st_geomfromewkb(bytea) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_of_wkb($1)
$$;

create function @extschema@.st_geogfromwkb(bytea) returns @extschema@.geography
language sql immutable strict parallel safe
as $$
    select @extschema@.geography(@extschema@._geo_of_wkb($1))
$$;

create function @extschema@.st_tileenvelope(
    zoom integer, x integer, y integer,
    bounds @extschema@.geometry default @extschema@._geo_make(
        'LineString',
        '[[-20037508.342789244, -20037508.342789244], [20037508.342789244, 20037508.342789244]]',
        3857
    ),
    margin double precision default 0.0
) returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
declare
    b double precision[] := @extschema@._geo_box(bounds);
    tiles double precision := 2.0 ^ zoom;
    wide double precision := (b[3] - b[1]) / tiles;
    high double precision := (b[4] - b[2]) / tiles;
begin
    if zoom < 0 or zoom > 31 then
        raise exception 'ST_TileEnvelope: Invalid tile zoom value, %', zoom
            using errcode = 'XX000';
    elsif x < 0 or x >= tiles then
        raise exception 'ST_TileEnvelope: Invalid tile x value, %', x using errcode = 'XX000';
    elsif y < 0 or y >= tiles then
        raise exception 'ST_TileEnvelope: Invalid tile y value, %', y using errcode = 'XX000';
    end if;
    return @extschema@._geo_rectangle(
        greatest(b[1], b[1] + wide * (x - margin)),
        greatest(b[2], b[4] - high * (y + 1 + margin)),
        least(b[3], b[1] + wide * (x + 1 + margin)),
        least(b[4], b[4] - high * (y - margin)),
        @extschema@._geo_srid(bounds)
    );
end
$$;

-- Written out.

create function @extschema@.st_astext(@extschema@.geometry) returns text
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_as_wkt(@extschema@._geo_tree($1), 15, false)
$$;

create function @extschema@.st_astext(@extschema@.geometry, integer) returns text
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_as_wkt(@extschema@._geo_tree($1), $2, false)
$$;

create function @extschema@.st_astext(@extschema@.geography) returns text
language sql immutable strict parallel safe
as $$
    select @extschema@.st_astext(@extschema@.geometry($1))
$$;

create function @extschema@.st_astext(@extschema@.geography, integer) returns text
language sql immutable strict parallel safe
as $$
    select @extschema@.st_astext(@extschema@.geometry($1), $2)
$$;

create function @extschema@.st_astext(text) returns text
language sql immutable strict parallel safe
as $$
    select @extschema@.st_astext($1::@extschema@.geometry)
$$;

create function @extschema@.st_asewkt(@extschema@.geometry, integer) returns text
language sql immutable strict parallel safe
as $$
    select case when s.srid > 0 then format('SRID=%s;', s.srid) else '' end
        || @extschema@._geo_as_wkt(@extschema@._geo_tree($1), $2, true)
    from (values (@extschema@._geo_srid($1))) as s (srid)
$$;

create function @extschema@.st_asewkt(@extschema@.geometry) returns text
language sql immutable strict parallel safe
as $$
    select @extschema@.st_asewkt($1, 15)
$$;

create function @extschema@.st_asewkt(@extschema@.geography) returns text
language sql immutable strict parallel safe
as $$
    select @extschema@.st_asewkt(@extschema@.geometry($1), 15)
$$;

create function @extschema@.st_asewkt(@extschema@.geography, integer) returns text
language sql immutable strict parallel safe
as $$
    select @extschema@.st_asewkt(@extschema@.geometry($1), $2)
$$;

create function @extschema@.st_asewkt(text) returns text
language sql immutable strict parallel safe
as $$
    select @extschema@.st_asewkt($1::@extschema@.geometry, 15)
$$;

create function @extschema@.st_asgeojson(
    geom @extschema@.geometry, maxdecimaldigits integer default 9, options integer default 8
) returns text
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_geojson($1, $2, $3)
$$;

create function @extschema@.st_asgeojson(
    geog @extschema@.geography, maxdecimaldigits integer default 9, options integer default 0
) returns text
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_geojson(@extschema@.geometry($1), $2, $3)
$$;

create function @extschema@.st_asgeojson(text) returns text
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_geojson($1::@extschema@.geometry, 9, 0)
$$;

-- A row as a GeoJSON feature: its first geometry, or the one named, beside its other columns.
create function @extschema@.st_asgeojson(
    r record, geom_column text default ''::text, maxdecimaldigits integer default 9,
    pretty_bool boolean default false
) returns text
language plpgsql stable strict parallel safe
as $$
declare
    members jsonb := to_jsonb(r);
    chosen text := nullif(geom_column, '');
begin
    if chosen is null then
        select e.key into chosen
        from json_each(to_json(r)) with ordinality as e (key, value, i)
        where json_typeof(e.value) = 'object'
            and e.value ->> 'type' = any (@extschema@._geo_kinds())
            and (e.value -> 'coordinates' is not null or e.value -> 'geometries' is not null)
        order by e.i limit 1;
    end if;
    if chosen is null or not members ? chosen then
        raise exception 'geometry column is missing' using errcode = '22023';
    end if;
    return format(
        '{"type": "Feature", "geometry": %s, "properties": %s}',
        case
            when jsonb_typeof(members -> chosen) = 'object' then @extschema@._geo_geojson(
                @extschema@._geo_of_geojson(members -> chosen, 0), maxdecimaldigits, 8
            )
            else 'null'
        end,
        (members - chosen)::text
    );
end
$$;

create function @extschema@.st_asewkb(@extschema@.geometry) returns bytea
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_bytes($1)
$$;

create function @extschema@.st_ashexewkb(@extschema@.geometry) returns text
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_hex($1)
$$;

-- ISO's WKB: no reference system, and Z and M as thousands of the type.
create function @extschema@._geo_as_iso(tree jsonb) returns bytea
language plpgsql immutable strict parallel safe
as $$
declare
    bytes bytea := @extschema@._geo_write(tree, 0);
    kind text := tree ->> 'type';
    tag integer := array_position(@extschema@._geo_kinds(), kind)
        + case when (tree ->> 'z')::boolean then 1000 else 0 end
        + case when (tree ->> 'm')::boolean then 2000 else 0 end;
begin
    if kind like 'Multi%' or kind = 'GeometryCollection' then
        return substr(bytes, 1, 1) || @extschema@._geo_number_as_bytes(tag)
            || substr(bytes, 6, 4) || coalesce((
                select string_agg(@extschema@._geo_as_iso(
                    case
                        when kind = 'GeometryCollection' then e.value
                        else tree || jsonb_build_object(
                            'type', substr(kind, 6), 'coordinates', e.value
                        )
                    end
                ), '' order by e.ordinality)
                from jsonb_array_elements(
                    coalesce(tree -> 'coordinates', tree -> 'geometries')
                ) with ordinality as e
            ), '');
    end if;
    return substr(bytes, 1, 1) || @extschema@._geo_number_as_bytes(tag) || substr(bytes, 6);
end
$$;

create function @extschema@.st_asbinary(@extschema@.geometry) returns bytea
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_as_iso(@extschema@._geo_tree($1))
$$;

create function @extschema@.st_asbinary(@extschema@.geography) returns bytea
language sql immutable strict parallel safe
as $$
    select @extschema@.st_asbinary(@extschema@.geometry($1))
$$;
