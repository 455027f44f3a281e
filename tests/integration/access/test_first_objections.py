# ruff: noqa: E501, S608 - schemas read better in long lines
"""What is objected to without a contract, and what is not although it looks like that."""

from __future__ import annotations

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import run

ME = "(select auth.uid())"


def _objections(target: Target, change: str) -> set[str]:
    run(target, change)
    return {f.sentence for f in judge(observe(target)) if (f.severity, f.kind) == ("error", "leak")}


CHATS = f"""
create schema private;
grant usage on schema private to authenticated;
create table public.profiles (id uuid primary key references auth.users (id) on delete cascade, name text not null, moderates boolean not null default false);
create table public.blocks (
    blocker_id uuid not null references public.profiles (id) on delete cascade,
    blocked_id uuid not null references public.profiles (id) on delete cascade,
    primary key (blocker_id, blocked_id), check (blocker_id <> blocked_id)
);
create table public.chats (id uuid primary key default gen_random_uuid(), topic text);
create table public.participants (
    chat_id uuid not null references public.chats (id) on delete cascade,
    user_id uuid not null references public.profiles (id) on delete cascade, left_at timestamptz, primary key (chat_id, user_id)
);
create function private.inside(chat uuid) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select from public.participants p where p.chat_id = chat and p.user_id = {ME} and p.left_at is null) $$;
create function private.blocked(one uuid) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select from public.blocks b where (b.blocker_id, b.blocked_id) = (one, {ME})) $$;
create function private.moderates() returns boolean language sql stable security definer set search_path = ''
as $$ select coalesce((select p.moderates from public.profiles p where p.id = {ME}), false) $$;
alter table public.profiles enable row level security;
alter table public.blocks enable row level security;
alter table public.chats enable row level security;
alter table public.participants enable row level security;
create policy s on public.profiles for select to authenticated using (not private.blocked(id));
create policy s on public.blocks for select to authenticated using (blocker_id = {ME});
create policy s on public.chats for select to authenticated using (private.inside(id));
create policy m on public.chats for select to authenticated using (private.moderates());
create policy s on public.participants for select to authenticated using (user_id = {ME} or private.inside(chat_id));
create policy u on public.participants for update to authenticated
    using (user_id = {ME} and left_at is null) with check (user_id = {ME});
create view public.people with (security_invoker = true) as select id, name from public.profiles;
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant update (left_at) on public.participants to authenticated;
"""
READ = "Authenticated strangers can read {} (every column) on other people's rows."
RETURNS = "Owners can change their own participants.left_at, which decides what they may do."


def test_who_leaves_for_good_and_who_is_blocked_are_no_objection(target: Target) -> None:
    assert _objections(target, CHATS) == set()
    back = f"alter policy u on public.participants using (user_id = {ME});"
    assert RETURNS in _objections(target, back)
    stay = f"alter policy u on public.participants using (user_id = {ME} and left_at is null);"
    owners = "alter view public.people reset (security_invoker);"
    assert READ.format("people") in _objections(target, stay + owners)
    everybody = "alter view public.people set (security_invoker = true);"
    found = _objections(
        target, everybody + "alter policy s on public.profiles using (id is not null);"
    )
    assert READ.format("profiles") in found
    assert READ.format("people") not in found


ROOMS = f"""
create table public.rooms (
    id uuid primary key default gen_random_uuid(), owner_id uuid not null references auth.users (id), name text not null
);
create table public.requests (
    id uuid primary key default gen_random_uuid(), user_id uuid not null references auth.users (id),
    room_id uuid not null references public.rooms (id), note text
);
alter table public.rooms enable row level security;
alter table public.requests enable row level security;
create policy s on public.rooms for select to authenticated using (true);
create policy s on public.requests for select to authenticated using (user_id = {ME});
create policy i on public.requests for insert to authenticated with check (user_id = {ME} and exists (
    select from public.rooms r where r.id = room_id and r.owner_id = {ME}));
create policy u on public.requests for update to authenticated using (user_id = {ME});
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant insert, update on public.requests to authenticated;
"""


def test_a_row_is_not_moved_to_where_nobody_could_add_it(target: Target) -> None:
    moved = (
        "Owners can move their rows of requests under somebody else's rooms by updating room_id."
    )
    assert _objections(target, ROOMS) == {moved}
    anywhere = f"alter policy i on public.requests with check (user_id = {ME});"
    assert _objections(target, anywhere) == set()
    once = f"""
    alter policy i on public.requests with check (user_id = {ME} and exists (
        select from public.rooms r where r.id = room_id and r.owner_id = {ME}));
    revoke update on public.requests from authenticated;
    grant update (note) on public.requests to authenticated;
    """
    assert _objections(target, once) == set()


CODES = f"""
create table public.homes (id uuid primary key default gen_random_uuid(), name text not null);
create table public.home_members (
    home_id uuid not null references public.homes (id), user_id uuid not null references auth.users (id),
    primary key (home_id, user_id)
);
create table public.codes (
    id uuid primary key default gen_random_uuid(), code text not null unique, used boolean not null default false,
    home_id uuid not null references public.homes (id)
);
alter table public.homes enable row level security;
alter table public.home_members enable row level security;
alter table public.codes enable row level security;
revoke all on public.homes, public.home_members, public.codes from anon, authenticated;
grant select on public.homes, public.home_members to authenticated;
grant select, insert (code, home_id), update (code, home_id) on public.codes to authenticated;
create policy s on public.home_members for select to authenticated using (user_id = {ME});
create policy s on public.homes for select to authenticated
using (id in (select m.home_id from public.home_members m where m.user_id = {ME}));
create policy s on public.codes for select to authenticated
using (not used and home_id in (select m.home_id from public.home_members m where m.user_id = {ME}));
create policy i on public.codes for insert to authenticated
with check (home_id in (select m.home_id from public.home_members m where m.user_id = {ME}));
create policy u on public.codes for update to authenticated
using (home_id in (select m.home_id from public.home_members m where m.user_id = {ME}));
"""


def test_a_state_that_keeps_out_all_members_keeps_out_nobody_of_two_tenants(target: Target) -> None:
    run(target, CODES)
    warned = {f.rule for f in judge(observe(target)) if f.severity == "warning"}
    assert "taken-along" in warned
    assert "one-tenant-only" not in warned
