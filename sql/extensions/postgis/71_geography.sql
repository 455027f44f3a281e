-- Geographies: points on the spheroid, edges along great circles of the sphere, as in PostGIS.

-- A position as a vector of length 1, and sums of products of such vectors.
create function @extschema@._geo_vector(lon double precision, lat double precision)
returns double precision[]
language sql immutable strict parallel safe
as $$
    select array[
        cos(radians(lat)) * cos(radians(lon)), cos(radians(lat)) * sin(radians(lon)),
        sin(radians(lat))
    ]
$$;

create function @extschema@._geo_dot(a double precision[], b double precision[])
returns double precision
language sql immutable strict parallel safe
as $$
    select a[1] * b[1] + a[2] * b[2] + a[3] * b[3]
$$;

create function @extschema@._geo_cross(a double precision[], b double precision[])
returns double precision[]
language sql immutable strict parallel safe
as $$
    select array[a[2] * b[3] - a[3] * b[2], a[3] * b[1] - a[1] * b[3], a[1] * b[2] - a[2] * b[1]]
$$;

-- The point of the arc from a to b that is nearest to p, in degrees.
create function @extschema@._geo_nearest_on_arc(
    p double precision[], a double precision[], b double precision[],
    out lon double precision, out lat double precision
)
language plpgsql immutable strict parallel safe
as $$
declare
    n double precision[] := @extschema@._geo_cross(a, b);
    size double precision := @extschema@._geo_dot(n, n);
    q double precision[];
begin
    if size > 1e-30 then
        q := @extschema@._geo_cross(@extschema@._geo_cross(n, p), n);
    end if;
    if q is null
        or @extschema@._geo_dot(@extschema@._geo_cross(a, q), n) < 0
        or @extschema@._geo_dot(@extschema@._geo_cross(q, b), n) < 0 then
        q := case
            when @extschema@._geo_dot(p, a) >= @extschema@._geo_dot(p, b) then a else b
        end;
    end if;
    lon := degrees(atan2(q[2], q[1]));
    lat := degrees(atan2(q[3], sqrt(q[1] ^ 2 + q[2] ^ 2)));
end
$$;

create function @extschema@._geo_arcs_cross(
    a1 double precision[], a2 double precision[], b1 double precision[], b2 double precision[]
) returns boolean
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_dot(n.a, b1) * @extschema@._geo_dot(n.a, b2) < 0
        and @extschema@._geo_dot(n.b, a1) * @extschema@._geo_dot(n.b, a2) < 0
        and @extschema@._geo_dot(
            array[a1[1] + a2[1], a1[2] + a2[2], a1[3] + a2[3]],
            array[b1[1] + b2[1], b1[2] + b2[2], b1[3] + b2[3]]
        ) > 0
    from (
        values (@extschema@._geo_cross(a1, a2), @extschema@._geo_cross(b1, b2))
    ) as n (a, b)
$$;

-- Whether a polygon, given by its segments, holds a position: the bearings to its vertices go
-- once around. `tree` may hold several polygons.
create function @extschema@._geo_holds(
    tree jsonb, at_lon double precision, at_lat double precision
) returns boolean
language sql immutable strict parallel safe
as $$
    with
    edges as (
        select s.part, s.ring,
            @extschema@._geo_vector(s.x1, s.y1) as a, @extschema@._geo_vector(s.x2, s.y2) as b
        from @extschema@._geo_segments(tree) as s
        where s.dimension = 2 and (s.x1, s.y1) <> (s.x2, s.y2)
    ),
    turned as (
        select e.part, e.ring,
            round(sum(t.turn) / (2 * pi())) <> 0
            and sum(@extschema@._geo_dot(e.a, v.p)) > 0 as is_around,
            bool_or(@extschema@._geo_sphere_distance(
                at_lon, at_lat, c.lon, c.lat
            ) < 1e-6) as is_on
        from edges as e
        cross join (
            values (
                @extschema@._geo_vector(at_lon, at_lat),
                array[-sin(radians(at_lon)), cos(radians(at_lon)), 0],
                array[
                    -sin(radians(at_lat)) * cos(radians(at_lon)),
                    -sin(radians(at_lat)) * sin(radians(at_lon)), cos(radians(at_lat))
                ]
            )
        ) as v (p, east, north)
        cross join lateral (
            values (
                atan2(@extschema@._geo_dot(e.a, v.east), @extschema@._geo_dot(e.a, v.north)),
                atan2(@extschema@._geo_dot(e.b, v.east), @extschema@._geo_dot(e.b, v.north))
            )
        ) as z (a, b)
        cross join lateral (
            values (z.b - z.a - 2 * pi() * round((z.b - z.a) / (2 * pi())))
        ) as t (turn)
        cross join lateral @extschema@._geo_nearest_on_arc(v.p, e.a, e.b) as c
        group by e.part, e.ring
    )
    select exists (
        select from turned as o
        where o.ring = 1 and (o.is_around or o.is_on) and not exists (
            select from turned as h
            where h.part = o.part and h.ring > 1 and h.is_around and not h.is_on
        )
    )
