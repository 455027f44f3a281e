-- Plane geometry of segments: everything that st_distance, st_intersects and st_contains ask.
-- A point counts as a segment without length.

create function @extschema@._geo_segments(tree jsonb)
returns table (
    part bigint, dimension integer, ring bigint, x1 double precision, y1 double precision,
    x2 double precision, y2 double precision
)
language sql immutable strict parallel safe rows 10
as $$
    with
    positions as (
        select s.i as part, 0 as dimension, 1::bigint as ring, 1::bigint as place,
            s.part -> 'coordinates' as point
        from @extschema@._geo_simple(tree) with ordinality as s (part, i)
        where s.part ->> 'type' = 'Point' and s.part -> 'coordinates' <> '[]'
        union all
        select s.i, case when s.part ->> 'type' = 'Polygon' then 2 else 1 end,
            r.ordinality, e.ordinality, e.value
        from @extschema@._geo_simple(tree) with ordinality as s (part, i)
        cross join lateral jsonb_array_elements(
            case s.part ->> 'type'
                when 'Polygon' then s.part -> 'coordinates'
                when 'LineString' then jsonb_build_array(s.part -> 'coordinates')
                else '[]'
            end
        ) with ordinality as r
        cross join lateral jsonb_array_elements(r.value) with ordinality as e
    ),
    numbered as (
        select part, dimension, ring, place, (point ->> 0)::double precision as x,
            (point ->> 1)::double precision as y
        from positions
    ),
    paired as (
        select *, lead(x) over w as next_x, lead(y) over w as next_y
        from numbered
        window w as (partition by part, ring order by place)
    )
    select part, dimension, ring, x, y, coalesce(next_x, x), coalesce(next_y, y)
    from paired
    where dimension = 0 or next_x is not null
    order by part, ring, place
$$;

-- 1 where c is left of the line from a to b, -1 where it is right, 0 where it is on it: within
-- the rounding of double precision, or within `tolerance` of a unit.
create function @extschema@._geo_side(
    ax double precision, ay double precision, bx double precision, by double precision,
    cx double precision, cy double precision, tolerance double precision default 0
) returns integer
language sql immutable strict parallel safe
as $$
    select case
        when abs((bx - ax) * (cy - ay) - (by - ay) * (cx - ax)) <= greatest(
            4e-16 * (abs((bx - ax) * (cy - ay)) + abs((by - ay) * (cx - ax))),
            tolerance * (abs(bx - ax) + abs(by - ay))
        ) then 0
        else sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))::integer
    end
$$;

create function @extschema@._geo_is_on(
    px double precision, py double precision, x1 double precision, y1 double precision,
    x2 double precision, y2 double precision, tolerance double precision default 0
) returns boolean
language sql immutable strict parallel safe
as $$
    select px between least(x1, x2) - tolerance and greatest(x1, x2) + tolerance
        and py between least(y1, y2) - tolerance and greatest(y1, y2) + tolerance
        and @extschema@._geo_side(x1, y1, x2, y2, px, py, tolerance) = 0
$$;

create function @extschema@._geo_segments_meet(
    ax1 double precision, ay1 double precision, ax2 double precision, ay2 double precision,
    bx1 double precision, by1 double precision, bx2 double precision, by2 double precision
) returns boolean
language sql immutable strict parallel safe
as $$
    select least(ax1, ax2) <= greatest(bx1, bx2) and greatest(ax1, ax2) >= least(bx1, bx2)
        and least(ay1, ay2) <= greatest(by1, by2) and greatest(ay1, ay2) >= least(by1, by2)
        and (
            (
                @extschema@._geo_side(ax1, ay1, ax2, ay2, bx1, by1)
                * @extschema@._geo_side(ax1, ay1, ax2, ay2, bx2, by2) < 0
                and @extschema@._geo_side(bx1, by1, bx2, by2, ax1, ay1)
                * @extschema@._geo_side(bx1, by1, bx2, by2, ax2, ay2) < 0
            )
            or @extschema@._geo_is_on(bx1, by1, ax1, ay1, ax2, ay2)
            or @extschema@._geo_is_on(bx2, by2, ax1, ay1, ax2, ay2)
            or @extschema@._geo_is_on(ax1, ay1, bx1, by1, bx2, by2)
            or @extschema@._geo_is_on(ax2, ay2, bx1, by1, bx2, by2)
        )
$$;

-- Where along the segment (0 to 1) its nearest point to p is.
create function @extschema@._geo_nearest(
    px double precision, py double precision, x1 double precision, y1 double precision,
    x2 double precision, y2 double precision
) returns double precision
language sql immutable strict parallel safe
as $$
    select case
        when x1 = x2 and y1 = y2 then 0
        else least(1, greatest(0,
            ((px - x1) * (x2 - x1) + (py - y1) * (y2 - y1)) / ((x2 - x1) ^ 2 + (y2 - y1) ^ 2)
        ))
    end
$$;

create function @extschema@._geo_point_distance(
    px double precision, py double precision, x1 double precision, y1 double precision,
    x2 double precision, y2 double precision
) returns double precision
language sql immutable strict parallel safe
as $$
    select sqrt((px - x1 - t.t * (x2 - x1)) ^ 2 + (py - y1 - t.t * (y2 - y1)) ^ 2)
    from (values (@extschema@._geo_nearest(px, py, x1, y1, x2, y2))) as t (t)
$$;

