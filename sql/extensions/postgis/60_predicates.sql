-- Predicates of the plane. Boundaries are found within 1e-12 of a unit where pieces of lines are
-- compared, so that edges which two parcels share count as shared.

-- Where the pieces of one geometry lie in another: in its polygons (1 inside, 0 on the boundary,
-- -1 outside), or 0 on its lines and points.
create function @extschema@._geo_pieces_within(tree jsonb, other jsonb)
returns table (part bigint, dimension integer, in_polygons integer, is_on_line boolean)
language sql immutable strict parallel safe rows 20
as $$
    with
    pieces as (
        select row_number() over () as i, p.*
        from @extschema@._geo_pieces(tree, other) as p
        where p.along > 1e-12 or p.dimension = 0
    ),
    located as (
        select l.i, l.place
        from (select array_agg(p.x order by p.i) as xs, array_agg(p.y order by p.i) as ys
            from pieces as p) as a
        cross join lateral @extschema@._geo_located(a.xs, a.ys, other, 1e-12) as l
    )
    select p.part, p.dimension, coalesce(l.place, -1),
        exists (
            select from @extschema@._geo_segments(other) as s
            where (s.dimension = 1 or (s.dimension = 0 and p.dimension = 0))
                and @extschema@._geo_is_on(
                    p.x, p.y, s.x1, s.y1, s.x2, s.y2,
                    case when s.dimension = 1 then 1e-12 else 0 end
                )
        )
    from pieces as p
    left join located as l on l.i = p.i
$$;

-- Points of the polygons of the one, strictly inside of polygons of the other.
create function @extschema@._geo_insides_in(tree jsonb, other jsonb)
returns table (part bigint, place integer)
language sql immutable strict parallel safe rows 1
as $$
    select s.i, coalesce(l.place, -1)
    from @extschema@._geo_simple(tree) with ordinality as s (part, i)
    cross join lateral (values (@extschema@._geo_inside(s.part))) as p (p)
    left join lateral @extschema@._geo_located(array[p.p[1]], array[p.p[2]], other) as l on true
    where s.part ->> 'type' = 'Polygon' and p.p is not null
$$;

-- The ends of lines that are boundary: those that an odd number of lines end in.
create function @extschema@._geo_is_end(tree jsonb, x double precision, y double precision)
returns boolean
language sql immutable strict parallel safe
as $$
    select count(*) filter (
        where (e.at ->> 0)::double precision = x and (e.at ->> 1)::double precision = y
    ) % 2 = 1
    from @extschema@._geo_simple(tree) as s (part)
    cross join lateral (
        values (s.part -> 'coordinates' -> 0), (s.part -> 'coordinates' -> -1)
    ) as e (at)
    where s.part ->> 'type' = 'LineString'
$$;

-- 0: does not cover. 1: covers, but only with its boundary. 2: covers, and interiors meet.
create function @extschema@._geo_covering(a @extschema@.geometry, b @extschema@.geometry)
returns integer
language plpgsql immutable strict parallel safe
as $$
declare
    p double precision[] := @extschema@._geo_box(a);
    q double precision[] := @extschema@._geo_box(b);
    t jsonb := @extschema@._geo_tree(a);
    u jsonb := @extschema@._geo_tree(b);
    highest integer;
begin
    if p is null or q is null or p[1] > q[1] or p[2] > q[2] or p[3] < q[3] or p[4] < q[4] then
        return 0;
    end if;
    select max(s.dimension) into highest from @extschema@._geo_segments(u) as s;
    if exists (
        select from @extschema@._geo_pieces_within(u, t) as w
        where w.in_polygons < 0 and (w.dimension = 2 or not w.is_on_line)
    ) then
        return 0;
    elsif highest = 2 then
        return case
            when exists (
                select from @extschema@._geo_pieces_within(t, u) as w
                where w.dimension = 2 and w.in_polygons = 1
            ) or exists (
                select from @extschema@._geo_insides_in(u, t) as i where i.place < 0
            ) then 0
            else 2
        end;
    end if;
    return case when @extschema@._geo_interiors_meet(a, b) then 2 else 1 end;
