"""The policies of both documents as they are literally written, under the old automatic grants."""

from __future__ import annotations

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator

LITERAL = """
create type public.subscription_tier as enum ('FREE', 'PRO');
create table public.profiles (
    id uuid primary key default gen_random_uuid(), created_at timestamptz not null default now(),
    user_id uuid not null references auth.users (id), linkedin_token text,
    message_quota integer default 50, stripe_customer_id text,
    subscription_tier public.subscription_tier default 'FREE', has_access boolean default false);
alter table public.profiles enable row level security;
create policy "Users can view their own profile." on public.profiles for select to authenticated
    using (auth.uid() = user_id);
create policy "Users can update their own profile." on public.profiles for update to authenticated
    using (auth.uid() = user_id) with check (auth.uid() = user_id);
create policy "Enable insert for users based on user_id" on public.profiles for insert to public
    with check (auth.uid() = user_id);
create table public.user_profile (
    id uuid primary key default gen_random_uuid(), created_at timestamptz default now(),
    user_id_auth uuid references auth.users (id), user_name text, providers text[]);
create table public.provider_data (
    id uuid primary key default gen_random_uuid(), created_at timestamptz default now(),
    provider_id_ref uuid references public.user_profile (id),
    auth_provider_id uuid references auth.users (id), name text,
    type numeric, token text, refresh text, expires text, data jsonb);
alter table public.user_profile enable row level security;
alter table public.provider_data enable row level security;
create policy "Users can only view their own profile" on public.user_profile for select
    using (auth.uid() = user_id_auth);
create policy "Users can only update their own profile" on public.user_profile for update
    using (auth.uid() = user_id_auth);
create policy "Users can only view their own provider data" on public.provider_data for select
    using (auth.uid() = auth_provider_id);
create policy "Users can only update their own provider data" on public.provider_data for update
    using (auth.uid() = auth_provider_id);
create policy "Users can only insert provider data for themselves" on public.provider_data
    for insert with check (auth.uid() = auth_provider_id);
grant all on public.profiles, public.user_profile, public.provider_data
    to anon, authenticated, service_role;
"""


def test_the_documents_own_policies_have_the_holes_that_are_told(target: Target) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(LITERAL)
    matrix = observe(target)
    errors = {(f.rule, f.relation) for f in judge(matrix) if f.severity == "error"}
    assert ("link", "provider_data") in errors
    assert ("re-parent", "provider_data") in errors
    table = matrix.table("profiles")
    assert table is not None
    own = table.find("owner", "own", "update")
    assert own is not None
    # Nothing in the document keeps a user from paying himself a quota.
    assert {"message_quota", "has_access", "subscription_tier"} <= set(own.columns)
    truncates = {f.relation for f in judge(matrix) if f.rule == "truncate"}
    assert truncates == {"profiles", "user_profile", "provider_data"}
