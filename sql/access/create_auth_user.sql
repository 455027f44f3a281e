-- One confirmed user and the e-mail identity, as Supabase Auth leaves them. The columns are those
-- that every project has, mid-2025 and later. Parameters: id, email, app_metadata, user_metadata.

with account as (
    insert into auth.users (
        instance_id,
        id,
        aud,
        role,
        email,
        encrypted_password,
        email_confirmed_at,
        confirmation_token,
        recovery_token,
        email_change_token_new,
        email_change,
        raw_app_meta_data,
        raw_user_meta_data,
        created_at,
        updated_at
    )
    values (
        '00000000-0000-0000-0000-000000000000',
        %(id)s,
        'authenticated',
        'authenticated',
        %(email)s,
        '',
        now(),
        '',
        '',
        '',
        '',
        %(app_metadata)s,
        %(user_metadata)s,
        now(),
        now()
    )
    returning id, email
)

insert into auth.identities (
    id,
    provider_id,
    user_id,
    identity_data,
    provider,
    last_sign_in_at,
    created_at,
    updated_at
)
select
    gen_random_uuid(),
    account.id::text,
    account.id,
    jsonb_build_object('sub', account.id, 'email', account.email, 'email_verified', true),
    'email',
    now(),
    now(),
    now()
from account;