end
$$;

create function @extschema@._geo_interiors_meet(a @extschema@.geometry, b @extschema@.geometry)
returns boolean
language plpgsql immutable strict parallel safe
as $$
declare
    t jsonb := @extschema@._geo_tree(a);
    u jsonb := @extschema@._geo_tree(b);
begin
    return exists (
        select from @extschema@._geo_pieces_within(t, u) as w where w.in_polygons = 1
    ) or exists (
        select from @extschema@._geo_pieces_within(u, t) as w where w.in_polygons = 1
    ) or exists (
        select from @extschema@._geo_insides_in(t, u) as i where i.place = 1
    ) or exists (
        select from @extschema@._geo_insides_in(u, t) as i where i.place = 1
    ) or exists (
        -- Lines and points: at a point, or along a piece, that is an end of neither.
        select
        from @extschema@._geo_segments(t) as s
        inner join @extschema@._geo_segments(u) as o
            on @extschema@._geo_segments_meet(
                s.x1, s.y1, s.x2, s.y2, o.x1, o.y1, o.x2, o.y2
            )
        cross join lateral (
            values (s.x1, s.y1), (s.x2, s.y2), (o.x1, o.y1), (o.x2, o.y2)
        ) as c (x, y)
        where s.dimension < 2 and o.dimension < 2
            and @extschema@._geo_is_on(c.x, c.y, s.x1, s.y1, s.x2, s.y2)
            and @extschema@._geo_is_on(c.x, c.y, o.x1, o.y1, o.x2, o.y2)
            and not @extschema@._geo_is_end(t, c.x, c.y)
            and not @extschema@._geo_is_end(u, c.x, c.y)
    ) or exists (
        select
        from @extschema@._geo_segments(t) as s
        inner join @extschema@._geo_segments(u) as o
            on @extschema@._geo_segments_meet(
                s.x1, s.y1, s.x2, s.y2, o.x1, o.y1, o.x2, o.y2
            )
        where s.dimension = 1 and o.dimension = 1
            and not @extschema@._geo_is_on(s.x1, s.y1, o.x1, o.y1, o.x2, o.y2)
            and not @extschema@._geo_is_on(s.x2, s.y2, o.x1, o.y1, o.x2, o.y2)
            and not @extschema@._geo_is_on(o.x1, o.y1, s.x1, s.y1, s.x2, s.y2)
            and not @extschema@._geo_is_on(o.x2, o.y2, s.x1, s.y1, s.x2, s.y2)
    ) or exists (
        select from @extschema@._geo_pieces_within(t, u) as w
        where w.dimension = 1 and w.is_on_line
    );
end
$$;

create function @extschema@.st_intersects(
    geom1 @extschema@.geometry, geom2 @extschema@.geometry
) returns boolean
language plpgsql immutable strict parallel safe
as $$
begin
    perform @extschema@._geo_require_same_srid(geom1, geom2, 'ST_Intersects');
    return @extschema@._geo_meet(geom1, geom2);
end
$$;

create function @extschema@.st_intersects(text, text) returns boolean
language sql immutable parallel safe
as $$
    select @extschema@.st_intersects($1::@extschema@.geometry, $2::@extschema@.geometry)
$$;

create function @extschema@.st_disjoint(
    geom1 @extschema@.geometry, geom2 @extschema@.geometry
) returns boolean
language plpgsql immutable strict parallel safe
as $$
begin
    perform @extschema@._geo_require_same_srid(geom1, geom2, 'ST_Disjoint');
    return not @extschema@._geo_meet(geom1, geom2);
end
$$;

create function @extschema@.st_contains(
    geom1 @extschema@.geometry, geom2 @extschema@.geometry
) returns boolean
language plpgsql immutable strict parallel safe
as $$
begin
    perform @extschema@._geo_require_same_srid(geom1, geom2, 'ST_Contains');
    return @extschema@._geo_covering(geom1, geom2) = 2;
