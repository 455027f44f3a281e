-- What Supabase Auth added until autumn 2026: the OAuth server, custom providers, passkeys,
-- recovery codes and SCIM. These tables have no row level security; the API roles are
-- granted nothing on them.
set local role supabase_auth_admin;

alter type auth.factor_type add value 'recovery_code';
create type auth.oauth_authorization_status as enum ('pending', 'approved', 'denied', 'expired');
create type auth.oauth_client_type as enum ('public', 'confidential');
create type auth.oauth_registration_type as enum ('dynamic', 'manual');
create type auth.oauth_response_type as enum ('code');

create table auth.oauth_clients (
    id uuid not null,
    client_secret_hash text,
    registration_type auth.oauth_registration_type not null,
    redirect_uris text not null,
    grant_types text not null,
    client_name text,
    client_uri text,
    logo_uri text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    client_type auth.oauth_client_type not null default 'confidential',
    token_endpoint_auth_method text not null,
    constraint oauth_clients_pkey primary key (id),
    constraint oauth_clients_client_name_length check (char_length(client_name) <= 1024),
    constraint oauth_clients_client_uri_length check (char_length(client_uri) <= 2048),
    constraint oauth_clients_logo_uri_length check (char_length(logo_uri) <= 2048),
    constraint oauth_clients_token_endpoint_auth_method_check
    check (token_endpoint_auth_method = any(array[
        'client_secret_basic',
        'client_secret_post', 'none'
    ]))
);
create index oauth_clients_deleted_at_idx on auth.oauth_clients (deleted_at);

create table auth.oauth_authorizations (
    id uuid not null,
    authorization_id text not null,
    client_id uuid not null,
    user_id uuid,
    redirect_uri text not null,
    scope text not null,
    state text,
    resource text,
    code_challenge text,
    code_challenge_method auth.code_challenge_method,
    response_type auth.oauth_response_type not null default 'code',
    status auth.oauth_authorization_status not null default 'pending',
    authorization_code text,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null default now() + interval '3 minutes',
    approved_at timestamptz,
    nonce text,
    constraint oauth_authorizations_pkey primary key (id),
    constraint oauth_authorizations_authorization_code_key unique (authorization_code),
    constraint oauth_authorizations_authorization_id_key unique (authorization_id),
    constraint oauth_authorizations_client_id_fkey
    foreign key (client_id) references auth.oauth_clients (id) on delete cascade,
    constraint oauth_authorizations_user_id_fkey
    foreign key (user_id) references auth.users (id) on delete cascade,
    constraint oauth_authorizations_authorization_code_length
    check (char_length(authorization_code) <= 255),
    constraint oauth_authorizations_code_challenge_length
    check (char_length(code_challenge) <= 128),
    constraint oauth_authorizations_expires_at_future check (expires_at > created_at),
    constraint oauth_authorizations_nonce_length check (char_length(nonce) <= 255),
    constraint oauth_authorizations_redirect_uri_length
    check (char_length(redirect_uri) <= 2048),
    constraint oauth_authorizations_resource_length check (char_length(resource) <= 2048),
    constraint oauth_authorizations_scope_length check (char_length(scope) <= 4096),
    constraint oauth_authorizations_state_length check (char_length(state) <= 4096)
);
create index oauth_auth_pending_exp_idx
on auth.oauth_authorizations (expires_at)
where (status = 'pending');

create table auth.oauth_consents (
    id uuid not null,
    user_id uuid not null,
    client_id uuid not null,
    scopes text not null,
    granted_at timestamptz not null default now(),
    revoked_at timestamptz,
    constraint oauth_consents_pkey primary key (id),
    constraint oauth_consents_user_client_unique unique (user_id, client_id),
    constraint oauth_consents_client_id_fkey
    foreign key (client_id) references auth.oauth_clients (id) on delete cascade,
    constraint oauth_consents_user_id_fkey
    foreign key (user_id) references auth.users (id) on delete cascade,
    constraint oauth_consents_revoked_after_granted
    check ((revoked_at is null) or (revoked_at >= granted_at)),
    constraint oauth_consents_scopes_length check (char_length(scopes) <= 2048),
    constraint oauth_consents_scopes_not_empty check (char_length(trim(both from scopes)) > 0)
);
create index oauth_consents_active_client_idx
on auth.oauth_consents (client_id)
where (revoked_at is null);
create index oauth_consents_active_user_client_idx
on auth.oauth_consents (user_id, client_id)
where (revoked_at is null);
create index oauth_consents_user_order_idx on auth.oauth_consents (user_id, granted_at desc);

