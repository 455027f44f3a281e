-- st_transform between longitudes and latitudes, web mercator and UTM. Every other pair of
-- reference systems is an error.

-- Krüger's series to the fourth order (well below a millimetre within a zone).
create function @extschema@._geo_to_utm(
    lon double precision, lat double precision, zone integer, is_south boolean,
    f double precision, out x double precision, out y double precision
)
language plpgsql immutable strict parallel safe
as $$
declare
    n double precision := f / (2 - f);
    e double precision := sqrt(f * (2 - f));
    scale double precision := 0.9996 * 6378137 / (1 + n) * (1 + n ^ 2 / 4 + n ^ 4 / 64);
    alpha double precision[] := array[
        n / 2 - 2 * n ^ 2 / 3 + 5 * n ^ 3 / 16 + 41 * n ^ 4 / 180,
        13 * n ^ 2 / 48 - 3 * n ^ 3 / 5 + 557 * n ^ 4 / 1440,
        61 * n ^ 3 / 240 - 103 * n ^ 4 / 140,
        49561 * n ^ 4 / 161280
    ];
    s double precision := sin(radians(lat));
    span double precision := radians(lon - (6 * zone - 183));
    t double precision := sinh(atanh(s) - e * atanh(e * s));
    xi double precision := atan2(t, cos(span));
    eta double precision := atanh(sin(span) / sqrt(1 + t ^ 2));
begin
    x := eta;
    y := xi;
    for j in 1 .. 4 loop
        x := x + alpha[j] * cos(2 * j * xi) * sinh(2 * j * eta);
        y := y + alpha[j] * sin(2 * j * xi) * cosh(2 * j * eta);
    end loop;
    x := 500000 + scale * x;
    y := case when is_south then 10000000 else 0 end + scale * y;
end
$$;

create function @extschema@._geo_from_utm(
    x double precision, y double precision, zone integer, is_south boolean,
    f double precision, out lon double precision, out lat double precision
)
language plpgsql immutable strict parallel safe
as $$
declare
    n double precision := f / (2 - f);
    scale double precision := 0.9996 * 6378137 / (1 + n) * (1 + n ^ 2 / 4 + n ^ 4 / 64);
    beta double precision[] := array[
        n / 2 - 2 * n ^ 2 / 3 + 37 * n ^ 3 / 96 - n ^ 4 / 360,
        n ^ 2 / 48 + n ^ 3 / 15 - 437 * n ^ 4 / 1440,
        17 * n ^ 3 / 480 - 37 * n ^ 4 / 840,
        4397 * n ^ 4 / 161280
    ];
    delta double precision[] := array[
        2 * n - 2 * n ^ 2 / 3 - 2 * n ^ 3 + 116 * n ^ 4 / 45,
        7 * n ^ 2 / 3 - 8 * n ^ 3 / 5 - 227 * n ^ 4 / 45,
        56 * n ^ 3 / 15 - 136 * n ^ 4 / 35,
        4279 * n ^ 4 / 630
    ];
    xi double precision := (y - case when is_south then 10000000 else 0 end) / scale;
    eta double precision := (x - 500000) / scale;
    u double precision := xi;
    v double precision := eta;
    chi double precision;
begin
    for j in 1 .. 4 loop
        u := u - beta[j] * sin(2 * j * xi) * cosh(2 * j * eta);
        v := v - beta[j] * cos(2 * j * xi) * sinh(2 * j * eta);
    end loop;
    chi := asin(sin(u) / cosh(v));
    lat := chi;
    for j in 1 .. 4 loop
        lat := lat + delta[j] * sin(2 * j * chi);
    end loop;
    lat := degrees(lat);
    lon := 6 * zone - 183 + degrees(atan2(sinh(v), cos(u)));
end
$$;

-- One position from a reference system to another, through longitude and latitude.
create function @extschema@._geo_projected(
    position_ jsonb, source integer, target integer
) returns jsonb
language plpgsql immutable strict parallel safe
as $$
declare
    wgs84 constant double precision := 1 / 298.257223563;
    grs80 constant double precision := 1 / 298.257222101;
    x double precision := position_ -> 0;
    y double precision := position_ -> 1;
    at record;
