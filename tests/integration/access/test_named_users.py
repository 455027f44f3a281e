# ruff: noqa: E501, S608 - schemas read better in long lines
"""Users related to whom they name: in a new row, by a call, and as members beside each other."""

from __future__ import annotations

from dataclasses import replace

from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import COVERS, NAMED
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold

ME = "(select auth.uid())"
BLOCKED = "create or replace function private.blocked(a uuid, b uuid) returns boolean language {} stable security definer set search_path = '' as $$ {} $$;"
EITHER = (
    "select exists (select from public.blocks where (blocker_id, blocked_id) in ((a, b), (b, a)))"
)
START = """
create or replace function public.start(p_with uuid) returns uuid language plpgsql security definer set search_path = '' as $$
declare made uuid; begin
    {}
    insert into public.chats (started_by) values (auth.uid()) returning id into made;
    insert into public.participants (chat_id, user_id) values (made, auth.uid()), (made, p_with);
    return made;
end $$;
"""
GUARD = "if p_with = auth.uid() or private.blocked(auth.uid(), p_with) then raise exception 'no' using errcode = '42501'; end if;"
WHOEVER = "if p_with = auth.uid() then raise exception 'no' using errcode = '42501'; end if;"
FOLLOW = f"follower_id = {ME} and not private.blocked(follower_id, followee_id)"
HERE = f"exists (select from public.participants p where p.chat_id = messages.chat_id and p.user_id = {ME})"
SEND = f"sender_id = {ME} and {HERE} and not private.blocked_in(chat_id)"
SCHEMA = f"""
create table public.profiles (id uuid primary key references auth.users (id) on delete cascade, name text not null);
create table public.follows (
    follower_id uuid not null references public.profiles (id) on delete cascade,
    followee_id uuid not null references public.profiles (id) on delete cascade,
    primary key (follower_id, followee_id), check (follower_id <> followee_id)
);
create table public.blocks (
    blocker_id uuid not null references public.profiles (id) on delete cascade,
    blocked_id uuid not null references public.profiles (id) on delete cascade,
    primary key (blocker_id, blocked_id), check (blocker_id <> blocked_id)
);
create table public.chats (id uuid primary key default gen_random_uuid(), started_by uuid not null references public.profiles (id));
create table public.participants (
    chat_id uuid not null references public.chats (id) on delete cascade,
    user_id uuid not null references public.profiles (id) on delete cascade, primary key (chat_id, user_id)
);
create table public.messages (
    id uuid primary key default gen_random_uuid(), chat_id uuid not null references public.chats (id) on delete cascade,
    sender_id uuid not null references public.profiles (id), body text not null
);
create schema private;
grant usage on schema private to authenticated;
{BLOCKED.format("sql", EITHER)}
create function private.blocked_in(chat uuid) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select from public.participants p where p.chat_id = chat and private.blocked(auth.uid(), p.user_id)) $$;
{START.format(GUARD)}
revoke all on function public.start(uuid) from public, anon;
grant execute on function public.start(uuid) to authenticated;
revoke all on all tables in schema public from anon, authenticated;
grant select, insert on public.follows, public.messages to authenticated;
grant select on public.participants, public.chats to authenticated;
alter table public.profiles enable row level security;
alter table public.follows enable row level security;
alter table public.blocks enable row level security;
alter table public.chats enable row level security;
alter table public.participants enable row level security;
alter table public.messages enable row level security;
create policy s on public.follows for select to authenticated using ({ME} in (follower_id, followee_id));
create policy i on public.follows for insert to authenticated with check ({FOLLOW});
create policy s on public.participants for select to authenticated using (user_id = {ME});
create policy s on public.chats for select to authenticated
    using (exists (select from public.participants p where p.chat_id = chats.id and p.user_id = {ME}));
create policy s on public.messages for select to authenticated using ({HERE});
create policy i on public.messages for insert to authenticated with check ({SEND});
"""
FAULTS = {
    "Users who are {} to the owner in blocks can now insert into follows rows under somebody else's name (followee_id).": (
        f"alter policy i on public.follows with check (follower_id = {ME});"
    ),
    "Plain members who are {} to the owner in blocks can now insert into messages (every column) for themselves.": (
        f"alter policy i on public.messages with check (sender_id = {ME} and {HERE});"
    ),
    "Users who are {} to the owner in blocks can now add rows that name others (user_id) by calling public.start(uuid).": START.format(
        WHOEVER
    ),
}
RIGHT = f"""
alter policy i on public.follows with check ({FOLLOW});
alter policy i on public.messages with check ({SEND});
{START.format(GUARD)}
"""
ONE_WAY = BLOCKED.format("sql", EITHER.replace(", (b, a)", ""))
OTHERWISE = f"""
{BLOCKED.format("plpgsql", "begin perform from public.blocks where (blocker_id = a and blocked_id = b) or (blocker_id = b and blocked_id = a); return found; end")}
create function private.may_write(chat uuid) returns boolean language sql stable security definer set search_path = ''
as $$ select coalesce(bool_or(p.user_id = auth.uid()), false) and not coalesce(bool_or(private.blocked(auth.uid(), p.user_id)), false)
    from public.participants p where p.chat_id = chat $$;
alter policy i on public.messages with check (sender_id = auth.uid() and private.may_write(chat_id));
"""


def test_whom_one_blocks_neither_follows_nor_writes_nor_calls(target: Target) -> None:
    held = hold(target, SCHEMA)
    for sentence, change in FAULTS.items():
        told = {sentence.format(column) for column in ("blocker_id", "blocked_id")}
        assert held.after(RIGHT + change) == told
    # Whoever blocked the other is kept out no longer, where only one direction is asked.
    assert held.after(RIGHT + ONE_WAY) != set()
    assert held.after(OTHERWISE) == set()


def test_a_contract_that_does_not_know_of_them_is_kept(target: Target) -> None:
    held = hold(target, SCHEMA)
    facts = held.contract.facts
    adding = {e for e in facts.allowed if (e[0], e[3]) == ("follows", "insert")}
    assert ("follows", "owner", "own", "insert") in adding
    related = frozenset(e for e in facts.shut if " to the owner in blocks" in e[1])
    older = replace(
        facts,
        allowed={e: c for e, c in facts.allowed.items() if e not in adding},
        shut=facts.shut - related,
        idle={**facts.idle, "follows": ("authenticated: insert",)},
        covers=frozenset(COVERS) - {NAMED},
    )
    assert Held(target, render(older, accepted={})).errors() == set()
