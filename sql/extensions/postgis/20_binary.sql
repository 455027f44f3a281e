-- Between EWKB and a tree: a JSON document like GeoJSON's geometry, with "z" and "m" for the
-- dimensions. An empty geometry has empty coordinates.

create function @extschema@._geo_kinds() returns text[]
language sql immutable parallel safe
as $$
    select array[
        'Point', 'LineString', 'Polygon', 'MultiPoint', 'MultiLineString', 'MultiPolygon',
        'GeometryCollection'
    ]
$$;

create function @extschema@._geo_kind(g @extschema@.geometry) returns text
language sql immutable strict parallel safe
as $$
    select (@extschema@._geo_kinds())[get_byte(@extschema@._geo_bytes($1), 1)]
$$;

create function @extschema@._geo_has_z(g @extschema@.geometry) returns boolean
language sql immutable strict parallel safe
as $$
    select get_byte(@extschema@._geo_bytes($1), 4) & 128 > 0
$$;

create function @extschema@._geo_has_m(g @extschema@.geometry) returns boolean
language sql immutable strict parallel safe
as $$
    select get_byte(@extschema@._geo_bytes($1), 4) & 64 > 0
$$;

create function @extschema@._geo_srid(g @extschema@.geometry) returns integer
language sql immutable strict parallel safe
as $$
    select case
        when get_byte(b.bytes, 4) & 32 > 0 then reverse(substr(b.bytes, 6, 4))::integer
        else 0
    end
    from (values (@extschema@._geo_bytes($1))) as b (bytes)
$$;

-- Ordinate number `place` (from 0) of a point; null where it is empty or no point.
create function @extschema@._geo_ordinate(g @extschema@.geometry, place integer)
returns double precision
language sql immutable strict parallel safe
as $$
    select nullif(
        @extschema@._geo_float(
            reverse(substr(
                b.bytes,
                6 + case when get_byte(b.bytes, 4) & 32 > 0 then 4 else 0 end + 8 * place,
                8
            ))::bigint
        ),
        'NaN'
    )
    from (values (@extschema@._geo_bytes($1))) as b (bytes)
    where get_byte(b.bytes, 1) = 1
$$;

create function @extschema@._geo_coordinates(
    bytes bytea, start integer, points integer, dimensions integer, little boolean
) returns jsonb
language sql immutable strict parallel safe
as $$
    select coalesce(jsonb_agg(p.point order by p.i), '[]')
    from (
        select i.i, jsonb_agg(
            @extschema@._geo_float(
                (case when little then reverse(w.word) else w.word end)::bigint
            )
            order by k.k
        ) as point
        from generate_series(0, points - 1) as i (i)
        cross join generate_series(0, dimensions - 1) as k (k)
        cross join lateral (
            select substr(bytes, start + 8 * (i.i * dimensions + k.k) + 1, 8)
        ) as w (word)
        group by i.i
    ) as p
$$;

-- Read one geometry that begins at byte `start`; `next` is where the one after it would.
create function @extschema@._geo_read(
    bytes bytea, start integer, out tree jsonb, out srid integer, out next integer
)
language plpgsql immutable strict parallel safe
as $$
declare
    little boolean;
    tag bigint;
    kind text;
    dimensions integer;
    number integer;
    points integer;
    part record;
    parts jsonb := '[]';
