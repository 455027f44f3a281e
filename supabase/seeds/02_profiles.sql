-- Their profiles: paying, on trial, behind with a payment, canceled, free, and brand new.

insert into public.profiles (
    id,
    created_at,
    user_id,
    linkedin_token,
    linkedin_status,
    message_quota,
    stripe_customer_id,
    subscription_tier,
    oauth_state,
    unipile_account_id,
    reconnect_token,
    reconnect_expires_at,
    customer_id,
    price_id,
    has_access,
    subscription_id,
    subscription_status,
    trial_ends_at,
    cancel_at_period_end,
    subscription_created_at,
    last_payment_at,
    canceled_at,
    payment_failed,
    linkedin_connection_status
)
values
(
    'b0000000-0000-4000-8000-000000000001', '2025-03-03 08:16:30+00',
    'a0000000-0000-4000-8000-000000000001',
    'li-demo-token-amara', true, 200, 'cus_demo_amara', 'PRO', null, 'unipile-demo-amara', null,
    null, 'customer-1001', 'price_demo_pro_monthly', true, 'sub_demo_amara', 'active', null, null,
    '2025-03-17 09:00:00+00', '2025-06-17 09:00:04+00', null, false, 'connected'
),
(
    'b0000000-0000-4000-8000-000000000002', '2025-03-10 13:45:12+00',
    'a0000000-0000-4000-8000-000000000002',
    'li-demo-token-bjorn', true, 100, 'cus_demo_bjorn', 'STARTER', null, 'unipile-demo-bjorn', null,
    null, 'customer-1002', 'price_demo_starter_monthly', true, 'sub_demo_bjorn', 'active', null,
    null, '2025-03-24 14:00:00+00', '2025-06-24 14:00:03+00', null, false, 'connected'
),
(
    'b0000000-0000-4000-8000-000000000003', '2025-03-21 09:10:47+00',
    'a0000000-0000-4000-8000-000000000003',
    'li-demo-token-chiara', true, 500, 'cus_demo_chiara', 'ENTERPRISE', null, 'unipile-demo-chiara',
    null, null, 'customer-1003', 'price_demo_enterprise_yearly', true, 'sub_demo_chiara', 'active',
    null, null, '2025-04-01 08:00:00+00', '2025-04-01 08:00:05+00', null, false, 'connected'
),
(
    'b0000000-0000-4000-8000-000000000004', '2025-06-18 11:36:05+00',
    'a0000000-0000-4000-8000-000000000004',
    'li-demo-token-dmitri', true, 200, 'cus_demo_dmitri', 'PRO', null, 'unipile-demo-dmitri', null,
    null, 'customer-1004', 'price_demo_pro_monthly', true, 'sub_demo_dmitri', 'trialing',
    '2025-07-02 11:36:05+00', null, '2025-06-18 11:36:05+00', null, null, false, 'connecting'
),
(
    'b0000000-0000-4000-8000-000000000005', '2025-04-02 15:23:51+00',
    'a0000000-0000-4000-8000-000000000005',
    'li-demo-token-elena', false, 50, 'cus_demo_elena', 'PRO', null, 'unipile-demo-elena',
    'reconnect-demo-elena', '2025-07-04', 'customer-1005', 'price_demo_pro_monthly', false,
    'sub_demo_elena', 'past_due', null, null, '2025-04-16 15:00:00+00', '2025-05-16 15:00:02+00',
    null, true, 'credentials_required'
),
(
    'b0000000-0000-4000-8000-000000000006', '2025-04-14 07:27:33+00',
    'a0000000-0000-4000-8000-000000000006',
    null, false, 50, 'cus_demo_farid', 'FREE', null, null, null, null, 'customer-1006',
    'price_demo_starter_monthly', false, 'sub_demo_farid', 'canceled', null,
    '2025-05-28 07:00:00+00', '2025-04-28 07:00:00+00', '2025-04-28 07:00:03+00',
    '2025-05-12 21:14:09+00', false, 'disconnected'
),
(
    'b0000000-0000-4000-8000-000000000007', '2025-05-06 19:52:20+00',
    'a0000000-0000-4000-8000-000000000007',
    'li-demo-token-grace', true, 50, null, 'FREE', null, 'unipile-demo-grace', null, null, null,
    null, true, null, null, null, null, null, null, null, false, 'error'
),
(
    'b0000000-0000-4000-8000-000000000008', '2025-05-30 00:03:44+00',
    'a0000000-0000-4000-8000-000000000008',
    null, false, 50, null, 'FREE', 'oauth-state-demo-hiroshi', null, null, null, null, null, false,
    null, null, null, null, null, null, null, false, 'disconnected'
),
(
    'b0000000-0000-4000-8000-000000000009', '2025-06-26 10:31:08+00',
    'a0000000-0000-4000-8000-000000000009',
    null, false, 50, null, 'FREE', null, null, null, null, null, null, false, null, null, null,
    null, null, null, null, false, 'disconnected'
);