create table auth.oauth_client_states (
    id uuid not null,
    provider_type text not null,
    code_verifier text,
    created_at timestamptz not null,
    constraint oauth_client_states_pkey primary key (id)
);
create index idx_oauth_client_states_created_at on auth.oauth_client_states (created_at);

create table auth.custom_oauth_providers (
    id uuid not null default gen_random_uuid(),
    provider_type text not null,
    identifier text not null,
    name text not null,
    client_id text not null,
    client_secret text not null,
    acceptable_client_ids text[] not null default '{}',
    scopes text[] not null default '{}',
    pkce_enabled boolean not null default true,
    attribute_mapping jsonb not null default '{}',
    authorization_params jsonb not null default '{}',
    enabled boolean not null default true,
    email_optional boolean not null default false,
    issuer text,
    discovery_url text,
    skip_nonce_check boolean not null default false,
    cached_discovery jsonb,
    discovery_cached_at timestamptz,
    authorization_url text,
    token_url text,
    userinfo_url text,
    jwks_uri text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    custom_claims_allowlist text[] not null default '{}',
    constraint custom_oauth_providers_pkey primary key (id),
    constraint custom_oauth_providers_identifier_key unique (identifier),
    constraint custom_oauth_providers_authorization_url_https
    check ((authorization_url is null) or (authorization_url like 'https://%')),
    constraint custom_oauth_providers_authorization_url_length
    check ((authorization_url is null) or (char_length(authorization_url) <= 2048)),
    constraint custom_oauth_providers_client_id_length
    check ((char_length(client_id) >= 1) and (char_length(client_id) <= 512)),
    constraint custom_oauth_providers_discovery_url_length
    check ((discovery_url is null) or (char_length(discovery_url) <= 2048)),
    constraint custom_oauth_providers_identifier_format
    check (identifier ~ '^[a-z0-9][a-z0-9:-]{0,48}[a-z0-9]$'),
    constraint custom_oauth_providers_issuer_length
    check ((
        issuer is null) or ((char_length(issuer) >= 1)
    and (char_length(issuer) <= 2048)
    )),
    constraint custom_oauth_providers_jwks_uri_https
    check ((jwks_uri is null) or (jwks_uri like 'https://%')),
    constraint custom_oauth_providers_jwks_uri_length
    check ((jwks_uri is null) or (char_length(jwks_uri) <= 2048)),
    constraint custom_oauth_providers_name_length
    check ((char_length(name) >= 1) and (char_length(name) <= 100)),
    constraint custom_oauth_providers_oauth2_requires_endpoints
    check ((
        provider_type <> 'oauth2') or ((authorization_url is not null)
    and (token_url is not null) and (userinfo_url is not null)
    )),
    constraint custom_oauth_providers_oidc_discovery_url_https
    check (
        (provider_type <> 'oidc') or (discovery_url is null)
        or (discovery_url like 'https://%')
    ),
    constraint custom_oauth_providers_oidc_issuer_https
    check ((provider_type <> 'oidc') or (issuer is null) or (issuer like 'https://%')),
    constraint custom_oauth_providers_oidc_requires_issuer
    check ((provider_type <> 'oidc') or (issuer is not null)),
    constraint custom_oauth_providers_provider_type_check
    check (provider_type = any(array['oauth2', 'oidc'])),
    constraint custom_oauth_providers_token_url_https
    check ((token_url is null) or (token_url like 'https://%')),
    constraint custom_oauth_providers_token_url_length
    check ((token_url is null) or (char_length(token_url) <= 2048)),
    constraint custom_oauth_providers_userinfo_url_https
    check ((userinfo_url is null) or (userinfo_url like 'https://%')),
    constraint custom_oauth_providers_userinfo_url_length
    check ((userinfo_url is null) or (char_length(userinfo_url) <= 2048))
);
create index custom_oauth_providers_created_at_idx on auth.custom_oauth_providers (created_at);
create index custom_oauth_providers_enabled_idx on auth.custom_oauth_providers (enabled);
create index custom_oauth_providers_identifier_idx on auth.custom_oauth_providers (identifier);
create index custom_oauth_providers_provider_type_idx
on auth.custom_oauth_providers (provider_type);

