-- The Hashids algorithm (hashids.org, version 1): short texts that stand for numbers. Not a secret:
-- whoever knows the salt reads them. Here: how a salt turns one alphabet into three.

create function @extschema@.hashids_shuffled(characters text, salt text) returns text
language plpgsql immutable
as $$
declare
    shuffled text[] := pg_catalog.string_to_array(characters, null);
    position integer := 0;
    total integer := 0;
    code integer;
    other integer;
    kept text;
begin
    if salt = '' then
        return characters;
    end if;
    for at in reverse pg_catalog.length(characters) - 1 .. 1 loop
        position := position % pg_catalog.length(salt);
        code := pg_catalog.ascii(pg_catalog.substr(salt, position + 1, 1));
        total := total + code;
        other := (code + position + total) % at;
        kept := shuffled[other + 1];
        shuffled[other + 1] := shuffled[at + 1];
        shuffled[at + 1] := kept;
        position := position + 1;
    end loop;
    return pg_catalog.array_to_string(shuffled, '');
end
$$;

-- What digits are written with, what stands between numbers, and what fills a text up.
create function @extschema@.hashids_alphabets(
    salt text, characters text, out digits text, out separators text, out guards text
)
language plpgsql immutable
as $$
declare
    few constant text := 'cfhistuCFHISTU';
    wanted integer;
    taken integer;
begin
    select pg_catalog.string_agg(part.character, '' order by part.first)
    into digits
    from (
        select c.character, pg_catalog.min(c.place) as first
        from pg_catalog.unnest(
            pg_catalog.string_to_array(characters, null)
        ) with ordinality as c (character, place)
        group by c.character
    ) as part;
    if coalesce(pg_catalog.length(digits), 0) < 16 or digits ~ '\s' then
        raise exception 'hashids: an alphabet has at least 16 different characters and no space'
            using errcode = '22023';
    end if;
    separators := pg_catalog.regexp_replace(few, '[^' || pg_catalog.regexp_replace(
        digits, '([\]\\^-])', '\\\1', 'g'
    ) || ']', '', 'g');
    digits := pg_catalog.translate(digits, few, '');
    separators := @extschema@.hashids_shuffled(separators, salt);
    if separators = ''
        or pg_catalog.length(digits)::numeric / pg_catalog.length(separators) > 3.5
    then
        wanted := greatest(pg_catalog.ceil(pg_catalog.length(digits) / 3.5), 2);
        taken := wanted - pg_catalog.length(separators);
        if taken > 0 then
            separators := separators || pg_catalog.left(digits, taken);
            digits := pg_catalog.substr(digits, taken + 1);
        else
            separators := pg_catalog.left(separators, wanted);
        end if;
    end if;
    digits := @extschema@.hashids_shuffled(digits, salt);
    taken := pg_catalog.ceil(pg_catalog.length(digits) / 12.0);
    if pg_catalog.length(digits) < 3 then
        guards := pg_catalog.left(separators, taken);
        separators := pg_catalog.substr(separators, taken + 1);
    else
        guards := pg_catalog.left(digits, taken);
        digits := pg_catalog.substr(digits, taken + 1);
    end if;
end
$$;
