-- Bounding boxes: of a geometry as four numbers, and the types box2d and box3d, kept as text.

create function @extschema@._geo_box(g @extschema@.geometry) returns double precision[]
language plpgsql immutable strict parallel safe
as $$
declare
    x double precision := @extschema@._geo_ordinate(g, 0);
    y double precision := @extschema@._geo_ordinate(g, 1);
begin
    if x is not null then
        return array[x, y, x, y];
    end if;
    return (
        select case when count(*) > 0 then array[
            min((p.point ->> 0)::double precision), min((p.point ->> 1)::double precision),
            max((p.point ->> 0)::double precision), max((p.point ->> 1)::double precision)
        ] end
        from @extschema@._geo_points(@extschema@._geo_tree(g)) as p (point)
    );
end
$$;

create type @extschema@.box2d;
create type @extschema@.box3d;

create function @extschema@.box2d_in(cstring) returns @extschema@.box2d
language internal immutable strict parallel safe
as 'textin';

create function @extschema@.box2d_out(@extschema@.box2d) returns cstring
language internal immutable strict parallel safe
as 'textout';

create function @extschema@.box3d_in(cstring) returns @extschema@.box3d
language internal immutable strict parallel safe
as 'textin';

create function @extschema@.box3d_out(@extschema@.box3d) returns cstring
language internal immutable strict parallel safe
as 'textout';

create type @extschema@.box2d (
    input = @extschema@.box2d_in, output = @extschema@.box2d_out,
    internallength = variable, storage = plain
);

create type @extschema@.box3d (
    input = @extschema@.box3d_in, output = @extschema@.box3d_out,
    internallength = variable, storage = plain
);

create function @extschema@._geo_box2d_of_text(text) returns @extschema@.box2d
language internal immutable strict parallel safe
as 'numeric_uplus';

create function @extschema@._geo_box3d_of_text(text) returns @extschema@.box3d
language internal immutable strict parallel safe
as 'numeric_uplus';

create function @extschema@._geo_box2d_numbers(box @extschema@.box2d) returns double precision[]
language sql immutable strict parallel safe
as $$
    select regexp_split_to_array(
        substring(@extschema@.box2d_out(box)::text from '\((.*)\)'), '[ ,]+'
    )::double precision[]
$$;

create function @extschema@._geo_box3d_numbers(box @extschema@.box3d) returns double precision[]
language sql immutable strict parallel safe
as $$
    select regexp_split_to_array(
        substring(@extschema@.box3d_out(box)::text from '\((.*)\)'), '[ ,]+'
    )::double precision[]
$$;

create function @extschema@._geo_box2d(
    x1 double precision, y1 double precision, x2 double precision, y2 double precision
) returns @extschema@.box2d
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_box2d_of_text(format(
        'BOX(%s %s,%s %s)',
        @extschema@._geo_number(least(x1, x2)::text::numeric, 15),
        @extschema@._geo_number(least(y1, y2)::text::numeric, 15),
        @extschema@._geo_number(greatest(x1, x2)::text::numeric, 15),
        @extschema@._geo_number(greatest(y1, y2)::text::numeric, 15)
    ))
$$;

create function @extschema@._geo_box3d(b double precision[]) returns @extschema@.box3d
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_box3d_of_text(format(
        'BOX3D(%s %s %s,%s %s %s)',
        variadic (
            select array_agg(
                @extschema@._geo_number(e.ordinate::text::numeric, 15) order by e.i
            )
            from unnest(b) with ordinality as e (ordinate, i)
        )
    ))
$$;

create function @extschema@._geo_parse_box2d(literal text) returns @extschema@.box2d
language plpgsql immutable strict parallel safe
as $$
declare
    n text[] := regexp_match(
        literal, '^\s*box\(\s*(\S+)\s+([^\s,]+)\s*,\s*(\S+)\s+([^\s)]+)\s*\)\s*$', 'i'
    );
begin
    if n is null then
        raise exception 'box2d parser - couldn''t parse.' using errcode = 'XX000';
    end if;
    return @extschema@._geo_box2d(
        n[1]::double precision, n[2]::double precision,
        n[3]::double precision, n[4]::double precision
    );
end
$$;

create function @extschema@._geo_parse_box3d(literal text) returns @extschema@.box3d
language plpgsql immutable strict parallel safe
as $$
declare
    n double precision[] := regexp_match(
        literal,
        '^\s*box3d\(\s*(\S+)\s+(\S+)\s+([^\s,]+)\s*,\s*(\S+)\s+(\S+)\s+([^\s)]+)\s*\)\s*$', 'i'
    )::double precision[];
begin
    if n is null then
        raise exception 'BOX3D parser - couldn''t parse.' using errcode = 'XX000';
    end if;
    return @extschema@._geo_box3d(n);
end
$$;

update pg_catalog.pg_proc as p
set prolang = l.oid, prosrc = s.body
from pg_catalog.pg_language as l, (
    values
    ('@extschema@.box2d_in(cstring)', 'select @extschema@._geo_parse_box2d(textin($1))'),
    ('@extschema@.box3d_in(cstring)', 'select @extschema@._geo_parse_box3d(textin($1))')
) as s (signature, body)
where l.lanname = 'sql' and p.oid = s.signature::regprocedure;

