-- Three users with their providers; the tokens are made up and open nothing.

insert into public.user_profile (
    id,
    created_at,
    updated_at,
    user_id_auth,
    user_name,
    providers
)
values
(
    'f0000000-0000-4000-8000-000000000001', '2025-03-03 08:20:00+00', '2025-04-11 12:00:00+00',
    'a0000000-0000-4000-8000-000000000001', 'Amara Okafor',
    array[
        'f1000000-0000-4000-8000-000000000001',
        'f1000000-0000-4000-8000-000000000002'
    ]
),
(
    'f0000000-0000-4000-8000-000000000002', '2025-03-10 13:50:00+00', '2025-03-12 09:30:00+00',
    'a0000000-0000-4000-8000-000000000002', 'Björn Lindqvist',
    array['f1000000-0000-4000-8000-000000000003']
),
(
    'f0000000-0000-4000-8000-000000000003', '2025-03-21 09:15:00+00', '2025-05-19 14:45:00+00',
    'a0000000-0000-4000-8000-000000000003', 'Chiara Rossi',
    array['f1000000-0000-4000-8000-000000000004']
);

insert into public.provider_data (
    id,
    created_at,
    provider_id_ref,
    auth_provider_id,
    name,
    type,
    token,
    refresh,
    expires,
    data
)
values
(
    'f1000000-0000-4000-8000-000000000001', '2025-03-04 10:00:00+00',
    'f0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001',
    'GHL', 1, 'ghl-demo-access-amara', 'ghl-demo-refresh-amara', '2025-06-28T10:00:00Z',
    '{"location_id": "demo-location-amara", "scopes": ["contacts.readonly", "contacts.write"]}'
),
(
    'f1000000-0000-4000-8000-000000000002', '2025-04-11 12:00:00+00',
    'f0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001',
    'Email', 2, 'mail-demo-access-amara', 'mail-demo-refresh-amara', '2025-06-27T20:00:00Z',
    '{"address": "amara.okafor@example.com", "host": "smtp.example.com", "port": 587}'
),
(
    'f1000000-0000-4000-8000-000000000003', '2025-03-12 09:30:00+00',
    'f0000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000002',
    'GHL', 1, 'ghl-demo-access-bjorn', 'ghl-demo-refresh-bjorn', '2025-06-27T15:30:00Z',
    '{"location_id": "demo-location-bjorn", "scopes": ["contacts.readonly"]}'
),
(
    'f1000000-0000-4000-8000-000000000004', '2025-05-19 14:45:00+00',
    'f0000000-0000-4000-8000-000000000003', 'a0000000-0000-4000-8000-000000000003',
    'Phone', 3, 'phone-demo-access-chiara', null, null,
    '{"number": "+390255501234"}'
);
