-- The forms that leave out the alphabet, the least length, or the salt.
do $$
declare
    form record;
begin
    for form in
        select
            f.name,
            f.takes,
            f.gives,
            f.argument,
            o.given
        from (
            values
            ('id_encode', 'bigint[]', 'text', '$1'),
            ('id_encode', 'bigint', 'text', 'array[$1]'),
            ('id_decode', 'text', 'bigint[]', '$1'),
            ('id_decode_once', 'text', 'bigint', '$1'),
            ('hash_encode', 'bigint', 'text', 'array[$1]'),
            ('hash_decode', 'text', 'integer', '$1')
        ) as f (name, takes, gives, argument)
        cross join pg_catalog.generate_series(0, 3) as o (given)
        where
            -- The forms with everything are written out, but for the one number.
            (o.given < 3 or f.takes = 'bigint' and f.name = 'id_encode')
            and (f.name not like 'hash%' or o.given > 0)
        order by f.name, f.takes, o.given
    loop
        execute pg_catalog.format(
            'create function @extschema@.%I(%s%s) returns %s language sql immutable strict as %L',
            form.name,
            form.takes,
            pg_catalog.left(', text, integer, text', (array[0, 6, 15, 21])[form.given + 1]),
            form.gives,
            pg_catalog.format(
                'select @extschema@.%I(%s, %s, %s, %s)%s',
                case form.name
                    when 'hash_encode' then 'id_encode'
                    when 'hash_decode' then 'id_decode_once'
                    else form.name
                end,
                form.argument,
                case when form.given > 0 then '$2' else '''''' end,
                case when form.given > 1 then '$3' else '0' end,
                case
                    when form.given > 2 then '$4'
                    else '''abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890'''
                end,
                case form.name when 'hash_decode' then '::integer' else '' end
            )
        );
    end loop;
end
$$;