create table auth.webauthn_credentials (
    id uuid not null default gen_random_uuid(),
    user_id uuid not null,
    credential_id bytea not null,
    public_key bytea not null,
    attestation_type text not null default '',
    aaguid uuid,
    sign_count bigint not null default 0,
    transports jsonb not null default '[]',
    backup_eligible boolean not null default false,
    backed_up boolean not null default false,
    friendly_name text not null default '',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    last_used_at timestamptz,
    constraint webauthn_credentials_pkey primary key (id),
    constraint webauthn_credentials_user_id_fkey
    foreign key (user_id) references auth.users (id) on delete cascade
);
create unique index webauthn_credentials_credential_id_key
on auth.webauthn_credentials (credential_id);
create index webauthn_credentials_user_id_idx on auth.webauthn_credentials (user_id);

create table auth.webauthn_challenges (
    id uuid not null default gen_random_uuid(),
    user_id uuid,
    challenge_type text not null,
    session_data jsonb not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    constraint webauthn_challenges_pkey primary key (id),
    constraint webauthn_challenges_user_id_fkey
    foreign key (user_id) references auth.users (id) on delete cascade,
    constraint webauthn_challenges_challenge_type_check
    check (challenge_type = any(array['signup', 'registration', 'authentication']))
);
create index webauthn_challenges_expires_at_idx on auth.webauthn_challenges (expires_at);
create index webauthn_challenges_user_id_idx on auth.webauthn_challenges (user_id);

create table auth.mfa_recovery_code_sets (
    id uuid not null,
    user_id uuid not null,
    mfa_factor_id uuid not null,
    failed_verification_count integer not null default 0,
    verification_locked_until timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint mfa_recovery_code_sets_pkey primary key (id),
    constraint mfa_recovery_code_sets_failed_verification_count_check
    check (failed_verification_count >= 0)
);

create table auth.mfa_recovery_codes (
    id uuid not null,
    mfa_recovery_code_set_id uuid not null,
    code_hash text not null,
    consumed_at timestamptz,
    created_at timestamptz not null default now(),
    constraint mfa_recovery_codes_pkey primary key (id)
);

create table auth.scim_tokens (
    id uuid not null,
    sso_provider_id uuid not null,
    token_hash text not null,
    prefix text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    constraint scim_tokens_pkey primary key (id),
    constraint scim_tokens_expires_at_future
    check ((expires_at is null) or (expires_at > created_at)),
    constraint scim_tokens_revoked_after_created
    check ((revoked_at is null) or (revoked_at >= created_at)),
    constraint scim_tokens_token_hash_check check (token_hash ~ '^[0-9a-f]{64}$')
);

create table auth.scim_users (
    id uuid not null,
    sso_provider_id uuid not null,
    user_id uuid,
    resource jsonb not null,
    user_name text generated always as (lower((resource ->> 'userName'))) stored not null,
    external_id text generated always as ((resource ->> 'externalId')) stored,
    active boolean not null
    generated always as (coalesce((resource ->> 'active')::boolean, true)) stored,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint scim_users_pkey primary key (id)
);

alter table auth.sessions
add column oauth_client_id uuid,
add column refresh_token_hmac_key text,
add column refresh_token_counter bigint,
add column scopes text,
add constraint sessions_oauth_client_id_fkey
foreign key (oauth_client_id) references auth.oauth_clients (id) on delete cascade,
add constraint sessions_scopes_length check (char_length(scopes) <= 4096);
create index sessions_oauth_client_id_idx on auth.sessions (oauth_client_id);

alter table auth.mfa_factors
add column last_webauthn_challenge_data jsonb;

alter table auth.sso_providers
add column disabled boolean;
create index sso_providers_resource_id_pattern_idx
on auth.sso_providers (resource_id text_pattern_ops);

alter table auth.flow_state
add column invite_token text,
add column referrer text,
add column oauth_client_state_id uuid,
add column linking_target_id uuid,
add column email_optional boolean not null default false;

alter table auth.one_time_tokens
add column expires_at timestamptz;

-- A flow may now begin without a PKCE code.
alter table auth.flow_state
alter column auth_code drop not null,
alter column code_challenge drop not null,
alter column code_challenge_method drop not null;

reset role;