$$;

create function @extschema@._geo_any_held(polygons jsonb, tree jsonb) returns boolean
language sql immutable strict parallel safe
as $$
    select exists (
        select from @extschema@._geo_segments(tree) as s
        where @extschema@._geo_holds(polygons, s.x1, s.y1)
    )
$$;

-- Metres; null where one is empty.
create function @extschema@._geo_earth_distance(
    a @extschema@.geography, b @extschema@.geography, use_spheroid boolean
) returns double precision
language plpgsql immutable strict parallel safe
as $$
declare
    g @extschema@.geometry := @extschema@.geometry(a);
    h @extschema@.geometry := @extschema@.geometry(b);
    x double precision := @extschema@._geo_ordinate(g, 0);
    y double precision := @extschema@._geo_ordinate(g, 1);
    other_x double precision := @extschema@._geo_ordinate(h, 0);
    other_y double precision := @extschema@._geo_ordinate(h, 1);
    t jsonb;
    u jsonb;
begin
    perform @extschema@._geo_require_same_srid(g, h, 'geography_distance');
    if @extschema@._geo_box(g) is null or @extschema@._geo_box(h) is null then
        return null;
    elsif x is not null and other_x is not null then
        return @extschema@._geo_metres(x, y, other_x, other_y, use_spheroid);
    end if;
    t := @extschema@._geo_tree(g);
    u := @extschema@._geo_tree(h);
    if @extschema@._geo_any_held(t, u) or @extschema@._geo_any_held(u, t) then
        return 0;
    end if;
    return (
        with
        mine as materialized (
            select s.x1, s.y1, s.x2, s.y2, @extschema@._geo_vector(s.x1, s.y1) as a,
                @extschema@._geo_vector(s.x2, s.y2) as b
            from @extschema@._geo_segments(t) as s
        ),
        theirs as materialized (
            select s.x1, s.y1, s.x2, s.y2, @extschema@._geo_vector(s.x1, s.y1) as a,
                @extschema@._geo_vector(s.x2, s.y2) as b
            from @extschema@._geo_segments(u) as s
        )
        select min(case
            when @extschema@._geo_arcs_cross(m.a, m.b, o.a, o.b) then 0
            else least(d.d1, d.d2, d.d3, d.d4)
        end)
        from mine as m
        cross join theirs as o
        cross join lateral @extschema@._geo_nearest_on_arc(m.a, o.a, o.b) as n1
        cross join lateral @extschema@._geo_nearest_on_arc(m.b, o.a, o.b) as n2
        cross join lateral @extschema@._geo_nearest_on_arc(o.a, m.a, m.b) as n3
        cross join lateral @extschema@._geo_nearest_on_arc(o.b, m.a, m.b) as n4
        cross join lateral (
            values (
                @extschema@._geo_metres(m.x1, m.y1, n1.lon, n1.lat, use_spheroid),
                @extschema@._geo_metres(m.x2, m.y2, n2.lon, n2.lat, use_spheroid),
                @extschema@._geo_metres(o.x1, o.y1, n3.lon, n3.lat, use_spheroid),
                @extschema@._geo_metres(o.x2, o.y2, n4.lon, n4.lat, use_spheroid)
            )
        ) as d (d1, d2, d3, d4)
    );
end
$$;

create function @extschema@.st_distance(
    geog1 @extschema@.geography, geog2 @extschema@.geography, use_spheroid boolean default true
) returns double precision
language sql immutable strict parallel safe
as $$
    select round(@extschema@._geo_earth_distance($1, $2, $3)::numeric, 8)::double precision
$$;

