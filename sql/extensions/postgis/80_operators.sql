-- Operators of bounding boxes and nearness, and the index classes.

create function @extschema@._geo_compare_boxes(
    a @extschema@.geometry, b @extschema@.geometry, symbol text
) returns boolean
language plpgsql immutable strict parallel safe
as $$
declare
    p double precision[] := @extschema@._geo_box(a);
    q double precision[] := @extschema@._geo_box(b);
begin
    if p is null or q is null then
        return symbol = '~=' and p is null and q is null;
    end if;
    return case symbol
        when '&&' then p[1] <= q[3] and q[1] <= p[3] and p[2] <= q[4] and q[2] <= p[4]
        when '~' then p[1] <= q[1] and p[2] <= q[2] and p[3] >= q[3] and p[4] >= q[4]
        when '@' then q[1] <= p[1] and q[2] <= p[2] and q[3] >= p[3] and q[4] >= p[4]
        when '~=' then p = q
        when '<<' then p[3] < q[1]
        when '>>' then p[1] > q[3]
        when '&<' then p[3] <= q[3]
        when '&>' then p[1] >= q[1]
        when '<<|' then p[4] < q[2]
        when '|>>' then p[2] > q[4]
        when '&<|' then p[4] <= q[4]
        when '|&>' then p[2] >= q[2]
    end;
end
$$;

do $$
declare
    box record;
begin
    for box in
        select o.name, o.symbol, o.commutator
        from (
            values
            ('overlaps', '&&', '&&'), ('contains', '~', '@'), ('within', '@', '~'),
            ('same', '~=', null), ('left', '<<', '>>'), ('right', '>>', '<<'),
            ('overleft', '&<', null), ('overright', '&>', null), ('below', '<<|', '|>>'),
            ('above', '|>>', '<<|'), ('overbelow', '&<|', null), ('overabove', '|&>', null)
        ) as o (name, symbol, commutator)
    loop
        execute format(
            $body$
            create function @extschema@.geometry_%1$s(
                geom1 @extschema@.geometry, geom2 @extschema@.geometry
            ) returns boolean
            language sql immutable strict parallel safe
            as $f$
                select @extschema@._geo_compare_boxes($1, $2, %2$L)
            $f$
            $body$,
            box.name, box.symbol
        );
        execute format(
            'create operator @extschema@.%1$s (leftarg = @extschema@.geometry,'
            ' rightarg = @extschema@.geometry, function = @extschema@.geometry_%2$s%3$s,'
            ' restrict = %4$s, join = %5$s)',
            box.symbol, box.name,
            ', commutator = operator(@extschema@.' || box.commutator || ')',
            case
                when box.symbol in ('&&', '~', '@', '~=') then 'contsel' else 'positionsel'
            end,
            case
                when box.symbol in ('&&', '~', '@', '~=') then 'contjoinsel'
                else 'positionjoinsel'
            end
        );
    end loop;
end
$$;

create operator @extschema@.&& (
    leftarg = @extschema@.geography,
    rightarg = @extschema@.geography,
    function = @extschema@.geography_overlaps,
    commutator = operator(@extschema@.&&),
    restrict = contsel,
    join = contjoinsel
);

create function @extschema@.geometry_distance_centroid(
    geom1 @extschema@.geometry, geom2 @extschema@.geometry
) returns double precision
language sql immutable strict parallel safe
as $$
    select @extschema@.st_distance($1, $2)
$$;

create function @extschema@.geometry_distance_box(
    geom1 @extschema@.geometry, geom2 @extschema@.geometry
) returns double precision
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_distance(
        @extschema@.st_envelope($1), @extschema@.st_envelope($2)
    )
$$;

create operator @extschema@.<-> (
    leftarg = @extschema@.geometry,
    rightarg = @extschema@.geometry,
    function = @extschema@.geometry_distance_centroid,
    commutator = operator(@extschema@.<->)
);

create operator @extschema@.<#> (
    leftarg = @extschema@.geometry,
    rightarg = @extschema@.geometry,
    function = @extschema@.geometry_distance_box,
    commutator = operator(@extschema@.<#>)
);

create operator @extschema@.<-> (
    leftarg = @extschema@.geography,
    rightarg = @extschema@.geography,
    function = @extschema@.geography_distance_knn,
    commutator = operator(@extschema@.<->)
);

-- The index classes let every CREATE INDEX through, but have no operators: no query uses such an
-- index. gist_poly_compress keeps the 32 bytes that follow a polygon's count of points, which
-- here are hexadecimal digits; as numbers those are finite, and far from overflow.

do $$
declare
    class record;
begin
    for class in
        select c.name, c.type, c.is_default
        from (
            values
            ('gist_geometry_ops_2d', 'geometry', true),
            ('gist_geometry_ops_nd', 'geometry', false),
            ('gist_geography_ops', 'geography', true)
        ) as c (name, type, is_default)
    loop
        execute format(
            $body$
            create operator class @extschema@.%1$I %2$s for type @extschema@.%3$I using gist as
            function 1 gist_box_consistent(internal, box, smallint, oid, internal),
            function 2 gist_box_union(internal, internal),
            function 3 gist_poly_compress(internal),
            function 5 gist_box_penalty(internal, internal, internal),
            function 6 gist_box_picksplit(internal, internal),
            function 7 gist_box_same(box, box, internal),
            storage box
            $body$,
            class.name, case when class.is_default then 'default' end, class.type
        );
    end loop;
    for class in
        select c.name, c.type
        from (
            values
            ('spgist_geometry_ops_2d', 'geometry'), ('spgist_geography_ops_nd', 'geography')
        ) as c (name, type)
    loop
        execute format(
            $body$
            create operator class @extschema@.%1$I default for type @extschema@.%2$I
            using spgist as
            function 1 spg_text_config(internal, internal),
            function 2 spg_text_choose(internal, internal),
            function 3 spg_text_picksplit(internal, internal),
            function 4 spg_text_inner_consistent(internal, internal),
            function 5 spg_text_leaf_consistent(internal, internal)
            $body$,
            class.name, class.type
        );
    end loop;
    for class in
        select c.name, c.type, c.hash
        from (
            values
            ('brin_geometry_inclusion_ops_2d', 'geometry', 'geometry_hash'),
            ('brin_geography_inclusion_ops', 'geography', '_geo_hash_of_geography')
        ) as c (name, type, hash)
    loop
        execute format(
            $body$
            create operator class @extschema@.%1$I default for type @extschema@.%2$I
            using brin as
            function 1 brin_bloom_opcinfo(internal),
            function 2 brin_bloom_add_value(internal, internal, internal, internal),
            function 3 brin_bloom_consistent(internal, internal, internal, integer),
            function 4 brin_bloom_union(internal, internal, internal),
            function 5 brin_bloom_options(internal),
            function 11 @extschema@.%3$I(@extschema@.%2$I)
            $body$,
            class.name, class.type, class.hash
        );
    end loop;
end
$$;
