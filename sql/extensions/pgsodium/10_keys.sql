-- Keys by id, and the roles that may use them: what old Supabase projects refer to.

do $$
declare
    role text;
begin
    foreach role in array '{pgsodium_keyiduser,pgsodium_keyholder,pgsodium_keymaker}'::text[] loop
        if to_regrole(role) is null then
            execute format('create role %I with nologin', role);
        end if;
    end loop;
    grant pgsodium_keyholder to pgsodium_keymaker;
    grant pgsodium_keyiduser to pgsodium_keyholder;
end
$$;

create type pgsodium.key_status as enum ('default', 'valid', 'invalid', 'expired');

create type pgsodium.key_type as enum (
    'aead-ietf', 'aead-det', 'hmacsha512', 'hmacsha256', 'auth', 'shorthash', 'generichash', 'kdf',
    'secretbox', 'secretstream', 'stream_xchacha20'
);

create sequence pgsodium.key_key_id_seq;

create table pgsodium.key (
    id uuid primary key default gen_random_uuid(),
    status pgsodium.key_status default 'valid',
    created timestamp with time zone not null default current_timestamp,
    expires timestamp with time zone,
    key_type pgsodium.key_type,
    key_id bigint default nextval('pgsodium.key_key_id_seq'),
    key_context bytea default '\x7067736f6469756d' check (length(key_context) = 8),
    name text unique,
    associated_data text default 'associated',
    raw_key bytea,
    raw_key_nonce bytea,
    parent_key uuid references pgsodium.key (id),
    comment text,
    user_data text
);

alter sequence pgsodium.key_key_id_seq owned by pgsodium.key.key_id;
create index on pgsodium.key (status) where status in ('valid', 'default');
create unique index on pgsodium.key (status) where status = 'default';
create unique index on pgsodium.key (key_id, key_context, key_type);

comment on table pgsodium.key is
    'Keys by id. In this stand-in for pgsodium no key is ever derived: the rows are all there is.';

create view pgsodium.valid_key as
select
    id, name, status, key_type, key_id, key_context, created, expires, associated_data
from pgsodium.key
where
    status in ('valid', 'default')
    and (expires is null or expires > now());

create function pgsodium.create_key(
    key_type pgsodium.key_type default 'aead-det',
    name text default null,
    raw_key bytea default null,
    raw_key_nonce bytea default null,
    parent_key uuid default null,
    key_context bytea default '\x7067736f6469756d',
    expires timestamp with time zone default null,
    associated_data text default ''
) returns pgsodium.valid_key
language plpgsql volatile
set search_path = ''
as $$
declare
    made uuid;
    result pgsodium.valid_key;
begin
    if raw_key is not null then
        raise exception 'pgsodium is a stand-in here and stores no key material'
            using errcode = '0A000';
    end if;
    insert into pgsodium.key (key_type, name, key_context, parent_key, expires, associated_data)
    values (
        create_key.key_type, create_key.name, create_key.key_context, create_key.parent_key,
        create_key.expires, create_key.associated_data
    )
    returning id into made;
    select v.* into result from pgsodium.valid_key as v where v.id = made;
    return result;
end
$$;

create function pgsodium.get_key_by_id(uuid) returns pgsodium.valid_key
language sql stable strict
set search_path = ''
as $$
    select * from pgsodium.valid_key where id = $1
$$;

create function pgsodium.get_key_by_name(text) returns pgsodium.valid_key
language sql stable strict
set search_path = ''
as $$
    select * from pgsodium.valid_key where name = $1
$$;

create function pgsodium.get_named_keys(filter text default '%') returns setof pgsodium.valid_key
language sql stable strict
set search_path = ''
as $$
    select * from pgsodium.valid_key as v where v.name like filter order by v.name
$$;

grant usage on schema pgsodium to pgsodium_keyiduser;
grant select on pgsodium.valid_key to pgsodium_keyiduser;
-- References: columns that name a key are made by postgres.
grant select, insert, update, delete, references on pgsodium.key to pgsodium_keymaker;
grant usage, select, update on sequence pgsodium.key_key_id_seq to pgsodium_keymaker;

do $$
begin
    grant pgsodium_keyiduser, pgsodium_keymaker to @extowner@ with admin option;
    if to_regrole('service_role') is not null then
        grant pgsodium_keyiduser to service_role;
    end if;
end
$$;

select pg_catalog.pg_extension_config_dump('pgsodium.key', '');