create function @extschema@.st_dwithin(
    geog1 @extschema@.geography, geog2 @extschema@.geography, tolerance double precision,
    use_spheroid boolean default true
) returns boolean
language sql immutable strict parallel safe
as $$
    select coalesce(
        @extschema@._geo_earth_distance($1, $2, $4) <= $3 + 1e-8, false
    )
$$;

create function @extschema@.st_intersects(
    geog1 @extschema@.geography, geog2 @extschema@.geography
) returns boolean
language sql immutable strict parallel safe
as $$
    select coalesce(@extschema@._geo_earth_distance($1, $2, false) < 1e-5, false)
$$;

-- Every vertex is held, and no edges cross. A line or a point covers points only.
create function @extschema@.st_covers(
    geog1 @extschema@.geography, geog2 @extschema@.geography
) returns boolean
language plpgsql immutable strict parallel safe
as $$
declare
    g @extschema@.geometry := @extschema@.geometry(geog1);
    h @extschema@.geometry := @extschema@.geometry(geog2);
    t jsonb := @extschema@._geo_tree(g);
    u jsonb := @extschema@._geo_tree(h);
begin
    perform @extschema@._geo_require_same_srid(g, h, 'geography_covers');
    if @extschema@._geo_box(g) is null or @extschema@._geo_box(h) is null then
        return false;
    elsif @extschema@.st_dimension(g) < 2 then
        if @extschema@.st_dimension(h) > 0 then
            raise exception 'this stand-in for postgis asks only polygons what they cover'
                using errcode = '0A000';
        end if;
        return not exists (
            select from @extschema@._geo_segments(u) as s
            where @extschema@._geo_earth_distance(
                geog1,
                @extschema@._geo_as_geography(
                    @extschema@._geo_point(s.x1, s.y1, @extschema@._geo_srid(h))
                ),
                false
            ) >= 1e-5
        );
    end if;
    return not exists (
        select from @extschema@._geo_segments(u) as s
        where not @extschema@._geo_holds(t, s.x1, s.y1)
            or not @extschema@._geo_holds(t, s.x2, s.y2)
    ) and not exists (
        select
        from @extschema@._geo_segments(t) as s
        cross join @extschema@._geo_segments(u) as o
        where @extschema@._geo_arcs_cross(
            @extschema@._geo_vector(s.x1, s.y1), @extschema@._geo_vector(s.x2, s.y2),
            @extschema@._geo_vector(o.x1, o.y1), @extschema@._geo_vector(o.x2, o.y2)
        )
    );
end
$$;

create function @extschema@.st_coveredby(
    geog1 @extschema@.geography, geog2 @extschema@.geography
) returns boolean
language sql immutable strict parallel safe
as $$
    select @extschema@.st_covers($2, $1)
$$;

create function @extschema@._geo_earth_length(
    g @extschema@.geography, wanted integer, use_spheroid boolean
) returns double precision
language sql immutable strict parallel safe
as $$
    select coalesce(
        sum(@extschema@._geo_metres(s.x1, s.y1, s.x2, s.y2, use_spheroid)), 0
    )
    from @extschema@._geo_segments(@extschema@._geo_tree(@extschema@.geometry(g))) as s
    where s.dimension = wanted
$$;

create function @extschema@.st_length(
    geog @extschema@.geography, use_spheroid boolean default true
) returns double precision
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_earth_length($1, 1, $2)
$$;

create function @extschema@.st_perimeter(
    geog @extschema@.geography, use_spheroid boolean default true
) returns double precision
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_earth_length($1, 2, $2)
$$;

-- The latitude on the sphere of the spheroid's area below which the same area lies.
create function @extschema@._geo_authalic(lat double precision, use_spheroid boolean)
returns double precision
language sql immutable strict parallel safe
as $$
    select case
        when not use_spheroid then radians(lat)
        else asin(greatest(-1, least(1, q.at / q.pole)))
    end
    from (values (0.0818191908426215::double precision)) as e (e)
    cross join lateral (
        select
            (1 - e.e ^ 2) * (
                s.s / (1 - (e.e * s.s) ^ 2)
                - ln((1 - e.e * s.s) / (1 + e.e * s.s)) / (2 * e.e)
            ) as at,
            (1 - e.e ^ 2) * (
                1 / (1 - e.e ^ 2) - ln((1 - e.e) / (1 + e.e)) / (2 * e.e)
            ) as pole
        from (values (sin(radians(lat)))) as s (s)
    ) as q