end
$$;

create function @extschema@.st_within(geom1 @extschema@.geometry, geom2 @extschema@.geometry)
returns boolean
language plpgsql immutable strict parallel safe
as $$
begin
    perform @extschema@._geo_require_same_srid(geom1, geom2, 'ST_Within');
    return @extschema@._geo_covering(geom2, geom1) = 2;
end
$$;

create function @extschema@.st_covers(geom1 @extschema@.geometry, geom2 @extschema@.geometry)
returns boolean
language plpgsql immutable strict parallel safe
as $$
begin
    perform @extschema@._geo_require_same_srid(geom1, geom2, 'ST_Covers');
    return @extschema@._geo_covering(geom1, geom2) > 0;
end
$$;

create function @extschema@.st_covers(text, text) returns boolean
language sql immutable parallel safe
as $$
    select @extschema@.st_covers($1::@extschema@.geometry, $2::@extschema@.geometry)
$$;

create function @extschema@.st_coveredby(
    geom1 @extschema@.geometry, geom2 @extschema@.geometry
) returns boolean
language plpgsql immutable strict parallel safe
as $$
begin
    perform @extschema@._geo_require_same_srid(geom1, geom2, 'ST_CoveredBy');
    return @extschema@._geo_covering(geom2, geom1) > 0;
end
$$;

create function @extschema@.st_coveredby(text, text) returns boolean
language sql immutable parallel safe
as $$
    select @extschema@.st_coveredby($1::@extschema@.geometry, $2::@extschema@.geometry)
$$;

create function @extschema@.st_equals(geom1 @extschema@.geometry, geom2 @extschema@.geometry)
returns boolean
language plpgsql immutable strict parallel safe
as $$
begin
    perform @extschema@._geo_require_same_srid(geom1, geom2, 'ST_Equals');
    if @extschema@.st_isempty(geom1) and @extschema@.st_isempty(geom2) then
        return true;
    end if;
    return @extschema@._geo_covering(geom1, geom2) > 0
        and @extschema@._geo_covering(geom2, geom1) > 0;
end
$$;

create function @extschema@.st_touches(geom1 @extschema@.geometry, geom2 @extschema@.geometry)
returns boolean
language plpgsql immutable strict parallel safe
as $$
begin
    perform @extschema@._geo_require_same_srid(geom1, geom2, 'ST_Touches');
    return @extschema@._geo_meet(geom1, geom2)
        and not @extschema@._geo_interiors_meet(geom1, geom2);
end
$$;

create function @extschema@.st_overlaps(
    geom1 @extschema@.geometry, geom2 @extschema@.geometry
) returns boolean
language plpgsql immutable strict parallel safe
as $$
begin
    perform @extschema@._geo_require_same_srid(geom1, geom2, 'ST_Overlaps');
    if @extschema@.st_dimension(geom1) <> @extschema@.st_dimension(geom2)
        or not @extschema@._geo_interiors_meet(geom1, geom2) then
        return false;
    elsif @extschema@.st_dimension(geom1) = 1 and not exists (
        select from @extschema@._geo_pieces_within(
            @extschema@._geo_tree(geom1), @extschema@._geo_tree(geom2)
        ) as w
        where w.is_on_line
    ) then
        return false;
    end if;
    return @extschema@._geo_covering(geom1, geom2) = 0
        and @extschema@._geo_covering(geom2, geom1) = 0;
end
$$;

create function @extschema@.st_crosses(geom1 @extschema@.geometry, geom2 @extschema@.geometry)
returns boolean
language plpgsql immutable strict parallel safe
as $$
declare
    mine integer := @extschema@.st_dimension(geom1);
    theirs integer := @extschema@.st_dimension(geom2);
