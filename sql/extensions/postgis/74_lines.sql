-- Lines and outlines made simpler, denser, or into text.

-- Which of a line's points Douglas and Peucker keep, from one number to another.
create function @extschema@._geo_kept(
    points jsonb, first integer, last integer, tolerance double precision
) returns setof integer
language plpgsql immutable strict parallel safe rows 5
as $$
declare
    farthest record;
begin
    select e.ordinality::integer - 1 as place, d.distance into farthest
    from jsonb_array_elements(points) with ordinality as e
    cross join lateral (
        values (@extschema@._geo_point_distance(
            (e.value -> 0)::double precision, (e.value -> 1)::double precision,
            (points #> array[first::text, '0'])::double precision,
            (points #> array[first::text, '1'])::double precision,
            (points #> array[last::text, '0'])::double precision,
            (points #> array[last::text, '1'])::double precision
        ))
    ) as d (distance)
    where e.ordinality - 1 > first and e.ordinality - 1 < last
    order by d.distance desc, e.ordinality
    limit 1;
    return next first;
    if farthest.distance > tolerance then
        return query
        select k.k from @extschema@._geo_kept(points, first, farthest.place, tolerance) as k (k)
        union
        select k.k from @extschema@._geo_kept(points, farthest.place, last, tolerance) as k (k);
    end if;
    return next last;
end
$$;

create function @extschema@.st_simplify(@extschema@.geometry, double precision)
returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
declare
    tree jsonb := @extschema@._geo_tree($1);
    points jsonb := tree -> 'coordinates';
begin
    if tree ->> 'type' in ('Point', 'MultiPoint') or points = '[]' then
        return $1;
    elsif tree ->> 'type' <> 'LineString' then
        raise exception 'this stand-in for postgis simplifies lines only' using errcode = '0A000';
    end if;
    return @extschema@._geo_build(
        tree || jsonb_build_object('coordinates', (
            select jsonb_agg(points -> k.k order by k.k)
            from (
                select distinct s.k
                from @extschema@._geo_kept(
                    points, 0, jsonb_array_length(points) - 1, $2
                ) as s (k)
            ) as k
        )),
        @extschema@._geo_srid($1)
    );
end
$$;

create function @extschema@.st_segmentize(@extschema@.geometry, double precision)
returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
declare
    tree jsonb := @extschema@._geo_tree($1);
begin
    if tree ->> 'type' <> 'LineString' or @extschema@.st_ndims($1) > 2 then
        raise exception 'this stand-in for postgis segmentizes plain lines only'
            using errcode = '0A000';
    elsif $2 <= 0 then
        raise exception 'ST_Segmentize: max segment length must be positive'
            using errcode = 'XX000';
    end if;
    return @extschema@._geo_make(
        'LineString',
        (
            select jsonb_agg(p.point order by p.i, p.k)
            from (
                select s.i, k.k, jsonb_build_array(
                    s.x1 + (s.x2 - s.x1) * k.k / n.n, s.y1 + (s.y2 - s.y1) * k.k / n.n
                ) as point
                from @extschema@._geo_segments(tree) with ordinality
                    as s (part, dimension, ring, x1, y1, x2, y2, i)
                cross join lateral (
                    values (greatest(
                        1, ceil(sqrt((s.x2 - s.x1) ^ 2 + (s.y2 - s.y1) ^ 2) / $2)::integer
                    ))
                ) as n (n)
                cross join lateral generate_series(0, n.n - 1) as k (k)
                union all
                select 1000000000, 0, tree -> 'coordinates' -> -1
            ) as p
        ),
        @extschema@._geo_srid($1)
    );
end
$$;

-- The outline around all points, clockwise from the lowest (Andrew's monotone chain).
create function @extschema@.st_convexhull(@extschema@.geometry) returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
declare
    srid integer := @extschema@._geo_srid($1);
    points jsonb;
    chain jsonb := '[]';
    direction text;
    point jsonb;
    size integer;
    start integer;
begin
    select jsonb_agg(
        p.point order by (p.point -> 0)::double precision, (p.point -> 1)::double precision
    ) into points
    from (
        select distinct jsonb_build_array(g.point -> 0, g.point -> 1) as point
        from @extschema@._geo_points(@extschema@._geo_tree($1)) as g (point)
    ) as p;
    if points is null then
        return $1;
    elsif jsonb_array_length(points) = 1 then
        return @extschema@._geo_make('Point', points -> 0, srid);
    end if;
    foreach direction in array array['there', 'back'] loop
        start := jsonb_array_length(chain);
        for point in
            select e.value
            from jsonb_array_elements(points) with ordinality as e
            order by case when direction = 'there' then e.ordinality else -e.ordinality end
        loop
            loop
                size := jsonb_array_length(chain);
                exit when size < start + 2 or @extschema@._geo_side(
                    (chain #> array[(size - 2)::text, '0'])::double precision,
                    (chain #> array[(size - 2)::text, '1'])::double precision,
                    (chain #> array[(size - 1)::text, '0'])::double precision,
                    (chain #> array[(size - 1)::text, '1'])::double precision,
                    (point -> 0)::double precision, (point -> 1)::double precision
                ) < 0;
                chain := chain - (size - 1);
            end loop;
            chain := chain || jsonb_build_array(point);
        end loop;
        chain := chain - -1;
    end loop;
    size := jsonb_array_length(chain);
    if size = 2 then
        return @extschema@._geo_make('LineString', chain, srid);
    end if;
    select e.ordinality::integer - 1 into start
    from jsonb_array_elements(chain) with ordinality as e
    order by (e.value -> 1)::double precision, (e.value -> 0)::double precision
    limit 1;
    return @extschema@._geo_make(
        'Polygon',
        jsonb_build_array((
            select jsonb_agg(chain -> ((start + i) % size) order by i)
            from generate_series(0, size) as i
        )),
        srid
    );
end
$$;

-- Google's encoded polyline: differences of latitudes and longitudes in 5-bit groups.
create function @extschema@._geo_polyline_number(number bigint) returns text
language plpgsql immutable strict parallel safe
as $$
declare
    rest bigint := case when number < 0 then -2 * number - 1 else 2 * number end;
    written text := '';
begin
    while rest >= 32 loop
        written := written || chr((32 + rest % 32)::integer + 63);
        rest := rest / 32;
    end loop;
    return written || chr(rest::integer + 63);
end
$$;

create function @extschema@.st_asencodedpolyline(
    geom @extschema@.geometry, nprecision integer default 5
) returns text
language plpgsql immutable strict parallel safe
as $$
begin
    if @extschema@._geo_srid(geom) <> 4326 then
        raise exception 'Only SRID 4326 is supported.' using errcode = 'XX000';
    elsif @extschema@._geo_kind(geom) <> 'LineString' then
        raise exception 'this stand-in for postgis encodes lines only' using errcode = '0A000';
    end if;
    return (
        select string_agg(
            @extschema@._geo_polyline_number(d.y - d.before_y)
            || @extschema@._geo_polyline_number(d.x - d.before_x),
            '' order by d.i
        )
        from (
            select p.i, v.x, v.y, lag(v.x, 1, 0) over (order by p.i) as before_x,
                lag(v.y, 1, 0) over (order by p.i) as before_y
            from @extschema@._geo_points(@extschema@._geo_tree(geom))
                with ordinality as p (point, i)
            cross join lateral (
                values (
                    round((p.point ->> 0)::numeric * 10 ^ nprecision)::bigint,
                    round((p.point ->> 1)::numeric * 10 ^ nprecision)::bigint
                )
            ) as v (x, y)
        ) as d
    );
end
$$;

create function @extschema@.st_linefromencodedpolyline(txtin text, nprecision integer default 5)
returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
declare
    bits bigint := 0;
    shift integer := 0;
    numbers bigint[] := '{}';
    code integer;
begin
    for i in 1 .. length(txtin) loop
        code := ascii(substr(txtin, i, 1)) - 63;
        bits := bits | ((code & 31)::bigint << shift);
        shift := shift + 5;
        if code < 32 then
            numbers := numbers || case when bits & 1 = 1 then -(bits + 1) / 2 else bits / 2 end;
            bits := 0;
            shift := 0;
        end if;
    end loop;
    return (
        select @extschema@._geo_make(
            'LineString', jsonb_agg(jsonb_build_array(p.x, p.y) order by p.i), 4326
        )
        from (
            select e.i,
                (sum(numbers[2 * e.i]) over w / 10.0 ^ nprecision)::double precision as x,
                (sum(numbers[2 * e.i - 1]) over w / 10.0 ^ nprecision)::double precision as y
            from generate_series(1, cardinality(numbers) / 2) as e (i)
            window w as (order by e.i)
        ) as p
    );
end
$$;