$$;

create function @extschema@.st_area(
    geog @extschema@.geography, use_spheroid boolean default true
) returns double precision
language sql immutable strict parallel safe
as $$
    with
    edges as (
        select s.part, s.ring, w.width,
            2 * atan2(
                tan(w.width / 2) * (tan(p.from_ / 2) + tan(p.to_ / 2)),
                1 + tan(p.from_ / 2) * tan(p.to_ / 2)
            ) as excess
        from @extschema@._geo_segments(
            @extschema@._geo_tree(@extschema@.geometry($1))
        ) as s
        cross join lateral (
            values (radians(s.x2 - s.x1 - 360 * round((s.x2 - s.x1) / 360)))
        ) as w (width)
        cross join lateral (
            values (
                @extschema@._geo_authalic(s.y1, $2), @extschema@._geo_authalic(s.y2, $2)
            )
        ) as p (from_, to_)
        where s.dimension = 2
    ),
    rings as (
        select e.part, e.ring, case
            when abs(sum(e.width)) > 3 then 2 * pi() - abs(sum(e.excess))
            else abs(sum(e.excess))
        end as excess
        from edges as e
        group by e.part, e.ring
    )
    select coalesce(sum(
        least(r.excess, 4 * pi() - r.excess) * case when r.ring = 1 then 1 else -1 end
    ), 0) * case when $2 then 6371007.180918474 else 6371008.771415059 end ^ 2
    from rings as r
$$;

create function @extschema@.st_area(text) returns double precision
language sql immutable strict parallel safe
as $$
    select @extschema@.st_area($1::@extschema@.geometry)
$$;

create function @extschema@.st_length(text) returns double precision
language sql immutable strict parallel safe
as $$
    select @extschema@.st_length($1::@extschema@.geometry)
$$;

create function @extschema@.st_azimuth(
    geog1 @extschema@.geography, geog2 @extschema@.geography
) returns double precision
language plpgsql immutable strict parallel safe
as $$
declare
    g @extschema@.geometry := @extschema@.geometry(geog1);
    h @extschema@.geometry := @extschema@.geometry(geog2);
    course double precision;
begin
    if @extschema@._geo_kind(g) <> 'Point' or @extschema@._geo_kind(h) <> 'Point' then
        raise exception 'ST_Azimuth(geography, geography) is only valid for point inputs'
            using errcode = 'XX000';
    elsif @extschema@._geo_earth_distance(geog1, geog2, true) = 0 then
        return null;
    end if;
    course := (@extschema@._geo_inverse(
        @extschema@._geo_ordinate(g, 0), @extschema@._geo_ordinate(g, 1),
        @extschema@._geo_ordinate(h, 0), @extschema@._geo_ordinate(h, 1)
    )).azimuth1;
    return case when course < 0 then course + 2 * pi() else course end;
end
$$;

create function @extschema@.st_project(
    geog @extschema@.geography, distance double precision, azimuth double precision
) returns @extschema@.geography
language plpgsql immutable parallel safe
as $$
declare
    g @extschema@.geometry := @extschema@.geometry(geog);
    reached record;
begin
    if geog is null then
        return null;
    elsif @extschema@._geo_kind(g) <> 'Point' then
        raise exception 'ST_Project(geography) is only valid for point inputs'
            using errcode = 'XX000';
    elsif coalesce(distance, 0) = 0 then
        return geog;
    end if;
    reached := @extschema@._geo_direct(
        @extschema@._geo_ordinate(g, 0), @extschema@._geo_ordinate(g, 1),
        coalesce(azimuth, 0), distance
    );
    return @extschema@._geo_as_geography(
        @extschema@._geo_point(reached.x, reached.y, @extschema@._geo_srid(g))
    );
end
$$;

create function @extschema@.st_distancesphere(
    geom1 @extschema@.geometry, geom2 @extschema@.geometry
) returns double precision
language sql immutable strict parallel safe
as $$
    select @extschema@.st_distance(
        @extschema@.geography($1), @extschema@.geography($2), false
    )
$$;

create function @extschema@.st_distancespheroid(
    geom1 @extschema@.geometry, geom2 @extschema@.geometry
) returns double precision
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_earth_distance(
        @extschema@.geography($1), @extschema@.geography($2), true
    )
$$;
