-- The tables, views and version functions that PostGIS adds. The reference systems are those
-- that st_transform knows, not the 8500 of EPSG.

create table @extschema@.spatial_ref_sys (
    srid integer not null check (srid > 0 and srid <= 998999),
    auth_name character varying(256),
    auth_srid integer,
    srtext character varying(2048),
    proj4text character varying(2048),
    primary key (srid)
);

insert into @extschema@.spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text)
with
longitudes (srid, name, datum, spheroid, flattening, proj4text) as (
    values
    (4326, 'WGS 84', 'WGS_1984', 'WGS 84', '298.257223563', '+datum=WGS84'),
    (4979, 'WGS 84', 'WGS_1984', 'WGS 84', '298.257223563', '+datum=WGS84'),
    (
        4258, 'ETRS89', 'European_Terrestrial_Reference_System_1989', 'GRS 1980',
        '298.257222101', '+ellps=GRS80'
    ),
    (4269, 'NAD83', 'North_American_Datum_1983', 'GRS 1980', '298.257222101', '+datum=NAD83')
),
zones (srid, zone, side, name, proj4text) as (
    select 32600 + z.zone, z.zone, 'N', 'WGS 84', '+datum=WGS84'
    from generate_series(1, 60) as z (zone)
    union all
    select 32700 + z.zone, z.zone, 'S', 'WGS 84', '+datum=WGS84'
    from generate_series(1, 60) as z (zone)
    union all
    select 25800 + z.zone, z.zone, 'N', 'ETRS89', '+ellps=GRS80'
    from generate_series(28, 38) as z (zone)
),
described (srid, srtext, proj4text) as (
    select l.srid,
        format(
            'GEOGCS["%s",DATUM["%s",SPHEROID["%s",6378137,%s]],PRIMEM["Greenwich",0],'
            'UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","%s"]]',
            l.name, l.datum, l.spheroid, l.flattening, l.srid
        ),
        format('+proj=longlat %s +no_defs', l.proj4text)
    from longitudes as l
    union all
    select z.srid,
        format(
            'PROJCS["%s / UTM zone %s%s",PROJECTION["Transverse_Mercator"],'
            'PARAMETER["central_meridian",%s],PARAMETER["scale_factor",0.9996],'
            'PARAMETER["false_easting",500000],PARAMETER["false_northing",%s],'
            'UNIT["metre",1],AUTHORITY["EPSG","%s"]]',
            z.name, z.zone, z.side, 6 * z.zone - 183,
            case when z.side = 'S' then 10000000 else 0 end, z.srid
        ),
        format(
            '+proj=utm +zone=%s%s %s +units=m +no_defs',
            z.zone, case when z.side = 'S' then ' +south' end, z.proj4text
        )
    from zones as z
    union all
    select 3857,
        'PROJCS["WGS 84 / Pseudo-Mercator",PROJECTION["Mercator_1SP"],'
        'PARAMETER["central_meridian",0],PARAMETER["scale_factor",1],'
        'UNIT["metre",1],AUTHORITY["EPSG","3857"]]',
        '+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m'
        ' +nadgrids=@null +wktext +no_defs'
)
select d.srid, 'EPSG', d.srid, d.srtext, d.proj4text
from described as d
order by d.srid;

select pg_catalog.pg_extension_config_dump(
    '@extschema@.spatial_ref_sys', 'where auth_name is distinct from ''EPSG'''
);

create view @extschema@.geometry_columns as
select
    current_database()::character varying(256) as f_table_catalog,
    n.nspname as f_table_schema,
    c.relname as f_table_name,
    a.attname as f_geometry_column,
    coalesce(@extschema@.postgis_typmod_dims(a.atttypmod), 2) as coord_dimension,
    @extschema@.postgis_typmod_srid(a.atttypmod) as srid,
    upper(
        regexp_replace(@extschema@.postgis_typmod_type(a.atttypmod), 'ZM?$', '')
    )::character varying(30) as type
