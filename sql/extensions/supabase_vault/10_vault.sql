-- Named secrets. The shapes are the vault's (base64 text, nonce, 32 bytes of tag before the
-- message); the message itself is not encrypted, as the vault's key is a file that SQL cannot
-- read.

-- The tag binds a message to its secret's id: moved to another row it no longer opens.
create function vault._crypto_aead_det_encrypt(
    message bytea,
    additional bytea,
    key_id bigint,
    context bytea default 'pgsodium',
    nonce bytea default null
) returns bytea
language plpgsql immutable
as $$
begin
    return sha256(message || coalesce(additional, '') || coalesce(context, '')
        || coalesce(nonce, ''))
        || message;
end
$$;

create function vault._crypto_aead_det_decrypt(
    message bytea,
    additional bytea,
    key_id bigint,
    context bytea default 'pgsodium',
    nonce bytea default null
) returns bytea
language plpgsql immutable
as $$
declare
    opened constant bytea := substring(message from 33);
begin
    if message is null then
        return null;
    end if;
    if substring(message from 1 for 32) <> sha256(
        opened || coalesce(additional, '') || coalesce(context, '') || coalesce(nonce, '')
    ) then
        raise exception 'pgsodium_crypto_aead_det_decrypt_by_id: invalid ciphertext'
            using errcode = '22000';
    end if;
    return opened;
end
$$;

create function vault._crypto_aead_det_noncegen() returns bytea
language sql immutable
return uuid_send(gen_random_uuid());

create table vault.secrets (
    id uuid primary key default gen_random_uuid(),
    name text,
    description text not null default '',
    secret text not null,
    key_id uuid,
    nonce bytea default vault._crypto_aead_det_noncegen(),
    created_at timestamp with time zone not null default current_timestamp,
    updated_at timestamp with time zone not null default current_timestamp
);

comment on table vault.secrets is
    'Secrets by name. This stand-in for Supabase Vault encodes them; it does not encrypt them.';

create unique index on vault.secrets using btree (name) where name is not null;

create view vault.decrypted_secrets as
select
    s.id,
    s.name,
    s.description,
    s.secret,
    convert_from(
        vault._crypto_aead_det_decrypt(
            message => decode(s.secret, 'base64'),
            additional => convert_to(s.id::text, 'utf8'),
            key_id => 0,
            context => 'pgsodium'::bytea,
            nonce => s.nonce
        ),
        'utf8'::name
    ) as decrypted_secret,
    s.key_id,
    s.nonce,
    s.created_at,
    s.updated_at
from vault.secrets as s;

-- Definer: nobody but the owner may write vault.secrets.
create function vault.create_secret(
    new_secret text,
    new_name text default null,
    new_description text default '',
    new_key_id uuid default null
) returns uuid
language plpgsql volatile security definer
set search_path = ''
as $$
declare
    secret_id constant uuid := gen_random_uuid();
    secret_nonce constant bytea := vault._crypto_aead_det_noncegen();
begin
    insert into vault.secrets (id, name, description, secret, nonce)
    values (
        secret_id,
        new_name,
        new_description,
        encode(
            vault._crypto_aead_det_encrypt(
                message => convert_to(new_secret, 'utf8'),
                additional => convert_to(secret_id::text, 'utf8'),
                key_id => 0,
                context => 'pgsodium'::bytea,
                nonce => secret_nonce
            ),
            'base64'
        ),
        secret_nonce
    );
    return secret_id;
end
$$;

-- Definer: nobody but the owner may write vault.secrets. What is null stays as it was.
create function vault.update_secret(
    secret_id uuid,
    new_secret text default null,
    new_name text default null,
    new_description text default null,
    new_key_id uuid default null
) returns void
language plpgsql volatile security definer
set search_path = ''
as $$
begin
    update vault.secrets as s
    set
        secret = case
            when new_secret is null then s.secret
            else encode(
                vault._crypto_aead_det_encrypt(
                    message => convert_to(new_secret, 'utf8'),
                    additional => convert_to(s.id::text, 'utf8'),
                    key_id => 0,
                    context => 'pgsodium'::bytea,
                    nonce => s.nonce
                ),
                'base64'
            )
        end,
        name = coalesce(new_name, s.name),
        description = coalesce(new_description, s.description),
        updated_at = now()
    where s.id = secret_id;
end
$$;

revoke execute on all functions in schema vault from public;

-- What Supabase grants once the extension is there.
do $$
begin
    if to_regrole('postgres') is not null then
        grant usage on schema vault to postgres with grant option;
        grant select, delete, truncate, references on vault.secrets, vault.decrypted_secrets
            to postgres with grant option;
        grant execute on function
            vault.create_secret(text, text, text, uuid),
            vault.update_secret(uuid, text, text, text, uuid),
            vault._crypto_aead_det_decrypt(bytea, bytea, bigint, bytea, bytea)
            to postgres with grant option;
    end if;
    if to_regrole('service_role') is not null then
        grant usage on schema vault to service_role;
        grant select, delete on vault.secrets, vault.decrypted_secrets to service_role;
        grant execute on function
            vault.create_secret(text, text, text, uuid),
            vault.update_secret(uuid, text, text, text, uuid),
            vault._crypto_aead_det_decrypt(bytea, bytea, bigint, bytea, bytea)
            to service_role;
    end if;
end
$$;

select pg_catalog.pg_extension_config_dump('vault.secrets', '');
