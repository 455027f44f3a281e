-- PGP with public keys: present, and refused.

create function pgp_pub_encrypt(text, bytea) returns bytea
language plpgsql volatile strict parallel safe
as $$
begin
    raise exception 'pgp_pub_encrypt is not available: pgcrypto is a stand-in here' using
        errcode = '0A000', hint = 'Use a server that has the extension.';
end
$$;

create function pgp_pub_encrypt(text, bytea, text) returns bytea
language plpgsql volatile strict parallel safe
as $$
begin
    raise exception 'pgp_pub_encrypt is not available: pgcrypto is a stand-in here' using
        errcode = '0A000', hint = 'Use a server that has the extension.';
end
$$;

create function pgp_pub_encrypt_bytea(bytea, bytea) returns bytea
language plpgsql volatile strict parallel safe
as $$
begin
    raise exception 'pgp_pub_encrypt_bytea is not available: pgcrypto is a stand-in here' using
        errcode = '0A000', hint = 'Use a server that has the extension.';
end
$$;

create function pgp_pub_encrypt_bytea(bytea, bytea, text) returns bytea
language plpgsql volatile strict parallel safe
as $$
begin
    raise exception 'pgp_pub_encrypt_bytea is not available: pgcrypto is a stand-in here' using
        errcode = '0A000', hint = 'Use a server that has the extension.';
end
$$;

create function pgp_pub_decrypt(bytea, bytea) returns text
language plpgsql immutable strict parallel safe
as $$
begin
    raise exception 'pgp_pub_decrypt is not available: pgcrypto is a stand-in here' using
        errcode = '0A000', hint = 'Use a server that has the extension.';
end
$$;

create function pgp_pub_decrypt(bytea, bytea, text) returns text
language plpgsql immutable strict parallel safe
as $$
begin
    raise exception 'pgp_pub_decrypt is not available: pgcrypto is a stand-in here' using
        errcode = '0A000', hint = 'Use a server that has the extension.';
end
$$;

create function pgp_pub_decrypt(bytea, bytea, text, text) returns text
language plpgsql immutable strict parallel safe
as $$
begin
    raise exception 'pgp_pub_decrypt is not available: pgcrypto is a stand-in here' using
        errcode = '0A000', hint = 'Use a server that has the extension.';
end
$$;

create function pgp_pub_decrypt_bytea(bytea, bytea) returns bytea
language plpgsql immutable strict parallel safe
as $$
begin
    raise exception 'pgp_pub_decrypt_bytea is not available: pgcrypto is a stand-in here' using
        errcode = '0A000', hint = 'Use a server that has the extension.';
end
$$;

create function pgp_pub_decrypt_bytea(bytea, bytea, text) returns bytea
language plpgsql immutable strict parallel safe
as $$
begin
    raise exception 'pgp_pub_decrypt_bytea is not available: pgcrypto is a stand-in here' using
        errcode = '0A000', hint = 'Use a server that has the extension.';
end
$$;

create function pgp_pub_decrypt_bytea(bytea, bytea, text, text) returns bytea
language plpgsql immutable strict parallel safe
as $$
begin
    raise exception 'pgp_pub_decrypt_bytea is not available: pgcrypto is a stand-in here' using
        errcode = '0A000', hint = 'Use a server that has the extension.';
end
$$;

create function pgp_key_id(bytea) returns text
language plpgsql immutable strict parallel safe
as $$
begin
    raise exception 'pgp_key_id is not available: pgcrypto is a stand-in here' using
        errcode = '0A000', hint = 'Use a server that has the extension.';
end
$$;