from pg_catalog.pg_class as c
inner join pg_catalog.pg_attribute as a on a.attrelid = c.oid and not a.attisdropped
inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where a.atttypid = '@extschema@.geometry'::regtype
    and c.relkind in ('r', 'v', 'm', 'f', 'p')
    and not pg_catalog.pg_is_other_temp_schema(c.relnamespace)
    and pg_catalog.has_table_privilege(c.oid, 'SELECT');

create view @extschema@.geography_columns as
select
    current_database() as f_table_catalog,
    n.nspname as f_table_schema,
    c.relname as f_table_name,
    a.attname as f_geography_column,
    @extschema@.postgis_typmod_dims(a.atttypmod) as coord_dimension,
    @extschema@.postgis_typmod_srid(a.atttypmod) as srid,
    @extschema@.postgis_typmod_type(a.atttypmod) as type
from pg_catalog.pg_class as c
inner join pg_catalog.pg_attribute as a on a.attrelid = c.oid and not a.attisdropped
inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where a.atttypid = '@extschema@.geography'::regtype
    and c.relkind in ('r', 'v', 'm', 'f', 'p')
    and not pg_catalog.pg_is_other_temp_schema(c.relnamespace)
    and pg_catalog.has_table_privilege(c.oid, 'SELECT');

grant select on table
    @extschema@.spatial_ref_sys, @extschema@.geometry_columns, @extschema@.geography_columns
to public;

create function @extschema@.postgis_lib_version() returns text
language sql immutable parallel safe
as $$
    select '3.3.7'
$$;

create function @extschema@.postgis_version() returns text
language sql immutable parallel safe
as $$
    select '3.3 USE_GEOS=0 USE_PROJ=0 USE_STATS=0'
$$;

create function @extschema@.postgis_full_version() returns text
language sql immutable parallel safe
as $$
    select 'POSTGIS="3.3.7 (stand-in written in SQL: no GEOS, no PROJ)" [EXTENSION]'
$$;

create function @extschema@.postgis_extensions_upgrade() returns text
language sql volatile
as $$
    select 'The stand-in upgrades nothing.'
$$;

create function @extschema@.find_srid(
    character varying, character varying, character varying
) returns integer
language plpgsql stable strict parallel safe
as $$
declare
    found_srid integer;
begin
    select g.srid into found_srid
    from @extschema@.geometry_columns as g
    where (g.f_table_schema = $1 or $1 = '') and g.f_table_name = $2
        and g.f_geometry_column = $3
    limit 1;
    if found_srid is null then
        raise exception 'find_srid() - could not find the corresponding SRID';
    end if;
    return found_srid;
end
$$;

create function @extschema@.addgeometrycolumn(
    schema_name character varying, table_name character varying,
    column_name character varying, new_srid integer, new_type character varying,
    new_dim integer, use_typmod boolean default true
) returns text
language plpgsql volatile strict
as $$
begin
    if not use_typmod then
        raise exception 'this stand-in for postgis adds columns with a modifier only'
            using errcode = '0A000';
    end if;
    execute format(
        'alter table %s add column %I @extschema@.geometry(%s%s, %s)',
        case
            when schema_name = '' then quote_ident(table_name)
            else format('%I.%I', schema_name, table_name)
        end,
        column_name, new_type,
        case new_dim
            when 4 then 'zm' when 3 then case when new_type ilike '%m' then '' else 'z' end
        end,
        new_srid
    );
    return format(
        '%s.%s.%s SRID:%s TYPE:%s DIMS:%s ',
        schema_name, table_name, column_name, new_srid, new_type, new_dim
    );
end
$$;

create function @extschema@.addgeometrycolumn(
    table_name character varying, column_name character varying, new_srid integer,
    new_type character varying, new_dim integer, use_typmod boolean default true
) returns text
language sql volatile strict
as $$
    select @extschema@.addgeometrycolumn('', $1, $2, $3, $4, $5, $6)
$$;
