-- WKT, EWKT and hexadecimal EWKB: what a literal may be, and what st_astext prints.

create function @extschema@._geo_invalid(
    what text, why text default 'parse error - invalid geometry'
) returns void
language plpgsql immutable parallel safe
as $$
begin
    raise exception '%', why using errcode = 'XX000', hint = format('in "%s"', left(what, 80));
end
$$;

-- The parts of a list at the outermost level of parentheses.
create function @extschema@._geo_split(list text) returns setof text
language plpgsql immutable strict parallel safe rows 3
as $$
declare
    depth integer := 0;
    part text := '';
    piece text;
begin
    for piece in select t.found[1] from regexp_matches(list, '[(),]|[^(),]+', 'g') as t (found)
    loop
        depth := depth + case piece when '(' then 1 when ')' then -1 else 0 end;
        if piece = ',' and depth = 0 then
            return next part;
            part := '';
        else
            part := part || piece;
        end if;
    end loop;
    return next part;
end
$$;

-- '((0 0,1 1))' as '[[[0,0],[1,1]]]'; null where it cannot be read.
create function @extschema@._geo_lists(body text) returns jsonb
language plpgsql immutable strict parallel safe
as $$
declare
    written text;
begin
    with
    tokens as (
        select t.i, t.found[1] as token,
            t.found[1] ~ '^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$' as is_number
        from regexp_matches(body, '[(),]|[^\s(),]+', 'g') with ordinality as t (found, i)
    ),
    neighbours as (
        select i, token, is_number,
            lag(is_number, 1, false) over (order by i) as after_number,
            lead(is_number, 1, false) over (order by i) as before_number
        from tokens
    )
    select string_agg(
        case
            when is_number then
                case when after_number then ',' else '[' end
                || (token::double precision)::text
                || case when before_number then '' else ']' end
            when token = '(' then '['
            when token = ')' then ']'
            when token = ',' then ','
            when upper(token) = 'EMPTY' then '[]'
            else 'invalid'
        end,
        '' order by i
    ) into written
    from neighbours;
    return case when pg_input_is_valid(written, 'jsonb') then written::jsonb end;
end
$$;

create function @extschema@._geo_of_wkt(wkt text) returns jsonb
language plpgsql immutable strict parallel safe
as $$
declare
    parts text[] := regexp_match(
        wkt, '^\s*([a-z]+?)\s*(zm|z|m)?\s*(empty|\(.*\))\s*$', 'i'
    );
    kind text;
    tree jsonb;
    lists jsonb;
begin
    if parts is null then
        perform @extschema@._geo_invalid(wkt);
    end if;
    select k.kind into kind
    from unnest(@extschema@._geo_kinds()) as k (kind)
    where upper(k.kind) = upper(parts[1]);
    if kind is null and upper(parts[1]) in (
        'CIRCULARSTRING', 'COMPOUNDCURVE', 'CURVEPOLYGON', 'MULTICURVE', 'MULTISURFACE',
        'POLYHEDRALSURFACE', 'TRIANGLE', 'TIN'
    ) then
        raise exception 'this stand-in for postgis has no %', upper(parts[1])
            using errcode = '0A000';
    elsif kind is null then
        perform @extschema@._geo_invalid(wkt);
    end if;
    tree := jsonb_build_object(
        'type', kind,
        'z', coalesce(upper(parts[2]) like 'Z%', false),
        'm', coalesce(upper(parts[2]) like '%M', false)
    );
    if kind = 'GeometryCollection' then
        select coalesce(jsonb_agg(@extschema@._geo_of_wkt(s.part) order by s.i), '[]') into lists
        from @extschema@._geo_split(substr(parts[3], 2, length(parts[3]) - 2))
            with ordinality as s (part, i)
        where upper(parts[3]) <> 'EMPTY';
        return @extschema@._geo_of_collection(tree, lists, parts[2] is not null);
    end if;
    lists := @extschema@._geo_lists(parts[3]);
    if lists is null then
        perform @extschema@._geo_invalid(wkt);
    elsif kind = 'Point' and jsonb_array_length(lists) > 1 then
        perform @extschema@._geo_invalid(wkt, 'geometry has too many points');
    elsif kind = 'Point' then
        lists := coalesce(lists -> 0, '[]');
    elsif kind = 'MultiPoint' then
        select coalesce(jsonb_agg(
            case when jsonb_typeof(e.value -> 0) = 'array' then e.value -> 0 else e.value end
            order by e.ordinality
        ), '[]') into lists
        from jsonb_array_elements(lists) with ordinality as e;
    end if;
    tree := tree || jsonb_build_object('coordinates', lists);
    return @extschema@._geo_checked(
        case when parts[2] is null then @extschema@._geo_with_dimensions(tree) else tree end, wkt
    );