begin
    if start + 9 > length(bytes) then
        raise exception 'WKB structure does not match expected size!' using errcode = 'XX000';
    end if;
    little := get_byte(bytes, start) = 1;
    tag := @extschema@._geo_word(bytes, start + 1, little);
    next := start + 5;
    if tag & 536870912 > 0 then
        srid := @extschema@._geo_word(bytes, next, little)::integer;
        next := next + 4;
    end if;
    -- ISO's WKB adds 1000 for Z and 2000 for M, EWKB sets bits.
    number := tag & 4095;
    tree := jsonb_build_object(
        'z', tag & 2147483648 > 0 or number / 1000 in (1, 3),
        'm', tag & 1073741824 > 0 or number / 1000 in (2, 3)
    );
    kind := (@extschema@._geo_kinds())[number % 1000];
    dimensions := 2 + (tree ->> 'z')::boolean::integer + (tree ->> 'm')::boolean::integer;
    if kind is null then
        raise exception 'this stand-in for postgis has no geometry of WKB type %', number
            using errcode = '0A000';
    end if;
    tree := tree || jsonb_build_object('type', kind);
    if kind = 'Point' then
        points := 1;
    else
        points := @extschema@._geo_word(bytes, next, little);
        next := next + 4;
    end if;
    if kind in ('Point', 'LineString') then
        perform @extschema@._geo_require_bytes(bytes, next, points, 8 * dimensions);
        parts := @extschema@._geo_coordinates(bytes, next, points, dimensions, little);
        next := next + 8 * dimensions * points;
        if kind = 'Point' then
            parts := case when parts #>> '{0,0}' = 'NaN' then '[]' else parts -> 0 end;
        end if;
        tree := tree || jsonb_build_object('coordinates', parts);
        return;
    end if;
    perform @extschema@._geo_require_bytes(bytes, next, points, 4);
    for i in 1 .. points loop
        if kind = 'Polygon' then
            number := @extschema@._geo_word(bytes, next, little);
            perform @extschema@._geo_require_bytes(bytes, next + 4, number, 8 * dimensions);
            parts := parts || jsonb_build_array(
                @extschema@._geo_coordinates(bytes, next + 4, number, dimensions, little)
            );
            next := next + 4 + 8 * dimensions * number;
        else
            part := @extschema@._geo_read(bytes, next);
            parts := parts || jsonb_build_array(
                case when kind = 'GeometryCollection' then part.tree
                else part.tree -> 'coordinates' end
            );
            next := part.next;
        end if;
    end loop;
    tree := tree || jsonb_build_object(
        case when kind = 'GeometryCollection' then 'geometries' else 'coordinates' end, parts
    );
end
$$;

create function @extschema@._geo_word(bytes bytea, start integer, little boolean) returns bigint
language plpgsql immutable strict parallel safe
as $$
begin
    if start + 4 > length(bytes) then
        raise exception 'WKB structure does not match expected size!' using errcode = 'XX000';
    end if;
    return (
        '\x00000000'::bytea || case
            when little then reverse(substr(bytes, start + 1, 4))
            else substr(bytes, start + 1, 4)
        end
    )::bigint;
end
$$;

create function @extschema@._geo_require_bytes(
    bytes bytea, start integer, items bigint, size integer
) returns void
language plpgsql immutable strict parallel safe
as $$
begin
    if start + items * size > length(bytes) then
        raise exception 'WKB structure does not match expected size!' using errcode = 'XX000';
    end if;
end
$$;

create function @extschema@._geo_tree(g @extschema@.geometry) returns jsonb
language sql immutable strict parallel safe
as $$
    select r.tree from @extschema@._geo_read(@extschema@._geo_bytes($1), 0) as r
$$;

create function @extschema@._geo_points_as_bytes(coordinates jsonb) returns bytea
language sql immutable strict parallel safe
as $$
    select coalesce(
        string_agg(reverse(float8send(k.ordinate::double precision)), '' order by p.i, k.i), ''
    )
    from jsonb_array_elements(coordinates) with ordinality as p (point, i)
    cross join lateral jsonb_array_elements_text(p.point) with ordinality as k (ordinate, i)
$$;

create function @extschema@._geo_number_as_bytes(number bigint) returns bytea
language sql immutable strict parallel safe
as $$
    select reverse(substr(int8send(number), 5, 4))
$$;

create function @extschema@._geo_write(tree jsonb, srid integer) returns bytea
language plpgsql immutable strict parallel safe
as $$
declare
    kind text := tree ->> 'type';
    z boolean := coalesce((tree ->> 'z')::boolean, false);
    m boolean := coalesce((tree ->> 'm')::boolean, false);
    parts jsonb := coalesce(tree -> 'coordinates', tree -> 'geometries');
    part jsonb;
    bytes bytea := '\x01';
