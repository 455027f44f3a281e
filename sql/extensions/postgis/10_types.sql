-- What a value is: its EWKB in upper-case hexadecimal, which is what PostGIS prints.
--
-- A base type's input and output must be functions of cstring. Output is PostgreSQL's own textout.
-- Input has to understand WKT, so it is a function in SQL: CREATE FUNCTION refuses cstring for that
-- language, but nothing else does, and the catalog is told directly. The functions below that are
-- declared "internal" are PostgreSQL's own under other types: numeric_uplus returns a copy of any
-- value of variable length, int8up of any eight bytes.

create type @extschema@.geometry;
create type @extschema@.geography;

create function @extschema@.geometry_in(cstring, oid, integer) returns @extschema@.geometry
language internal immutable strict parallel safe
as 'textin';

create function @extschema@.geometry_out(@extschema@.geometry) returns cstring
language internal immutable strict parallel safe
as 'textout';

create function @extschema@.geometry_recv(internal, oid, integer)
returns @extschema@.geometry
language internal immutable strict parallel safe
as 'bytearecv';

create function @extschema@.geometry_send(@extschema@.geometry) returns bytea
language internal immutable strict parallel safe
as 'byteasend';

create function @extschema@.geography_in(cstring, oid, integer) returns @extschema@.geography
language internal immutable strict parallel safe
as 'textin';

create function @extschema@.geography_out(@extschema@.geography) returns cstring
language internal immutable strict parallel safe
as 'textout';

create function @extschema@.geography_recv(internal, oid, integer) returns @extschema@.geography
language internal immutable strict parallel safe
as 'bytearecv';

create function @extschema@.geography_send(@extschema@.geography) returns bytea
language internal immutable strict parallel safe
as 'byteasend';

-- A column's modifier is a number, and PostgreSQL prints it through a function that returns
-- cstring. enum_out is one: each modifier is the OID of a label, and prints as that label.
create function @extschema@._geo_modifiers() returns setof text
language sql immutable parallel safe
as $$
    with
    kinds (place, kind) as (
        select k.place, k.kind
        from unnest(array[
            'Geometry', 'Point', 'LineString', 'Polygon', 'MultiPoint', 'MultiLineString',
            'MultiPolygon', 'GeometryCollection'
        ]) with ordinality as k (kind, place)
    ),
    srids (srid) as (
        values (0), (4326), (3857), (4269), (4258), (4283), (4674), (4979), (7844), (900913),
            (2056), (2154), (2180), (2193), (3006), (3035), (3067), (3347), (3395), (3978), (4167),
            (5070), (5514), (21781), (25828), (25829), (25830), (25831), (25832), (25833), (25834),
            (25835), (27700), (28355), (28356), (28992), (29902), (31287), (31370), (31467),
            (31468), (31981), (31982), (31983), (31984), (31985)
        union all
        select zone from generate_series(32601, 32660) as north (zone)
        union all
        select zone from generate_series(32701, 32760) as south (zone)
    )
    select coalesce('(' || nullif(concat_ws(
        ',',
        nullif(k.kind || d.suffix, case when s.srid = 0 then 'Geometry' end),
        nullif(s.srid, 0)
    ), '') || ')', '')
    from srids as s
    inner join (values ('', 1), ('Z', 2), ('M', 3), ('ZM', 4)) as d (suffix, place)
        on d.place = 1 or s.srid in (0, 4326, 3857, 4979)
    cross join kinds as k
    order by s.srid, d.place, k.place
$$;

do $$
begin
    execute format(
        'create type @extschema@._geo_modifier as enum (%s)',
        (
            select string_agg(quote_literal(m.label), ', ' order by m.place)
            from @extschema@._geo_modifiers() with ordinality as m (label, place)
        )
    );
end
$$;

create function @extschema@.geometry_typmod_out(integer) returns cstring
language internal immutable strict parallel safe
as 'enum_out';

create function @extschema@.geography_typmod_out(integer) returns cstring
language internal immutable strict parallel safe
as 'enum_out';

create function @extschema@._geo_modifier_of(arguments cstring[], default_srid integer)
returns integer
language plpgsql immutable strict parallel safe
as $$
declare
    words text[] := arguments::text[];
    parts text[] := regexp_match(
        words[1],
        '^\s*(geometry|point|linestring|polygon|multipoint|multilinestring|multipolygon'
        '|geometrycollection)\s*(zm|z|m)?\s*$',
        'i'
    );
    srid integer := default_srid;
    label text;
    found oid;