begin
    perform @extschema@._geo_require_same_srid(geom1, geom2, 'ST_Crosses');
    if mine = theirs and mine <> 1 or not @extschema@._geo_interiors_meet(geom1, geom2) then
        return false;
    elsif mine = 1 and theirs = 1 then
        return not exists (
            select from @extschema@._geo_pieces_within(
                @extschema@._geo_tree(geom1), @extschema@._geo_tree(geom2)
            ) as w
            where w.is_on_line
        );
    end if;
    return case
        when mine < theirs then @extschema@._geo_covering(geom2, geom1) = 0
        else @extschema@._geo_covering(geom1, geom2) = 0
    end;
end
$$;

-- Polygons whose rings neither cross nor overlap themselves or each other, with every hole in its
-- shell. Rings may touch in points.
create function @extschema@.st_isvalid(@extschema@.geometry) returns boolean
language sql immutable strict parallel safe
as $$
    with
    simple as (
        select s.i, s.part
        from @extschema@._geo_simple(@extschema@._geo_tree($1)) with ordinality as s (part, i)
    ),
    edges as (
        select row_number() over (order by s.part, s.ring) as i, s.*
        from @extschema@._geo_segments(@extschema@._geo_tree($1)) as s
        where s.dimension = 2 and (s.x1, s.y1) <> (s.x2, s.y2)
    ),
    rings as (
        select p.i as part, r.ordinality as ring, jsonb_build_object(
            'type', 'Polygon', 'coordinates', jsonb_build_array(r.value)
        ) as tree
        from simple as p
        cross join lateral jsonb_array_elements(p.part -> 'coordinates') with ordinality as r
        where p.part ->> 'type' = 'Polygon'
    )
    select not exists (
        select from simple as s
        where s.part ->> 'type' = 'LineString' and s.part -> 'coordinates' <> '[]'
            and not exists (
                select from jsonb_array_elements(s.part -> 'coordinates') as e
                where e.value <> s.part -> 'coordinates' -> 0
            )
    ) and not exists (
        select
        from edges as a
        inner join edges as b
            on b.i > a.i and @extschema@._geo_segments_meet(
                a.x1, a.y1, a.x2, a.y2, b.x1, b.y1, b.x2, b.y2
            )
        cross join lateral (
            select count(distinct (c.x, c.y)) as shared
            from (
                values (a.x1, a.y1), (a.x2, a.y2), (b.x1, b.y1), (b.x2, b.y2)
            ) as c (x, y)
            where @extschema@._geo_is_on(c.x, c.y, a.x1, a.y1, a.x2, a.y2)
                and @extschema@._geo_is_on(c.x, c.y, b.x1, b.y1, b.x2, b.y2)
        ) as c
        where c.shared <> 1
            or ((a.part, a.ring) = (b.part, b.ring)
                and (a.x1, a.y1) <> (b.x2, b.y2) and (a.x2, a.y2) <> (b.x1, b.y1))
    ) and not exists (
        -- With no shared edges, each piece of a ring is inside or outside of another ring.
        select
        from rings as inner_
        inner join rings as outer_
            on (inner_.part, inner_.ring) <> (outer_.part, outer_.ring)
        cross join lateral @extschema@._geo_pieces(inner_.tree, outer_.tree) as p
        cross join lateral @extschema@._geo_located(array[p.x], array[p.y], outer_.tree) as l
        where case
            when inner_.part = outer_.part and outer_.ring = 1 then l.place < 1
            when inner_.part = outer_.part and inner_.ring = 1 then false
            when inner_.part = outer_.part then l.place = 1
            when inner_.ring > 1 or outer_.ring > 1 then false
            else l.place = 1 and not exists (
                select
                from rings as hole
                cross join lateral @extschema@._geo_located(
                    array[p.x], array[p.y], hole.tree
                ) as h
                where hole.part = outer_.part and hole.ring > 1 and h.place = 1
            )
        end
    )
$$;

create function @extschema@.st_makevalid(@extschema@.geometry) returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
begin
    if not @extschema@.st_isvalid($1) then
        raise exception 'this stand-in for postgis cannot repair a geometry'
            using errcode = '0A000';
    end if;
    return $1;
end
$$;