create function @extschema@._geo_segment_distance(
    ax1 double precision, ay1 double precision, ax2 double precision, ay2 double precision,
    bx1 double precision, by1 double precision, bx2 double precision, by2 double precision
) returns double precision
language sql immutable strict parallel safe
as $$
    select case
        when @extschema@._geo_segments_meet(ax1, ay1, ax2, ay2, bx1, by1, bx2, by2) then 0
        else least(
            @extschema@._geo_point_distance(ax1, ay1, bx1, by1, bx2, by2),
            @extschema@._geo_point_distance(ax2, ay2, bx1, by1, bx2, by2),
            @extschema@._geo_point_distance(bx1, by1, ax1, ay1, ax2, ay2),
            @extschema@._geo_point_distance(bx2, by2, ax1, ay1, ax2, ay2)
        )
    end
$$;

-- For each point, by its number: 1 inside one of the tree's polygons, 0 on a boundary, -1 outside
-- of all. Without polygons there is no row.
create function @extschema@._geo_located(
    xs double precision[], ys double precision[], tree jsonb,
    tolerance double precision default 0
) returns table (i bigint, place integer)
language sql immutable strict parallel safe rows 1
as $$
    select l.i, max(l.place)
    from (
        select p.i, s.part,
            case
                when bool_or(@extschema@._geo_is_on(
                    p.x, p.y, s.x1, s.y1, s.x2, s.y2, tolerance
                )) then 0
                when count(*) filter (
                    where (s.y1 > p.y) <> (s.y2 > p.y)
                        and @extschema@._geo_side(
                            s.x1, s.y1, s.x2, s.y2, p.x, p.y
                        ) = case when s.y2 > s.y1 then 1 else -1 end
                ) % 2 = 1 then 1
                else -1
            end as place
        from unnest(xs, ys) with ordinality as p (x, y, i)
        cross join @extschema@._geo_segments(tree) as s
        where s.dimension = 2
        group by p.i, s.part
    ) as l
    group by l.i
    order by l.i
$$;

-- The middles of the pieces into which `other` cuts a geometry's lines and boundaries.
create function @extschema@._geo_pieces(tree jsonb, other jsonb)
returns table (
    part bigint, dimension integer, x double precision, y double precision,
    along double precision
)
language sql immutable strict parallel safe rows 20
as $$
    with
    mine as (
        select row_number() over () as i, s.* from @extschema@._geo_segments(tree) as s
    ),
    theirs as (
        select s.* from @extschema@._geo_segments(other) as s
    ),
    cuts as (
        select m.i, v.t
        from mine as m
        cross join (values (0::double precision), (1)) as v (t)
        union
        select m.i, c.t
        from mine as m
        inner join theirs as o
            on @extschema@._geo_segments_meet(
                m.x1, m.y1, m.x2, m.y2, o.x1, o.y1, o.x2, o.y2
            )
        cross join lateral (
            values (
                (m.x2 - m.x1) * (o.y2 - o.y1) - (m.y2 - m.y1) * (o.x2 - o.x1)
            )
        ) as d (cross_)
        cross join lateral (
            select ((o.x1 - m.x1) * (o.y2 - o.y1) - (o.y1 - m.y1) * (o.x2 - o.x1)) / d.cross_
            where d.cross_ <> 0
            union all
            select @extschema@._geo_nearest(o.x1, o.y1, m.x1, m.y1, m.x2, m.y2)
            where @extschema@._geo_is_on(o.x1, o.y1, m.x1, m.y1, m.x2, m.y2)
            union all
            select @extschema@._geo_nearest(o.x2, o.y2, m.x1, m.y1, m.x2, m.y2)
            where @extschema@._geo_is_on(o.x2, o.y2, m.x1, m.y1, m.x2, m.y2)
        ) as c (t)
        where m.dimension > 0 and c.t between 0 and 1
    ),
    pieces as (
        select i, t, lead(t) over (partition by i order by t) as until from cuts
    )
    select m.part, m.dimension,
        m.x1 + (p.t + p.until) / 2 * (m.x2 - m.x1),
        m.y1 + (p.t + p.until) / 2 * (m.y2 - m.y1),
        (p.until - p.t) * (abs(m.x2 - m.x1) + abs(m.y2 - m.y1))
    from pieces as p
    inner join mine as m on m.i = p.i
    where p.until is not null
$$;

-- A point inside a polygon: the middle of the widest stretch of a line across its centre.
create function @extschema@._geo_inside(polygon jsonb) returns double precision[]
language sql immutable strict parallel safe
as $$
    with
    segments as (
        select s.* from @extschema@._geo_segments(polygon) as s
    ),
    bounds as (
        select min(y1) as low, max(y1) as high, (min(y1) + max(y1)) / 2 as centre from segments
    ),
    line as (
        select (
            coalesce(max(s.y1) filter (where s.y1 <= b.centre), b.low)
            + coalesce(min(s.y1) filter (where s.y1 > b.centre), b.high)
        ) / 2 as y
        from segments as s
        cross join bounds as b
        group by b.low, b.high
    ),
    crossings as (
        select row_number() over (order by c.x) as i, c.x, l.y
        from line as l
        cross join segments as s
        cross join lateral (
            values (s.x1 + (l.y - s.y1) / nullif(s.y2 - s.y1, 0) * (s.x2 - s.x1))
        ) as c (x)
        where (s.y1 > l.y) <> (s.y2 > l.y)
    )
    select array[(a.x + b.x) / 2, a.y]
    from crossings as a
    inner join crossings as b on b.i = a.i + 1
    where a.i % 2 = 1
    order by b.x - a.x desc, a.x
    limit 1
$$;
