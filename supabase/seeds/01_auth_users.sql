-- Nine people who can sign in, as Supabase Auth leaves them after confirming their address.
-- Everybody's password is prospectr-demo; the hash is bcrypt, cost 10, as Supabase Auth makes it.

insert into auth.users (
    instance_id,
    id,
    aud,
    role,
    email,
    encrypted_password,
    email_confirmed_at,
    confirmation_token,
    confirmation_sent_at,
    recovery_token,
    email_change_token_new,
    email_change,
    email_change_token_current,
    email_change_confirm_status,
    phone_change,
    phone_change_token,
    reauthentication_token,
    last_sign_in_at,
    raw_app_meta_data,
    raw_user_meta_data,
    is_sso_user,
    is_anonymous,
    created_at,
    updated_at
)
select
    '00000000-0000-0000-0000-000000000000',
    person.id,
    'authenticated',
    'authenticated',
    person.email,
    '$2a$10$Pr0sp3ctrDem0Salt/e1SOuqMaAU7qLmUOi1Z/26.OtS867sZCBHa',
    person.created_at + interval '4 minutes',
    '',
    person.created_at,
    '',
    '',
    '',
    '',
    0,
    '',
    '',
    '',
    person.last_sign_in_at,
    jsonb_build_object('provider', 'email', 'providers', jsonb_build_array('email')),
    jsonb_build_object(
        'sub', person.id,
        'email', person.email,
        'full_name', person.full_name,
        'email_verified', true,
        'phone_verified', false
    ),
    false,
    false,
    person.created_at,
    coalesce(person.last_sign_in_at, person.created_at + interval '4 minutes')
from (
    values
    (
        'a0000000-0000-4000-8000-000000000001'::uuid, 'amara.okafor@example.com', 'Amara Okafor',
        '2025-03-03 08:12:00+00'::timestamptz, '2025-06-27 07:55:10+00'::timestamptz
    ),
    (
        'a0000000-0000-4000-8000-000000000002'::uuid, 'bjorn.lindqvist@example.com',
        'Björn Lindqvist',
        '2025-03-10 13:40:00+00'::timestamptz, '2025-06-26 16:20:41+00'::timestamptz
    ),
    (
        'a0000000-0000-4000-8000-000000000003'::uuid, 'chiara.rossi@example.com', 'Chiara Rossi',
        '2025-03-21 09:05:00+00'::timestamptz, '2025-06-27 10:02:33+00'::timestamptz
    ),
    (
        'a0000000-0000-4000-8000-000000000004'::uuid, 'dmitri.sokolov@example.com',
        'Dmitri Sokolov',
        '2025-06-18 11:30:00+00'::timestamptz, '2025-06-25 18:44:02+00'::timestamptz
    ),
    (
        'a0000000-0000-4000-8000-000000000005'::uuid, 'elena.marin@example.com', 'Elena Marin',
        '2025-04-02 15:18:00+00'::timestamptz, '2025-06-20 06:31:57+00'::timestamptz
    ),
    (
        'a0000000-0000-4000-8000-000000000006'::uuid, 'farid.rahimi@example.com', 'Farid Rahimi',
        '2025-04-14 07:22:00+00'::timestamptz, '2025-05-30 12:09:26+00'::timestamptz
    ),
    (
        'a0000000-0000-4000-8000-000000000007'::uuid, 'grace.chen@example.com', 'Grace Chen',
        '2025-05-06 19:47:00+00'::timestamptz, '2025-06-24 20:15:48+00'::timestamptz
    ),
    (
        'a0000000-0000-4000-8000-000000000008'::uuid, 'hiroshi.tanaka@example.com',
        'Hiroshi Tanaka',
        '2025-05-29 23:58:00+00'::timestamptz, '2025-06-02 01:03:15+00'::timestamptz
    ),
    (
        'a0000000-0000-4000-8000-000000000009'::uuid, 'ines.almeida@example.com', 'Inês Almeida',
        '2025-06-26 10:26:00+00'::timestamptz, null
    )
) as person (id, email, full_name, created_at, last_sign_in_at);

-- The e-mail identity that signing in looks up; its provider_id is the user's own id.
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
    identity.id,
    account.id::text,
    account.id,
    jsonb_build_object(
        'sub', account.id,
        'email', account.email,
        'email_verified', true,
        'phone_verified', false
    ),
    'email',
    coalesce(account.last_sign_in_at, account.created_at),
    account.created_at,
    account.updated_at
from (
    values
    ('1d000000-0000-4000-8000-000000000001'::uuid, 'amara.okafor@example.com'),
    ('1d000000-0000-4000-8000-000000000002'::uuid, 'bjorn.lindqvist@example.com'),
    ('1d000000-0000-4000-8000-000000000003'::uuid, 'chiara.rossi@example.com'),
    ('1d000000-0000-4000-8000-000000000004'::uuid, 'dmitri.sokolov@example.com'),
    ('1d000000-0000-4000-8000-000000000005'::uuid, 'elena.marin@example.com'),
    ('1d000000-0000-4000-8000-000000000006'::uuid, 'farid.rahimi@example.com'),
    ('1d000000-0000-4000-8000-000000000007'::uuid, 'grace.chen@example.com'),
    ('1d000000-0000-4000-8000-000000000008'::uuid, 'hiroshi.tanaka@example.com'),
    ('1d000000-0000-4000-8000-000000000009'::uuid, 'ines.almeida@example.com')
) as identity (id, email)
inner join auth.users as account on identity.email = account.email;
