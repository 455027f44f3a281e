-- Distances, areas, lengths and centroids in the plane of the coordinates.

create function @extschema@._geo_meet(a @extschema@.geometry, b @extschema@.geometry)
returns boolean
language plpgsql immutable strict parallel safe
as $$
declare
    p double precision[] := @extschema@._geo_box(a);
    q double precision[] := @extschema@._geo_box(b);
    t jsonb;
    u jsonb;
begin
    if p is null or q is null or p[1] > q[3] or q[1] > p[3] or p[2] > q[4] or q[2] > p[4] then
        return false;
    end if;
    t := @extschema@._geo_tree(a);
    u := @extschema@._geo_tree(b);
    return exists (
        select
        from @extschema@._geo_segments(t) as s
        inner join @extschema@._geo_segments(u) as o
            on @extschema@._geo_segments_meet(
                s.x1, s.y1, s.x2, s.y2, o.x1, o.y1, o.x2, o.y2
            )
    ) or @extschema@._geo_reaches_into(t, u) or @extschema@._geo_reaches_into(u, t);
end
$$;

-- Whether any vertex of the one is in a polygon of the other.
create function @extschema@._geo_reaches_into(tree jsonb, polygons jsonb) returns boolean
language sql immutable strict parallel safe
as $$
    select exists (
        select
        from (
            select array_agg(s.x1) as xs, array_agg(s.y1) as ys
            from @extschema@._geo_segments(tree) as s
        ) as p
        cross join lateral @extschema@._geo_located(p.xs, p.ys, polygons) as l
        where l.place >= 0
    )
$$;

create function @extschema@._geo_distance(a @extschema@.geometry, b @extschema@.geometry)
returns double precision
language plpgsql immutable strict parallel safe
as $$
declare
    x double precision := @extschema@._geo_ordinate(a, 0);
    other_x double precision := @extschema@._geo_ordinate(b, 0);
begin
    if x is not null and other_x is not null then
        return sqrt(
            (x - other_x) ^ 2
            + (@extschema@._geo_ordinate(a, 1) - @extschema@._geo_ordinate(b, 1)) ^ 2
        );
    elsif @extschema@._geo_meet(a, b) then
        return 0;
    end if;
    return (
        select min(@extschema@._geo_segment_distance(
            s.x1, s.y1, s.x2, s.y2, o.x1, o.y1, o.x2, o.y2
        ))
        from @extschema@._geo_segments(@extschema@._geo_tree(a)) as s
        cross join @extschema@._geo_segments(@extschema@._geo_tree(b)) as o
    );
end
$$;

create function @extschema@.st_distance(
    geom1 @extschema@.geometry, geom2 @extschema@.geometry
) returns double precision
language plpgsql immutable strict parallel safe
as $$
begin
    perform @extschema@._geo_require_same_srid(geom1, geom2, 'ST_Distance');
    return @extschema@._geo_distance(geom1, geom2);
end
$$;

create function @extschema@.st_distance(text, text) returns double precision
language sql immutable strict parallel safe
as $$
    select @extschema@.st_distance($1::@extschema@.geometry, $2::@extschema@.geometry)
$$;

create function @extschema@.st_dwithin(
    geom1 @extschema@.geometry, geom2 @extschema@.geometry, double precision
) returns boolean
language plpgsql immutable strict parallel safe
as $$
begin
    if $3 < 0 then
        raise exception 'Tolerance cannot be less than zero' using errcode = 'XX000';
    end if;
    perform @extschema@._geo_require_same_srid(geom1, geom2, 'LWGEOM_dwithin');
    return coalesce(@extschema@._geo_distance(geom1, geom2) <= $3, false);
end
$$;

create function @extschema@.st_dwithin(text, text, double precision) returns boolean
language sql immutable parallel safe
as $$
    select @extschema@.st_dwithin(
        $1::@extschema@.geometry, $2::@extschema@.geometry, $3
    )
$$;

create function @extschema@._geo_ring_areas(tree jsonb)
returns table (part bigint, ring bigint, area double precision)
language sql immutable strict parallel safe rows 1
as $$
    select s.part, s.ring,
        sum((s.x1 - f.x) * (s.y2 - f.y) - (s.x2 - f.x) * (s.y1 - f.y)) / 2
    from (
        select g.*, first_value(g.x1) over w as fx, first_value(g.y1) over w as fy
        from @extschema@._geo_segments(tree) as g
        where g.dimension = 2
        window w as (partition by g.part, g.ring)
    ) as s
    cross join lateral (values (s.fx, s.fy)) as f (x, y)
    group by s.part, s.ring
    order by s.part, s.ring
$$;

create function @extschema@.st_area(@extschema@.geometry) returns double precision
language sql immutable strict parallel safe
as $$
    select coalesce(sum(case when r.ring = 1 then abs(r.area) else -abs(r.area) end), 0)
    from @extschema@._geo_ring_areas(@extschema@._geo_tree($1)) as r
$$;