end
$$;

-- The depth at which a kind's ordinates lie below its coordinates.
create function @extschema@._geo_depth(kind text) returns integer
language sql immutable strict parallel safe
as $$
    select case kind
        when 'Point' then 1
        when 'LineString' then 2
        when 'MultiPoint' then 2
        when 'Polygon' then 3
        when 'MultiLineString' then 3
        when 'MultiPolygon' then 4
    end
$$;

-- Z or M as the first point has them: a third ordinate is Z, a fourth M.
create function @extschema@._geo_with_dimensions(tree jsonb) returns jsonb
language plpgsql immutable strict parallel safe
as $$
declare
    point jsonb := tree -> 'coordinates';
begin
    while jsonb_typeof(point -> 0) = 'array' loop
        select e.value into point
        from jsonb_array_elements(point) with ordinality as e
        where e.value <> '[]' or jsonb_array_length(point) = 1
        order by e.ordinality limit 1;
    end loop;
    return tree || jsonb_build_object(
        'z', coalesce(jsonb_array_length(point) > 2, false),
        'm', coalesce(jsonb_array_length(point) > 3, false)
    );
end
$$;

create function @extschema@._geo_of_collection(tree jsonb, children jsonb, is_tagged boolean)
returns jsonb
language plpgsql immutable strict parallel safe
as $$
declare
    whole jsonb := tree || jsonb_build_object('geometries', children);
begin
    if not is_tagged and children <> '[]' then
        whole := whole || jsonb_build_object('z', children -> 0 -> 'z', 'm', children -> 0 -> 'm');
    end if;
    if exists (
        select from jsonb_array_elements(children) as e
        where e.value -> 'z' <> whole -> 'z' or e.value -> 'm' <> whole -> 'm'
    ) then
        perform @extschema@._geo_invalid(
            children::text, 'can not mix dimensionality in a geometry'
        );
    end if;
    return whole;
end
$$;

-- Return a tree whose coordinates are nested and counted as its type demands, or raise. Only
-- `is_strict` asks that lines have two points and rings four, of which the last is the first.
create function @extschema@._geo_checked(
    tree jsonb, source text, is_strict boolean default true
) returns jsonb
language plpgsql immutable strict parallel safe
as $$
declare
    kind text := tree ->> 'type';
    dimensions integer
        := 2 + (tree ->> 'z')::boolean::integer + (tree ->> 'm')::boolean::integer;
    level jsonb := jsonb_build_array(tree -> 'coordinates');
begin
    if kind = 'GeometryCollection' then
        return tree;
    end if;
    for depth in reverse @extschema@._geo_depth(kind) .. 1 loop
        if jsonb_path_exists(level, 'strict $[*] ? (@.type() != "array")') then
            perform @extschema@._geo_invalid(source);
        end if;
        if is_strict and depth = 2 and kind <> 'MultiPoint' and jsonb_path_exists(
            level,
            case when kind like '%LineString' then 'strict $[*] ? (@.size() == 1)'
            else 'strict $[*] ? (@.size() < 4)' end::jsonpath
        ) then
            perform @extschema@._geo_invalid(source, 'geometry requires more points');
        end if;
        if is_strict and depth = 2 and kind like '%Polygon' and exists (
            select from jsonb_array_elements(level) as ring
            where ring.value -> 0 is distinct from ring.value -> -1
        ) then
            perform @extschema@._geo_invalid(source, 'geometry contains non-closed rings');
        end if;
        exit when depth = 1;
        level := coalesce(
            (
                select jsonb_agg(inner_.value)
                from jsonb_array_elements(level) as outer_
                cross join lateral jsonb_array_elements(outer_.value) as inner_
            ),
            '[]'
        );
    end loop;
    if jsonb_path_exists(level, 'strict $[*] ? (@.size() == 1)')
        or jsonb_path_exists(level, 'strict $[*] ? (@[*].type() != "number")') then
        perform @extschema@._geo_invalid(source);
    end if;
    if exists (
        select from jsonb_array_elements(level) as point
        where jsonb_array_length(point.value) not in (0, dimensions)
            or (jsonb_array_length(point.value) = 0 and kind not like '%Point')
    ) then
        perform @extschema@._geo_invalid(source, 'can not mix dimensionality in a geometry');
    end if;
    return tree;
end
$$;

-- What a literal says: WKT, EWKT, hexadecimal EWKB or GeoJSON.
create function @extschema@._geo_parse(literal text) returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
declare
    prefix text[];
