-- One profile per user: the LinkedIn integration, and what the user pays for.

create type public.subscription_tier as enum ('FREE', 'STARTER', 'PRO', 'ENTERPRISE');

comment on type public.subscription_tier is
'What a customer has subscribed to, cheapest first.';

create type public.linkedin_connection_status as enum (
    'disconnected',
    'connecting',
    'connected',
    'credentials_required',
    'error'
);

comment on type public.linkedin_connection_status is
'The state of a LinkedIn account as the integration provider reports it.';

create table public.profiles (
    id uuid not null default gen_random_uuid(),
    created_at timestamptz not null default now(),
    user_id uuid not null,
    linkedin_token text,
    linkedin_status boolean default false,
    message_quota integer default 50,
    stripe_customer_id text,
    subscription_tier public.subscription_tier default 'FREE',
    oauth_state text,
    unipile_account_id text,
    reconnect_token text,
    reconnect_expires_at date,
    customer_id text,
    price_id text,
    has_access boolean default false,
    subscription_id text,
    subscription_status text,
    trial_ends_at timestamptz,
    cancel_at_period_end timestamptz,
    subscription_created_at timestamptz,
    last_payment_at timestamptz,
    canceled_at timestamptz,
    payment_failed boolean default false,
    linkedin_connection_status public.linkedin_connection_status default 'disconnected',
    constraint profiles_pkey primary key (id),
    -- A second profile would come with a second message quota.
    constraint profiles_user_id_key unique (user_id),
    -- Webhooks find the profile by these. API users can write none of them, so a duplicate-key
    -- error tells them nothing.
    constraint profiles_stripe_customer_id_key unique (stripe_customer_id),
    constraint profiles_subscription_id_key unique (subscription_id),
    constraint profiles_unipile_account_id_key unique (unipile_account_id),
    constraint profiles_user_id_fkey foreign key (user_id)
    references auth.users (id) on delete cascade,
    constraint profiles_message_quota_check check (message_quota >= 0)
);

alter table public.profiles enable row level security;

create policy "Users can view their own profile."
on public.profiles
for select
to authenticated
using ((select auth.uid()) = user_id);

create policy "Users can update their own profile."
on public.profiles
for update
to authenticated
using ((select auth.uid()) = user_id)
with check ((select auth.uid()) = user_id);

create policy "Enable insert for users based on user_id"
on public.profiles
for insert
to public
with check ((select auth.uid()) = user_id);

revoke all on table public.profiles from public, anon, authenticated, service_role;
grant select on table public.profiles to authenticated;
-- Not id: a duplicate-key error would tell whether another profile has it. Not what the user pays
-- for or is owed. Not unipile_account_id, with which the backend acts under its own key. Not the
-- reconnection, which the backend issues, nor linkedin_connection_status, which Unipile reports.
grant insert (user_id, linkedin_token, linkedin_status, oauth_state)
on table public.profiles to authenticated;
grant update (linkedin_token, linkedin_status, oauth_state)
on table public.profiles to authenticated;
grant select, insert, update, delete on table public.profiles to service_role;

comment on table public.profiles is
'Primary user profile: LinkedIn integration and subscription, one row per user.';
comment on column public.profiles.id is 'Primary key.';
comment on column public.profiles.created_at is 'When the profile was created.';
comment on column public.profiles.user_id is 'The owner; goes with the auth user.';
comment on column public.profiles.linkedin_token is
'LinkedIn OAuth token; only the owner and the backend read it.';
comment on column public.profiles.linkedin_status is
'Whether the user has LinkedIn switched on.';
comment on column public.profiles.message_quota is 'Daily message limit; server only.';
comment on column public.profiles.stripe_customer_id is
'Stripe customer identifier; server only.';
comment on column public.profiles.subscription_tier is 'Subscription level; server only.';
comment on column public.profiles.oauth_state is
'State of an OAuth round trip that the user''s browser has begun.';
comment on column public.profiles.unipile_account_id is
'The account at Unipile that the backend acts with; server only.';
comment on column public.profiles.reconnect_token is
'Token of the reconnection link; server only.';
comment on column public.profiles.reconnect_expires_at is
'Last day of the reconnection link; server only.';
comment on column public.profiles.customer_id is 'Customer identifier; server only.';
comment on column public.profiles.price_id is 'Price of the subscription; server only.';
comment on column public.profiles.has_access is
'Whether the user may use the product; server only.';
comment on column public.profiles.subscription_id is 'Subscription identifier; server only.';
comment on column public.profiles.subscription_status is
'Status of the subscription in Stripe''s words; server only.';
comment on column public.profiles.trial_ends_at is 'When the trial ends; server only.';
comment on column public.profiles.cancel_at_period_end is
'When a canceled subscription runs out; server only.';
comment on column public.profiles.subscription_created_at is
'When the subscription began; server only.';
comment on column public.profiles.last_payment_at is 'Last payment; server only.';
comment on column public.profiles.canceled_at is
'When the subscription was canceled; server only.';
comment on column public.profiles.payment_failed is
'Whether the last payment failed; server only.';
comment on column public.profiles.linkedin_connection_status is
'State of the LinkedIn account as Unipile reports it; server only.';
comment on policy "Users can view their own profile." on public.profiles is
'The row holds tokens and billing: nobody but its owner sees it.';
comment on policy "Users can update their own profile." on public.profiles is
'The owner keeps the row his own; the column grants decide what he may change in it.';
comment on policy "Enable insert for users based on user_id" on public.profiles is
'A user creates his own profile at sign-up. For every role, so that no role can do more; anon has '
'no user id and no grant.';