create function @extschema@._geo_length(g @extschema@.geometry, wanted integer)
returns double precision
language sql immutable strict parallel safe
as $$
    select coalesce(sum(sqrt((s.x2 - s.x1) ^ 2 + (s.y2 - s.y1) ^ 2)), 0)
    from @extschema@._geo_segments(@extschema@._geo_tree(g)) as s
    where s.dimension = wanted
$$;

create function @extschema@.st_length(@extschema@.geometry) returns double precision
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_length($1, 1)
$$;

create function @extschema@.st_length2d(@extschema@.geometry) returns double precision
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_length($1, 1)
$$;

create function @extschema@.st_perimeter(@extschema@.geometry) returns double precision
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_length($1, 2)
$$;

-- By area where there is any, else by length, else of the points.
create function @extschema@.st_centroid(@extschema@.geometry) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    with
    segments as (
        select s.*, first_value(s.x1) over () as ox, first_value(s.y1) over () as oy,
            count(*) over (partition by s.part, s.ring) as size
        from @extschema@._geo_segments(@extschema@._geo_tree($1)) as s
    ),
    weighed as (
        select 2 as dimension,
            sum(w.weight * (s.x1 + s.x2 - 2 * s.ox) / 3) as x,
            sum(w.weight * (s.y1 + s.y2 - 2 * s.oy) / 3) as y,
            sum(w.weight) as weight
        from segments as s
        inner join @extschema@._geo_ring_areas(@extschema@._geo_tree($1)) as r
            on r.part = s.part and r.ring = s.ring
        cross join lateral (
            values (
                ((s.x1 - s.ox) * (s.y2 - s.oy) - (s.x2 - s.ox) * (s.y1 - s.oy)) / 2
                * case when (r.area > 0) = (r.ring = 1) then 1 else -1 end
            )
        ) as w (weight)
        where s.dimension = 2
        union all
        select 1, sum(w.weight * ((s.x1 + s.x2) / 2 - s.ox)),
            sum(w.weight * ((s.y1 + s.y2) / 2 - s.oy)), sum(w.weight)
        from segments as s
        cross join lateral (
            values (sqrt((s.x2 - s.x1) ^ 2 + (s.y2 - s.y1) ^ 2))
        ) as w (weight)
        where s.dimension >= 1
        union all
        select 0, sum(s.x1 - s.ox), sum(s.y1 - s.oy), count(*)::double precision
        from segments as s
    )
    select coalesce(
        (
            select @extschema@._geo_point(
                o.ox + w.x / w.weight, o.oy + w.y / w.weight, @extschema@._geo_srid($1)
            )
            from weighed as w
            cross join (select s.ox, s.oy from segments as s limit 1) as o
            where w.weight > 0
            order by w.dimension desc
            limit 1
        ),
        @extschema@._geo_make('Point', '[]', @extschema@._geo_srid($1))
    )
$$;

create function @extschema@.st_pointonsurface(@extschema@.geometry)
returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
declare
    inside double precision[];
begin
    if @extschema@._geo_kind($1) = 'Point' then
        return $1;
    elsif @extschema@._geo_kind($1) <> 'Polygon' then
        raise exception 'this stand-in for postgis finds points on polygons only'
            using errcode = '0A000';
    end if;
    inside := @extschema@._geo_inside(@extschema@._geo_tree($1));
    return case
        when inside is null
            then @extschema@._geo_make('Point', '[]', @extschema@._geo_srid($1))
        else @extschema@._geo_point(inside[1], inside[2], @extschema@._geo_srid($1))
    end;
end
$$;

create function @extschema@.st_azimuth(geom1 @extschema@.geometry, geom2 @extschema@.geometry)
returns double precision
language plpgsql immutable strict parallel safe
as $$
declare
    dx double precision;
    dy double precision;
begin
    if @extschema@._geo_kind(geom1) <> 'Point' or @extschema@._geo_kind(geom2) <> 'Point' then
        raise exception 'Argument must be POINT geometries' using errcode = 'XX000';
    end if;
    perform @extschema@._geo_require_same_srid(geom1, geom2, 'LWGEOM_azimuth');
    dx := @extschema@._geo_ordinate(geom2, 0) - @extschema@._geo_ordinate(geom1, 0);
    dy := @extschema@._geo_ordinate(geom2, 1) - @extschema@._geo_ordinate(geom1, 1);
    if dx = 0 and dy = 0 then
        return null;
    end if;
    return case when atan2(dx, dy) < 0 then atan2(dx, dy) + 2 * pi() else atan2(dx, dy) end;
end
$$;

-- Of the first geometry, the point nearest to the second, which must be a point.
create function @extschema@.st_closestpoint(
    geom1 @extschema@.geometry, geom2 @extschema@.geometry
) returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
declare
    x double precision := @extschema@._geo_ordinate(geom2, 0);
    y double precision := @extschema@._geo_ordinate(geom2, 1);