begin
    if parts is null then
        raise exception 'Invalid geometry type modifier: %', words[1] using errcode = '22023';
    end if;
    if cardinality(words) > 1 and words[2]::integer > 0 then
        srid := words[2]::integer;
    end if;
    if default_srid > 0 then
        perform @extschema@._geo_require_longitudes(srid);
    end if;
    label := (
        select k.kind || upper(coalesce(parts[2], ''))
        from unnest(array[
            'Geometry', 'Point', 'LineString', 'Polygon', 'MultiPoint', 'MultiLineString',
            'MultiPolygon', 'GeometryCollection'
        ]) as k (kind)
        where lower(k.kind) = lower(parts[1])
    );
    label := case
        when srid > 0 then format('(%s,%s)', label, srid)
        when label = 'Geometry' then ''
        else format('(%s)', label)
    end;
    select e.oid into found
    from pg_catalog.pg_enum as e
    where e.enumtypid = '@extschema@._geo_modifier'::regtype and e.enumlabel = label;
    if found is null then
        raise exception 'this stand-in for postgis has no columns of %', label
            using errcode = '0A000',
            hint = 'It knows the common reference systems, and Z and M in 4326, 3857 and none.';
    end if;
    return found::bigint::integer;
end
$$;

create function @extschema@.geometry_typmod_in(cstring[]) returns integer
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_modifier_of($1, 0)
$$;

create function @extschema@.geography_typmod_in(cstring[]) returns integer
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_modifier_of($1, 4326)
$$;

create type @extschema@.geometry (
    input = @extschema@.geometry_in,
    output = @extschema@.geometry_out,
    receive = @extschema@.geometry_recv,
    send = @extschema@.geometry_send,
    typmod_in = @extschema@.geometry_typmod_in,
    typmod_out = @extschema@.geometry_typmod_out,
    internallength = variable,
    alignment = double,
    storage = main,
    delimiter = ':'
);

create type @extschema@.geography (
    input = @extschema@.geography_in,
    output = @extschema@.geography_out,
    receive = @extschema@.geography_recv,
    send = @extschema@.geography_send,
    typmod_in = @extschema@.geography_typmod_in,
    typmod_out = @extschema@.geography_typmod_out,
    internallength = variable,
    alignment = double,
    storage = main,
    delimiter = ':'
);

create type @extschema@.geometry_dump as (path integer[], geom @extschema@.geometry);
create type @extschema@.valid_detail as (
    valid boolean, reason character varying, location @extschema@.geometry
);

-- The same bytes under another type.

create function @extschema@._geo_stored(@extschema@.geometry) returns bytea
language internal immutable strict parallel safe
as 'numeric_uplus';

create function @extschema@._geo_restored(bytea) returns @extschema@.geometry
language internal immutable strict parallel safe
as 'numeric_uplus';

create function @extschema@._geo_as_geography(@extschema@.geometry) returns @extschema@.geography
language internal immutable strict parallel safe
as 'numeric_uplus';

create function @extschema@.geometry(@extschema@.geography) returns @extschema@.geometry
language internal immutable strict parallel safe
as 'numeric_uplus';

create function @extschema@._geo_float(bigint) returns double precision
language internal immutable strict parallel safe
as 'int8up';

-- Values shorter than 36 bytes are filled with zero bytes, which no output shows: an index reads
-- the first 36 (see 80_indexes.sql).

create function @extschema@._geo_hex(g @extschema@.geometry) returns text
language sql immutable strict parallel safe
as $$
    select convert_from(rtrim(@extschema@._geo_stored($1), '\x00'), 'UTF8')
$$;

create function @extschema@._geo_bytes(g @extschema@.geometry) returns bytea
language sql immutable strict parallel safe
as $$
    select decode(convert_from(rtrim(@extschema@._geo_stored($1), '\x00'), 'UTF8'), 'hex')
$$;

create function @extschema@._geo_of_hex(hex text) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_restored(
        convert_to(hex, 'UTF8') || decode(repeat('00', greatest(0, 36 - length(hex))), 'hex')
    )
$$;

create function @extschema@._geo_of_bytes(ewkb bytea) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_of_hex(upper(encode(ewkb, 'hex')))
$$;