begin
    bytes := bytes || @extschema@._geo_number_as_bytes(
        array_position(@extschema@._geo_kinds(), kind)
        + case when z then 2147483648 else 0 end
        + case when m then 1073741824 else 0 end
        + case when srid > 0 then 536870912 else 0 end
    );
    if srid > 0 then
        bytes := bytes || @extschema@._geo_number_as_bytes(srid);
    end if;
    if kind = 'Point' then
        return bytes || case
            when parts = '[]' then decode(
                repeat('000000000000f87f', 2 + z::integer + m::integer), 'hex'
            )
            else @extschema@._geo_points_as_bytes(jsonb_build_array(parts))
        end;
    end if;
    bytes := bytes || @extschema@._geo_number_as_bytes(jsonb_array_length(parts));
    if kind = 'LineString' then
        return bytes || @extschema@._geo_points_as_bytes(parts);
    end if;
    for part in select e.value from jsonb_array_elements(parts) as e loop
        bytes := bytes || case kind
            when 'Polygon' then
                @extschema@._geo_number_as_bytes(jsonb_array_length(part))
                || @extschema@._geo_points_as_bytes(part)
            when 'GeometryCollection' then @extschema@._geo_write(part, 0)
            else @extschema@._geo_write(
                jsonb_build_object(
                    'type', substr(kind, 6), 'z', z, 'm', m, 'coordinates', part
                ),
                0
            )
        end;
    end loop;
    return bytes;
end
$$;

create function @extschema@._geo_build(tree jsonb, srid integer) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_of_bytes(@extschema@._geo_write(tree, srid))
$$;

-- A geometry of one kind without Z and M.
create function @extschema@._geo_make(kind text, coordinates jsonb, srid integer)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_build(
        jsonb_build_object('type', kind, 'coordinates', coordinates), srid
    )
$$;

create function @extschema@._geo_point(
    x double precision, y double precision, srid integer
) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_of_bytes(
        case
            when srid > 0 then '\x0101000020'::bytea || @extschema@._geo_number_as_bytes(srid)
            else '\x0101000000'::bytea
        end
        || reverse(float8send(x)) || reverse(float8send(y))
    )
$$;

-- The points, lines and polygons that a tree consists of, however deeply nested.
create function @extschema@._geo_simple(tree jsonb) returns setof jsonb
language plpgsql immutable strict parallel safe rows 1
as $$
declare
    kind text := tree ->> 'type';
begin
    if kind = 'GeometryCollection' then
        return query
        select s.part
        from jsonb_array_elements(tree -> 'geometries') with ordinality as e (child, i)
        cross join lateral @extschema@._geo_simple(e.child) with ordinality as s (part, i)
        order by e.i, s.i;
    elsif kind like 'Multi%' then
        return query
        select (tree - 'coordinates')
            || jsonb_build_object('type', substr(kind, 6), 'coordinates', e.part)
        from jsonb_array_elements(tree -> 'coordinates') with ordinality as e (part, i)
        order by e.i;
    else
        return next tree;
    end if;
end
$$;

-- A tree's points in their order, as arrays of ordinates.
create function @extschema@._geo_points(tree jsonb) returns setof jsonb
language sql immutable strict parallel safe rows 10
as $$
    select p.point
    from @extschema@._geo_simple(tree) with ordinality as s (part, i)
    cross join lateral (
        select s.part -> 'coordinates' as point, 1 as ring, 1::bigint as i
        where s.part ->> 'type' = 'Point' and s.part -> 'coordinates' <> '[]'
        union all
        select e.value, 1, e.ordinality
        from jsonb_array_elements(
            case when s.part ->> 'type' = 'LineString' then s.part -> 'coordinates' else '[]' end
        ) with ordinality as e
        union all
        select e.value, r.ordinality, e.ordinality
        from jsonb_array_elements(
            case when s.part ->> 'type' = 'Polygon' then s.part -> 'coordinates' else '[]' end
        ) with ordinality as r
        cross join lateral jsonb_array_elements(r.value) with ordinality as e
    ) as p
    order by s.i, p.ring, p.i
$$;