begin
    -- The commonest by far is what PostGIS itself printed for a point.
    if literal ~ '^0101000020[0-9A-F]{40}$' then
        return @extschema@._geo_of_hex(literal);
    elsif literal ~ '^\s*0' then
        if literal !~ '^([0-9a-fA-F]{2})+$' then
            perform @extschema@._geo_invalid(literal);
        end if;
        return @extschema@._geo_of_wkb(decode(literal, 'hex'));
    elsif literal ~ '^\s*\{' then
        return @extschema@._geo_of_geojson(literal::jsonb, 0);
    end if;
    prefix := regexp_match(literal, '^\s*srid\s*=\s*(\d+)\s*;(.*)$', 'i');
    return @extschema@._geo_build(
        @extschema@._geo_of_wkt(coalesce(prefix[2], literal)), coalesce(prefix[1]::integer, 0)
    );
end
$$;

create function @extschema@._geo_of_wkb(wkb bytea) returns @extschema@.geometry
language plpgsql immutable strict parallel safe
as $$
declare
    whole record := @extschema@._geo_read(wkb, 0);
begin
    perform @extschema@._geo_checked(s.tree, encode(wkb, 'hex'))
    from @extschema@._geo_simple(whole.tree) as s (tree);
    return @extschema@._geo_build(whole.tree, coalesce(whole.srid, 0));
end
$$;

-- A number as PostGIS prints it: at most so many decimals, without trailing zeros.
create function @extschema@._geo_number(number numeric, decimals integer) returns text
language sql immutable strict parallel safe
as $$
    select case
        when number = 0 then '0'
        when abs(number) > 1e-8 and abs(number) < 1e15
            then trim_scale(round(number, least(greatest(decimals, 0), 15)))::text
        else regexp_replace(
            trim_scale(round(number / power(10::numeric, e.e), least(greatest(decimals, 0), 15)))
            || 'e' || to_char(e.e, 'FMSG9990'),
            '^-0e', '0e'
        )
    end
    from (values (floor(log(nullif(abs(number), 0)))::integer)) as e (e)
$$;

-- '[[0,0],[1,1]]' as '(0 0,1 1)'.
create function @extschema@._geo_as_lists(coordinates jsonb, decimals integer) returns text
language sql immutable strict parallel safe
as $$
    with
    tokens as (
        select t.i, t.found[1] as token, t.found[1] ~ '\d' as is_number
        from regexp_matches(
            replace(coordinates::text, '[]', 'EMPTY'), '[][,]|[^][, ]+', 'g'
        ) with ordinality as t (found, i)
    ),
    neighbours as (
        select i, token, is_number,
            lag(is_number, 1, false) over (order by i) as after_number,
            lead(is_number, 1, false) over (order by i) as before_number
        from tokens
    )
    select string_agg(
        case
            when is_number then @extschema@._geo_number(token::numeric, decimals)
            when token = '[' and not before_number then '('
            when token = ']' and not after_number then ')'
            when token = ',' and after_number and before_number then ' '
            when token in (',', 'EMPTY') then token
            else ''
        end,
        '' order by i
    )
    from neighbours
$$;

create function @extschema@._geo_as_wkt(tree jsonb, decimals integer, is_extended boolean)
returns text
language plpgsql immutable strict parallel safe
as $$
declare
    kind text := tree ->> 'type';
    suffix text := case
        when is_extended and not (tree ->> 'z')::boolean and (tree ->> 'm')::boolean then 'M'
        when is_extended then ''
        else concat(
            case when (tree ->> 'z')::boolean then 'Z' end,
            case when (tree ->> 'm')::boolean then 'M' end
        )
    end;
    parts jsonb := coalesce(tree -> 'coordinates', tree -> 'geometries');
    name text := upper(kind) || case
        when suffix = '' or is_extended then suffix else ' ' || suffix || ' '
    end;
begin
    if parts = '[]' then
        return rtrim(name) || ' EMPTY';
    elsif kind = 'Point' then
        return name || '(' || @extschema@._geo_as_lists(parts, decimals) || ')';
    elsif kind = 'MultiPoint' and not is_extended then
        return name || '(' || (
            select string_agg(
                case
                    when e.value = '[]' then 'EMPTY'
                    else '(' || @extschema@._geo_as_lists(e.value, decimals) || ')'
                end,
                ',' order by e.ordinality
            )
            from jsonb_array_elements(parts) with ordinality as e
        ) || ')';
    elsif kind = 'GeometryCollection' then
        return name || '(' || (
            select string_agg(
                @extschema@._geo_as_wkt(e.value, decimals, is_extended), ',' order by e.ordinality
            )
            from jsonb_array_elements(parts) with ordinality as e
        ) || ')';
    end if;
    return name || @extschema@._geo_as_lists(parts, decimals);
end
$$;
