-- Key and nonce generators work; ciphers and keyed hashes are present and refuse.

create function pgsodium.crypto_aead_det_keygen() returns bytea
language sql volatile
return pgsodium.randombytes_buf(32);

create function pgsodium.crypto_aead_det_noncegen() returns bytea
language sql volatile
return pgsodium.randombytes_buf(16);

create function pgsodium.crypto_secretbox_keygen() returns bytea
language sql volatile
return pgsodium.randombytes_buf(32);

create function pgsodium.crypto_secretbox_noncegen() returns bytea
language sql volatile
return pgsodium.randombytes_buf(24);

create function pgsodium.crypto_auth_keygen() returns bytea
language sql volatile
return pgsodium.randombytes_buf(32);

create function pgsodium.refuse(name text) returns void
language plpgsql volatile
as $$
begin
    raise exception 'pgsodium.% is not available: pgsodium is a stand-in here', name using
        errcode = '0A000',
        hint = 'Supabase advises against pgsodium; keep secrets in Vault (vault.create_secret), or use a '
            'server that has the extension.';
end
$$;

create function pgsodium.crypto_aead_det_encrypt(
    message bytea,
    additional bytea,
    key bytea,
    nonce bytea default null
)
returns bytea
language plpgsql volatile
as $$
begin
    perform pgsodium.refuse('crypto_aead_det_encrypt');
end
$$;

create function pgsodium.crypto_aead_det_encrypt(message bytea, additional bytea, key_uuid uuid)
returns bytea
language plpgsql volatile
as $$
begin
    perform pgsodium.refuse('crypto_aead_det_encrypt');
end
$$;

create function pgsodium.crypto_aead_det_encrypt(
    message bytea,
    additional bytea,
    key_uuid uuid,
    nonce bytea
)
returns bytea
language plpgsql volatile
as $$
begin
    perform pgsodium.refuse('crypto_aead_det_encrypt');
end
$$;

create function pgsodium.crypto_aead_det_encrypt(
    message bytea,
    additional bytea,
    key_id bigint,
    context bytea default '\x7067736f6469756d',
    nonce bytea default null
)
returns bytea
language plpgsql volatile
as $$
begin
    perform pgsodium.refuse('crypto_aead_det_encrypt');
end
$$;

create function pgsodium.crypto_aead_det_decrypt(
    ciphertext bytea,
    additional bytea,
    key bytea,
    nonce bytea default null
)
returns bytea
language plpgsql volatile
as $$
begin
    perform pgsodium.refuse('crypto_aead_det_decrypt');
end
$$;

create function pgsodium.crypto_aead_det_decrypt(message bytea, additional bytea, key_uuid uuid)
returns bytea
language plpgsql volatile
as $$
begin
    perform pgsodium.refuse('crypto_aead_det_decrypt');
end
$$;

create function pgsodium.crypto_aead_det_decrypt(
    message bytea,
    additional bytea,
    key_uuid uuid,
    nonce bytea
)
returns bytea
language plpgsql volatile
as $$
begin
    perform pgsodium.refuse('crypto_aead_det_decrypt');
end
$$;

create function pgsodium.crypto_aead_det_decrypt(
    message bytea,
    additional bytea,
    key_id bigint,
    context bytea default '\x7067736f6469756d',
    nonce bytea default null
)
returns bytea
language plpgsql volatile
as $$
begin
    perform pgsodium.refuse('crypto_aead_det_decrypt');
end
$$;

create function pgsodium.crypto_secretbox(message bytea, nonce bytea, key bytea)
returns bytea
language plpgsql volatile
as $$
begin
    perform pgsodium.refuse('crypto_secretbox');
end
$$;

create function pgsodium.crypto_secretbox(message bytea, nonce bytea, key_uuid uuid)
returns bytea
language plpgsql volatile
as $$
begin
    perform pgsodium.refuse('crypto_secretbox');
end
$$;

create function pgsodium.crypto_secretbox_open(ciphertext bytea, nonce bytea, key bytea)
returns bytea
language plpgsql volatile
as $$
begin
    perform pgsodium.refuse('crypto_secretbox_open');
end
$$;

create function pgsodium.crypto_secretbox_open(message bytea, nonce bytea, key_uuid uuid)
returns bytea
language plpgsql volatile
as $$
begin
    perform pgsodium.refuse('crypto_secretbox_open');
end
$$;

create function pgsodium.crypto_auth(message bytea, key bytea)
returns bytea
language plpgsql volatile
as $$
begin
    perform pgsodium.refuse('crypto_auth');
end
$$;

create function pgsodium.crypto_generichash(message bytea, key bytea default null)
returns bytea
language plpgsql volatile
as $$
begin
    perform pgsodium.refuse('crypto_generichash');
end
$$;

create function pgsodium.derive_key(
    key_id bigint,
    key_len integer default 32,
    context bytea default '\x7067736f6469756d'
)
returns bytea
language plpgsql volatile
as $$
begin
    perform pgsodium.refuse('derive_key');
end
$$;