begin
    perform @extschema@._geo_require_same_srid(geom1, geom2, 'lw_dist2d_distancepoint');
    if x is null then
        raise exception 'this stand-in for postgis finds the closest point to points only'
            using errcode = '0A000';
    elsif @extschema@._geo_meet(geom1, geom2) then
        return @extschema@._geo_point(x, y, @extschema@._geo_srid(geom2));
    end if;
    return (
        select @extschema@._geo_point(
            s.x1 + n.t * (s.x2 - s.x1), s.y1 + n.t * (s.y2 - s.y1),
            @extschema@._geo_srid(geom1)
        )
        from @extschema@._geo_segments(@extschema@._geo_tree(geom1)) as s
        cross join lateral (
            values (@extschema@._geo_nearest(x, y, s.x1, s.y1, s.x2, s.y2))
        ) as n (t)
        order by @extschema@._geo_point_distance(x, y, s.x1, s.y1, s.x2, s.y2), s.part, s.ring
        limit 1
    );
end
$$;

-- A line's segments with where each begins and how long all are.
create function @extschema@._geo_along(g @extschema@.geometry)
returns table (
    x1 double precision, y1 double precision, x2 double precision, y2 double precision,
    since double precision, size double precision, total double precision
)
language plpgsql immutable strict parallel safe rows 10
as $$
begin
    if @extschema@._geo_kind(g) <> 'LineString' then
        raise exception 'line_interpolate_point: 1st arg isn''t a line' using errcode = 'XX000';
    end if;
    return query
    select s.x1, s.y1, s.x2, s.y2, sum(l.size) over (order by s.i) - l.size, l.size,
        sum(l.size) over ()
    from @extschema@._geo_segments(@extschema@._geo_tree(g)) with ordinality
        as s (part, dimension, ring, x1, y1, x2, y2, i)
    cross join lateral (
        values (sqrt((s.x2 - s.x1) ^ 2 + (s.y2 - s.y1) ^ 2))
    ) as l (size)
    order by s.i;
end
$$;

create function @extschema@.st_lineinterpolatepoint(@extschema@.geometry, double precision)
returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
begin
    if $2 < 0 or $2 > 1 then
        raise exception 'line_interpolate_point: 2nd arg isn''t within [0,1]'
            using errcode = 'XX000';
    end if;
    return (
        select @extschema@._geo_point(
            a.x1 + t.t * (a.x2 - a.x1), a.y1 + t.t * (a.y2 - a.y1), @extschema@._geo_srid($1)
        )
        from @extschema@._geo_along($1) as a
        cross join lateral (
            values (least(1, coalesce(($2 * a.total - a.since) / nullif(a.size, 0), 0)))
        ) as t (t)
        where a.since <= $2 * a.total
        order by a.since desc
        limit 1
    );
end
$$;

create function @extschema@.st_linelocatepoint(
    geom1 @extschema@.geometry, geom2 @extschema@.geometry
) returns double precision
language plpgsql immutable strict parallel safe
as $$
declare
    x double precision := @extschema@._geo_ordinate(geom2, 0);
    y double precision := @extschema@._geo_ordinate(geom2, 1);
begin
    if x is null then
        raise exception 'line_locate_point: 2nd arg isn''t a point' using errcode = 'XX000';
    end if;
    perform @extschema@._geo_require_same_srid(geom1, geom2, 'LWGEOM_line_locate_point');
    return (
        select coalesce(
            (a.since + a.size * @extschema@._geo_nearest(x, y, a.x1, a.y1, a.x2, a.y2))
            / nullif(a.total, 0),
            0
        )
        from @extschema@._geo_along(geom1) as a
        order by @extschema@._geo_point_distance(x, y, a.x1, a.y1, a.x2, a.y2), a.since
        limit 1
    );
end
$$;

-- A circle of points, as many for a quarter as asked for; round ends of anything else are not
-- offered.
create function @extschema@.st_buffer(
    geom @extschema@.geometry, radius double precision, quadsegs integer
) returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
declare
    x double precision := @extschema@._geo_ordinate(geom, 0);
    y double precision := @extschema@._geo_ordinate(geom, 1);
    steps integer := 4 * greatest(quadsegs, 1);
begin
    if x is null and not @extschema@.st_isempty(geom) then
        raise exception 'this stand-in for postgis has buffers around points only'
            using errcode = '0A000';
    elsif x is null or radius <= 0 then
        return @extschema@._geo_make('Polygon', '[]', @extschema@._geo_srid(geom));
    end if;
    return @extschema@._geo_make(
        'Polygon',
        jsonb_build_array((
            select jsonb_agg(
                case
                    when i in (0, steps) then jsonb_build_array(x + radius, y)
                    else jsonb_build_array(
                        x + radius * cos(2 * pi() * i / steps),
                        y - radius * sin(2 * pi() * i / steps)
                    )
                end
                order by i
            )
            from generate_series(0, steps) as i
        )),
        @extschema@._geo_srid(geom)
    );
end
$$;

create function @extschema@.st_buffer(
    geom @extschema@.geometry, radius double precision, options text default ''::text
) returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
begin
    if options !~ '^\s*(quad_segs=\d+)?\s*$' then
        raise exception 'this stand-in for postgis knows only quad_segs of a buffer''s options'
            using errcode = '0A000';
    end if;
    return @extschema@.st_buffer(
        geom, radius, coalesce(substring(options from '\d+')::integer, 8)
    );
end
$$;
