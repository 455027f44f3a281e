-- Who is asking: the claims that PostgREST sets for the length of a transaction, in the present
-- form (request.jwt.claims, one JSON document) and the old one (request.jwt.claim.NAME). A setting
-- that was set in an earlier transaction reads back as '', so an empty text means no claims.
set local role supabase_auth_admin;

create or replace function auth.uid() returns uuid
language sql stable
as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim.sub', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
    )::uuid
$$;

create or replace function auth.role() returns text
language sql stable
as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim.role', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
    )
$$;

create or replace function auth.email() returns text
language sql stable
as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim.email', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
    )
$$;

create or replace function auth.jwt() returns jsonb
language sql stable
as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')
    )::jsonb
$$;

comment on function auth.uid() is 'The user''s id: the claim sub. Null without claims.';
comment on function auth.role() is 'The claim role, which need not be current_user.';
comment on function auth.email() is 'The claim email.';
comment on function auth.jwt() is 'All claims of the request. Null without claims.';

-- These three are older than the default privilege that gives postgres its own right to execute.
revoke execute on function auth.uid(), auth.role(), auth.email() from postgres;

reset role;