begin
    if source in (3857, 900913) then
        x := degrees(x / 6378137);
        y := degrees(2 * atan(exp(y / 6378137)) - pi() / 2);
    elsif source between 32601 and 32760 then
        at := @extschema@._geo_from_utm(x, y, source % 100, source > 32700, wgs84);
        x := at.lon;
        y := at.lat;
    elsif source between 25828 and 25838 then
        at := @extschema@._geo_from_utm(x, y, source % 100, false, grs80);
        x := at.lon;
        y := at.lat;
    end if;
    if target in (3857, 900913) then
        if abs(y) >= 90 then
            raise exception 'transform: Invalid coordinate (2049)' using errcode = 'XX000';
        end if;
        x := 6378137 * radians(x);
        y := 6378137 * asinh(tan(radians(y)));
    elsif target between 32601 and 32760 then
        at := @extschema@._geo_to_utm(x, y, target % 100, target > 32700, wgs84);
        x := at.x;
        y := at.y;
    elsif target between 25828 and 25838 then
        at := @extschema@._geo_to_utm(x, y, target % 100, false, grs80);
        x := at.x;
        y := at.y;
    end if;
    return jsonb_build_array(x, y)
        || coalesce(jsonb_path_query_array(position_, '$[2 to last]'), '[]');
end
$$;

create function @extschema@._geo_reprojected(tree jsonb, source integer, target integer)
returns jsonb
language plpgsql immutable strict parallel safe
as $$
declare
    member text := case
        when tree ->> 'type' = 'GeometryCollection' then 'geometries' else 'coordinates'
    end;
begin
    if jsonb_typeof(tree) = 'object' then
        return tree || jsonb_build_object(
            member, @extschema@._geo_reprojected(tree -> member, source, target)
        );
    elsif jsonb_typeof(tree -> 0) = 'number' then
        return @extschema@._geo_projected(tree, source, target);
    end if;
    return (
        select coalesce(
            jsonb_agg(
                @extschema@._geo_reprojected(e.value, source, target) order by e.ordinality
            ),
            '[]'
        )
        from jsonb_array_elements(tree) with ordinality as e
    );
end
$$;

create function @extschema@.st_transform(@extschema@.geometry, integer)
returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
declare
    source integer := @extschema@._geo_srid($1);
    other integer;
begin
    if source = 0 then
        raise exception 'ST_Transform: Input geometry has unknown (0) SRID'
            using errcode = 'XX000';
    elsif source = $2 then
        return $1;
    end if;
    foreach other in array array[source, $2] loop
        if not (
            other in (4326, 4258, 4269, 4979, 3857, 900913)
            or other between 32601 and 32660 or other between 32701 and 32760
            or other between 25828 and 25838
        ) then
            raise exception 'this stand-in for postgis cannot transform to or from SRID %', other
                using errcode = '0A000',
                hint = 'It knows longitudes and latitudes, 3857, and UTM (326xx, 327xx, 258xx).';
        end if;
    end loop;
    return @extschema@._geo_build(
        @extschema@._geo_reprojected(@extschema@._geo_tree($1), source, $2), $2
    );
end
$$;

-- Around a point: the circle in the point's UTM zone, as PostGIS chooses it.
create function @extschema@._geo_earth_buffer(
    g @extschema@.geography, radius double precision, options text
) returns @extschema@.geography
language plpgsql immutable strict parallel safe
as $$
declare
    point @extschema@.geometry := @extschema@.geometry(g);
    x double precision := @extschema@._geo_ordinate(point, 0);
    y double precision := @extschema@._geo_ordinate(point, 1);
    zone integer;
begin
    if x is null and not @extschema@.st_isempty(point) then
        raise exception 'this stand-in for postgis has buffers around points only'
            using errcode = '0A000';
    elsif x is null then
        return @extschema@.geography(@extschema@.st_buffer(point, radius, options));
    elsif abs(y) > 70 then
        raise exception 'this stand-in for postgis has no buffers beyond 70 degrees of latitude'
            using errcode = '0A000';
    end if;
    zone := least(floor((x + 180) / 6)::integer, 59) + case when y < 0 then 32701 else 32601 end;
    return @extschema@.geography(@extschema@.st_transform(
        @extschema@.st_buffer(
            @extschema@.st_transform(@extschema@._geo_with_srid(point, 4326), zone), radius,
            options
        ),
        4326
    ));
end
$$;

create function @extschema@.st_buffer(@extschema@.geography, double precision)
returns @extschema@.geography
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_earth_buffer($1, $2, '')
$$;

create function @extschema@.st_buffer(@extschema@.geography, double precision, integer)
returns @extschema@.geography
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_earth_buffer($1, $2, format('quad_segs=%s', $3))
$$;

create function @extschema@.st_buffer(@extschema@.geography, double precision, text)
returns @extschema@.geography
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_earth_buffer($1, $2, $3)
$$;
