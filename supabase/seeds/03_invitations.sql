-- Three templates, four campaigns in different states, and six recipients.

insert into public.invitation_templates (id, created_at, updated_at, user_id, name, message)
values
(
    'c0000000-0000-4000-8000-000000000001', '2025-03-18 09:20:00+00', '2025-05-02 08:41:00+00',
    'a0000000-0000-4000-8000-000000000001', 'Conference follow-up',
    'Hi {{first_name}}, I enjoyed your talk and would like to stay in touch. Best, Amara'
),
(
    'c0000000-0000-4000-8000-000000000002', '2025-03-25 12:05:00+00', '2025-03-25 12:05:00+00',
    'a0000000-0000-4000-8000-000000000002', 'Nordic manufacturers',
    'Hello {{first_name}}, we help plants such as {{company}} plan maintenance. Shall we connect?'
),
(
    'c0000000-0000-4000-8000-000000000003', '2025-04-03 07:48:00+00', '2025-06-11 13:30:00+00',
    'a0000000-0000-4000-8000-000000000003', 'Agency partners',
    'Ciao {{first_name}}, I am looking for partner agencies in {{location}}. Happy to connect!'
);

insert into public.invitation_jobs (
    id,
    created_at,
    updated_at,
    user_id,
    template_id,
    name,
    status,
    scheduled_at,
    started_at,
    finished_at,
    recipient_count,
    sent_count,
    accepted_count,
    failed_count,
    last_error
)
values
(
    'd0000000-0000-4000-8000-000000000001', '2025-05-05 08:00:00+00', '2025-05-12 10:15:00+00',
    'a0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001',
    'Speakers of the spring conference', 'completed',
    '2025-05-06 07:00:00+00', '2025-05-06 07:00:02+00', '2025-05-06 07:21:40+00',
    3, 3, 1, 0, null
),
(
    'd0000000-0000-4000-8000-000000000002', '2025-06-26 15:30:00+00', '2025-06-27 07:00:31+00',
    'a0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001',
    'Visitors of our booth', 'running',
    '2025-06-27 07:00:00+00', '2025-06-27 07:00:02+00', null,
    2, 1, 0, 0, null
),
(
    'd0000000-0000-4000-8000-000000000003', '2025-06-23 09:10:00+00', '2025-06-24 08:00:19+00',
    'a0000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000002',
    'Plant managers in Gothenburg', 'paused',
    null, '2025-06-24 08:00:01+00', null,
    1, 0, 0, 1, 'The profile could not be found.'
),
(
    'd0000000-0000-4000-8000-000000000004', '2025-06-27 10:05:00+00', '2025-06-27 10:05:00+00',
    'a0000000-0000-4000-8000-000000000003', 'c0000000-0000-4000-8000-000000000003',
    'Agencies in Lombardy', 'pending',
    '2025-07-01 06:30:00+00', null, null,
    0, 0, 0, 0, null
);

insert into public.invitation_users (
    id,
    created_at,
    updated_at,
    job_id,
    linkedin_profile_url,
    full_name,
    headline,
    status,
    sent_at,
    responded_at,
    last_error
)
values
(
    'e0000000-0000-4000-8000-000000000001', '2025-05-05 08:01:00+00', '2025-05-07 16:02:00+00',
    'd0000000-0000-4000-8000-000000000001', 'https://www.linkedin.com/in/demo-joanna-nowak',
    'Joanna Nowak', 'Head of Data at Wisla Freight', 'accepted',
    '2025-05-06 07:00:05+00', '2025-05-07 16:02:00+00', null
),
(
    'e0000000-0000-4000-8000-000000000002', '2025-05-05 08:01:00+00', '2025-05-12 10:15:00+00',
    'd0000000-0000-4000-8000-000000000001', 'https://www.linkedin.com/in/demo-kofi-mensah',
    'Kofi Mensah', 'Founder of Accra Analytics', 'declined',
    '2025-05-06 07:10:21+00', '2025-05-12 10:15:00+00', null
),
(
    'e0000000-0000-4000-8000-000000000003', '2025-05-05 08:01:00+00', '2025-05-06 07:21:38+00',
    'd0000000-0000-4000-8000-000000000001', 'https://www.linkedin.com/in/demo-laura-fischer',
    'Laura Fischer', 'Professor of Statistics', 'sent',
    '2025-05-06 07:21:38+00', null, null
),
(
    'e0000000-0000-4000-8000-000000000004', '2025-06-26 15:31:00+00', '2025-06-27 07:00:31+00',
    'd0000000-0000-4000-8000-000000000002', 'https://www.linkedin.com/in/demo-mateo-garcia',
    'Mateo García', 'Purchasing at Azul Retail', 'sent',
    '2025-06-27 07:00:31+00', null, null
),
(
    'e0000000-0000-4000-8000-000000000005', '2025-06-26 15:31:00+00', '2025-06-26 15:31:00+00',
    'd0000000-0000-4000-8000-000000000002', 'https://www.linkedin.com/in/demo-nadia-haddad',
    'Nadia Haddad', 'Operations at Cedar Logistics', 'pending',
    null, null, null
),
(
    'e0000000-0000-4000-8000-000000000006', '2025-06-23 09:12:00+00', '2025-06-24 08:00:19+00',
    'd0000000-0000-4000-8000-000000000003', 'https://www.linkedin.com/in/demo-oskar-berg',
    'Oskar Berg', 'Plant Manager at Göta Steel', 'failed',
    null, null, 'The profile could not be found.'
);
