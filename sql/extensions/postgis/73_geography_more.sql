-- Centroids on the sphere, and boxes around the vectors of a geography's positions.

-- Of points only: the mean of their vectors.
create function @extschema@.st_centroid(
    @extschema@.geography, use_spheroid boolean default true
) returns @extschema@.geography
language plpgsql immutable strict parallel safe
as $$
declare
    g @extschema@.geometry := @extschema@.geometry($1);
    sums double precision[];
begin
    if @extschema@._geo_kind(g) not in ('Point', 'MultiPoint') then
        raise exception 'this stand-in for postgis has centroids of geographic points only'
            using errcode = '0A000', hint = 'Cast to geometry for the centroid in the plane.';
    end if;
    select array[sum(v.v[1]), sum(v.v[2]), sum(v.v[3])] into sums
    from @extschema@._geo_segments(@extschema@._geo_tree(g)) as s
    cross join lateral (values (@extschema@._geo_vector(s.x1, s.y1))) as v (v);
    return @extschema@._geo_as_geography(case
        when sums[1] is null
            then @extschema@._geo_make('Point', '[]', @extschema@._geo_srid(g))
        else @extschema@._geo_point(
            degrees(atan2(sums[2], sums[1])),
            degrees(atan2(sums[3], sqrt(sums[1] ^ 2 + sums[2] ^ 2))),
            @extschema@._geo_srid(g)
        )
    end);
end
$$;

-- The box in space around arcs: their ends, where they turn back along an axis, and the ends of
-- axes that a polygon holds.
create function @extschema@._geo_space_box(g @extschema@.geometry) returns double precision[]
language plpgsql immutable strict parallel safe
as $$
declare
    tree jsonb := @extschema@._geo_tree(g);
    x double precision := @extschema@._geo_ordinate(g, 0);
    v double precision[];
begin
    if x is not null then
        v := @extschema@._geo_vector(x, @extschema@._geo_ordinate(g, 1));
        return v || v;
    end if;
    return (
        select case when count(*) > 0 then array[
            min(r.v[1]), min(r.v[2]), min(r.v[3]), max(r.v[1]), max(r.v[2]), max(r.v[3])
        ] end
        from (
            select t.v
            from @extschema@._geo_segments(tree) as s
            cross join lateral @extschema@._geo_arc_ends(
                @extschema@._geo_vector(s.x1, s.y1), @extschema@._geo_vector(s.x2, s.y2)
            ) as t (v)
            union all
            select @extschema@._geo_vector(p.lon, p.lat)
            from (
                values (0, 0), (90, 0), (180, 0), (-90, 0), (0, 90), (0, -90)
            ) as p (lon, lat)
            where @extschema@._geo_holds(tree, p.lon, p.lat)
        ) as r
    );
end
$$;

create function @extschema@._geo_arc_ends(a double precision[], b double precision[])
returns setof double precision[]
language plpgsql immutable strict parallel safe rows 3
as $$
declare
    n double precision[] := @extschema@._geo_cross(a, b);
    axis double precision[];
    q double precision[];
    size double precision;
begin
    return next a;
    return next b;
    foreach axis slice 1 in array array[[1, 0, 0], [0, 1, 0], [0, 0, 1]] loop
        q := @extschema@._geo_cross(@extschema@._geo_cross(n, axis), n);
        size := sqrt(@extschema@._geo_dot(q, q));
        continue when size < 1e-15;
        for direction in -1 .. 1 by 2 loop
            axis := array[
                direction * q[1] / size, direction * q[2] / size, direction * q[3] / size
            ];
            if @extschema@._geo_dot(@extschema@._geo_cross(a, axis), n) > 0
                and @extschema@._geo_dot(@extschema@._geo_cross(axis, b), n) > 0 then
                return next axis;
            end if;
        end loop;
    end loop;
end
$$;

create function @extschema@.geography_overlaps(@extschema@.geography, @extschema@.geography)
returns boolean
language sql immutable strict parallel safe
as $$
    select coalesce(
        b.a[1] <= b.b[4] + 1e-7 and b.b[1] <= b.a[4] + 1e-7
        and b.a[2] <= b.b[5] + 1e-7 and b.b[2] <= b.a[5] + 1e-7
        and b.a[3] <= b.b[6] + 1e-7 and b.b[3] <= b.a[6] + 1e-7,
        false
    )
    from (
        values (
            @extschema@._geo_space_box(@extschema@.geometry($1)),
            @extschema@._geo_space_box(@extschema@.geometry($2))
        )
    ) as b (a, b)
$$;

create function @extschema@.geography_distance_knn(@extschema@.geography, @extschema@.geography)
returns double precision
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_earth_distance($1, $2, false)
$$;

-- GeoHash of a point: 5 bits a letter, longitude first.
create function @extschema@.st_geohash(geom @extschema@.geometry, maxchars integer default 0)
returns text
language plpgsql immutable strict parallel safe
as $$
declare
    letters constant text := '0123456789bcdefghjkmnpqrstuvwxyz';
    low double precision[] := array[-180, -90];
    high double precision[] := array[180, 90];
    at double precision[] := array[
        @extschema@._geo_ordinate(geom, 0), @extschema@._geo_ordinate(geom, 1)
    ];
    axis integer;
    middle double precision;
    bits integer := 0;
    hash text := '';
begin
    if at[1] is null then
        raise exception 'this stand-in for postgis has geohashes of points only'
            using errcode = '0A000';
    elsif abs(at[1]) > 180 or abs(at[2]) > 90 then
        raise exception 'Geohash requires inputs in decimal degrees, got (% %, % %).',
            at[1], at[2], at[1], at[2]
            using errcode = 'XX000';
    end if;
    for i in 0 .. 5 * case when maxchars > 0 then maxchars else 20 end - 1 loop
        axis := 1 + i % 2;
        middle := (low[axis] + high[axis]) / 2;
        if at[axis] >= middle then
            bits := 2 * bits + 1;
            low[axis] := middle;
        else
            bits := 2 * bits;
            high[axis] := middle;
        end if;
        if i % 5 = 4 then
            hash := hash || substr(letters, bits + 1, 1);
            bits := 0;
        end if;
    end loop;
    return hash;
end
$$;

create function @extschema@.st_geohash(geog @extschema@.geography, maxchars integer default 0)
returns text
language sql immutable strict parallel safe
as $$
    select @extschema@.st_geohash(@extschema@.geometry($1), $2)
$$;