-- The rectangle as PostGIS writes it; a point or a line where it has no area.
create function @extschema@._geo_rectangle(
    x1 double precision, y1 double precision, x2 double precision, y2 double precision,
    srid integer
) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_make(
        'Polygon',
        jsonb_build_array(jsonb_build_array(
            jsonb_build_array(x1, y1), jsonb_build_array(x1, y2), jsonb_build_array(x2, y2),
            jsonb_build_array(x2, y1), jsonb_build_array(x1, y1)
        )),
        srid
    )
$$;

create function @extschema@._geo_envelope(b double precision[], srid integer)
returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select case
        when b[1] = b[3] and b[2] = b[4] then @extschema@._geo_point(b[1], b[2], srid)
        when b[1] = b[3] or b[2] = b[4] then @extschema@._geo_make(
            'LineString',
            jsonb_build_array(
                jsonb_build_array(b[1], b[2]), jsonb_build_array(b[3], b[4])
            ),
            srid
        )
        else @extschema@._geo_rectangle(b[1], b[2], b[3], b[4], srid)
    end
$$;

create function @extschema@.geometry(@extschema@.box2d) returns @extschema@.geometry
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_envelope(@extschema@._geo_box2d_numbers($1), 0)
$$;

create function @extschema@.box2d(@extschema@.geometry) returns @extschema@.box2d
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_box2d(b.box[1], b.box[2], b.box[3], b.box[4])
    from (values (@extschema@._geo_box($1))) as b (box)
$$;

create function @extschema@.box2d(@extschema@.box3d) returns @extschema@.box2d
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_box2d(b.box[1], b.box[2], b.box[4], b.box[5])
    from (values (@extschema@._geo_box3d_numbers($1))) as b (box)
$$;

create function @extschema@.box3d(@extschema@.box2d) returns @extschema@.box3d
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_box3d(array[b.box[1], b.box[2], 0, b.box[3], b.box[4], 0])
    from (values (@extschema@._geo_box2d_numbers($1))) as b (box)
$$;

create function @extschema@.box3d(@extschema@.geometry) returns @extschema@.box3d
language sql immutable strict parallel safe
as $$
    select @extschema@._geo_box3d(array[
        min((p.point ->> 0)::double precision), min((p.point ->> 1)::double precision),
        min(coalesce(case when z.has then p.point ->> 2 end, '0')::double precision),
        max((p.point ->> 0)::double precision), max((p.point ->> 1)::double precision),
        max(coalesce(case when z.has then p.point ->> 2 end, '0')::double precision)
    ])
    from (values (@extschema@._geo_has_z($1))) as z (has)
    cross join lateral @extschema@._geo_points(@extschema@._geo_tree($1)) as p (point)
    having count(*) > 0
$$;

create function @extschema@.box(@extschema@.geometry) returns box
language sql immutable strict parallel safe
as $$
    select box(point(b.box[1], b.box[2]), point(b.box[3], b.box[4]))
    from (values (@extschema@._geo_box($1))) as b (box)
$$;

create cast (@extschema@.box2d as @extschema@.geometry)
with function @extschema@.geometry(@extschema@.box2d) as implicit;

create cast (@extschema@.geometry as @extschema@.box2d)
with function @extschema@.box2d(@extschema@.geometry) as implicit;

create cast (@extschema@.box2d as @extschema@.box3d)
with function @extschema@.box3d(@extschema@.box2d) as implicit;

create cast (@extschema@.box3d as @extschema@.box2d)
with function @extschema@.box2d(@extschema@.box3d) as implicit;

create cast (@extschema@.geometry as @extschema@.box3d)
with function @extschema@.box3d(@extschema@.geometry) as implicit;

create cast (@extschema@.geometry as box)
with function @extschema@.box(@extschema@.geometry) as assignment;

create function @extschema@.st_xmin(@extschema@.box3d) returns double precision
language sql immutable strict parallel safe
as $$
    select (@extschema@._geo_box3d_numbers($1))[1]
$$;

create function @extschema@.st_ymin(@extschema@.box3d) returns double precision
language sql immutable strict parallel safe
as $$
    select (@extschema@._geo_box3d_numbers($1))[2]
$$;

create function @extschema@.st_zmin(@extschema@.box3d) returns double precision
language sql immutable strict parallel safe
as $$
    select (@extschema@._geo_box3d_numbers($1))[3]
$$;

create function @extschema@.st_xmax(@extschema@.box3d) returns double precision
language sql immutable strict parallel safe
as $$
    select (@extschema@._geo_box3d_numbers($1))[4]
$$;

create function @extschema@.st_ymax(@extschema@.box3d) returns double precision
language sql immutable strict parallel safe
as $$
    select (@extschema@._geo_box3d_numbers($1))[5]
$$;

create function @extschema@.st_zmax(@extschema@.box3d) returns double precision
language sql immutable strict parallel safe
as $$
    select (@extschema@._geo_box3d_numbers($1))[6]
$$;
