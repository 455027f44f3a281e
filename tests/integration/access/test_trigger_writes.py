# ruff: noqa: E501 - schemas read better in long lines
"""What triggers do with what a user writes: closed columns that he sets, and guards that go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.contract.text import render
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold, run

ACCOUNTS = """
create type public.tier as enum ('free', 'pro');
create table public.accounts (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    about text,
    meta jsonb not null default '{}',
    is_verified boolean not null default false,
    tier public.tier not null default 'free',
    credits int not null default 0,
    slug text,
    digest text,
    touched_at timestamptz not null default now()
);
create table public.deposits (
    id uuid primary key default gen_random_uuid(),
    account_id uuid not null references public.accounts (id) on delete cascade,
    amount int not null
);
alter table public.accounts enable row level security;
alter table public.deposits enable row level security;
create policy r on public.accounts for select to authenticated using (id = (select auth.uid()));
create policy i on public.accounts for insert to authenticated with check (id = (select auth.uid()));
create policy u on public.accounts for update to authenticated using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy i on public.deposits for insert to authenticated with check (account_id = (select auth.uid()));
revoke all on public.accounts, public.deposits from anon, authenticated;
grant select, insert (id, nick, about, meta), update (nick, about, meta) on public.accounts to authenticated;
grant insert on public.deposits to authenticated;
"""


def trigger(body: str, table: str = "accounts", when: str = "before insert or update") -> str:
    return (
        "create function public.act() returns trigger language plpgsql security definer"
        f" set search_path = '' as $$ begin {body} return new; end $$;"
        "revoke execute on function public.act() from public;"
        f"create trigger acting {when} on public.{table} for each row execute function public.act();"
    )


SET = {
    "a yes in an object": (trigger("new.is_verified := coalesce((new.meta ->> 'verified')::boolean, new.is_verified);"), "set accounts.is_verified through accounts.meta"),
    "a rank in an object, for a new row": (trigger("if new.meta ? 'tier' then new.tier := (new.meta ->> 'tier')::public.tier; end if;", when="before insert"), "set accounts.tier through accounts.meta"),
    "a number in an object": (trigger("new.credits := coalesce((new.meta -> 'credits')::int, new.credits);"), "set accounts.credits through accounts.meta"),
    "a word that opens": (trigger("if new.about = 'let me in' then new.tier := 'pro'; end if;"), "decide about accounts.tier by accounts.about"),
    "a sum in another table": (trigger("update public.accounts as a set credits = a.credits + new.amount where a.id = new.account_id;", "deposits", "after insert"), "decide about accounts.credits by deposits.amount"),
}  # fmt: skip


@pytest.mark.parametrize("name", SET)
def test_a_closed_column_that_a_user_begins_to_set_is_a_leak(name: str, target: Target) -> None:
    change, expected = SET[name]
    held = hold(target, ACCOUNTS)
    assert held.after(change) == {f"Owners can now {expected}."}


@pytest.mark.parametrize("name", SET)
def test_what_is_set_out_of_an_object_is_an_error_without_a_contract(
    name: str, target: Target
) -> None:
    change, expected = SET[name]
    run(target, ACCOUNTS + change)
    found = {f.sentence: f.severity for f in judge(observe(target)) if f.command == "set"}
    assert found == {f"Owners can {expected}.": "error" if "set " in expected else "note"}


ORDINARY = {
    "a slug": "new.slug := lower(replace(new.nick, ' ', '-'));",
    "a time": "new.touched_at := now();",
    "a digest": "new.digest := md5(coalesce(new.about, ''));",
    "chance": "new.credits := length(coalesce(new.about, '')) * 0 + floor(random() * 1000000)::int;",
    "a constant": "new.is_verified := false; new.meta := new.meta - 'verified';",
    "a guard": "if tg_op = 'UPDATE' and new.tier is distinct from old.tier then raise exception 'no'; end if;",
}  # fmt: skip


@pytest.mark.parametrize("name", ORDINARY)
def test_what_triggers_derive_or_guard_is_left_alone(name: str, target: Target) -> None:
    held = hold(target, ACCOUNTS + trigger(ORDINARY[name]))
    assert [line for line in held.text.splitlines() if line.startswith("set = ")] == []


def test_what_a_trigger_no_longer_sets_is_a_loss(target: Target) -> None:
    change, expected = SET["a sum in another table"]
    held = hold(target, ACCOUNTS + change)
    assert held.after("drop trigger acting on public.deposits") == {
        f"Owners can no longer {expected}."
    }


def test_an_older_contract_is_told_in_one_warning(target: Target) -> None:
    held = hold(target, ACCOUNTS + SET["a sum in another table"][0])
    facts = held.contract.facts
    allowed = {entry: columns for entry, columns in facts.allowed.items() if entry[3] != "set"}
    older = Held(target, render(replace(facts, allowed=allowed, covers=frozenset()), accepted={}))
    assert older.errors() == set()
    say = "The contract does not say yet which columns users set through triggers of deposits"
    assert f"{say}: let `access write` add it." in older.warnings()


PEOPLE = """
create table public.people (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    role text not null default 'user' check (role in ('user', 'admin')),
    is_verified boolean not null default false,
    credits int not null default 0
);
create table public.notes (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    body text not null
);
alter table public.people enable row level security;
alter table public.notes enable row level security;
create policy r on public.people for select to authenticated using (id = (select auth.uid()));
create policy i on public.people for insert to authenticated with check (id = (select auth.uid()));
create policy u on public.people for update to authenticated using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy r on public.notes for select to authenticated using (user_id = (select auth.uid()) or exists (
    select from public.people as p where p.id = (select auth.uid()) and p.role = 'admin'));
revoke all on public.people, public.notes from anon, authenticated;
grant select, insert, update on public.people to authenticated;
grant select on public.notes to authenticated;
"""
GUARD = """
create function public.guard() returns trigger language plpgsql set search_path = '' as $$ begin
    if current_user in ('anon', 'authenticated') then
        if tg_op = 'INSERT' then {} end if;
        if tg_op = 'UPDATE' then {} end if;
    end if;
    return new;
end $$;
create trigger guard before insert or update on public.people for each row execute function public.guard();
"""
GUARDS = {
    "that raises": GUARD.format(
        "if new.role <> 'user' or new.is_verified or new.credits <> 0 then raise exception 'no'; end if;",
        "if (new.role, new.is_verified, new.credits) is distinct from (old.role, old.is_verified, old.credits) then raise exception 'no'; end if;",
    ),
    "that puts back": GUARD.format(
        "new.role := 'user'; new.is_verified := false; new.credits := 0;",
        "new.role := old.role; new.is_verified := old.is_verified; new.credits := old.credits;",
    ),
}


def opens_all(found: set[str], command: str) -> bool:
    told = [f for f in found if f.startswith(f"Owners can now {command} ")]
    return any(all(name in f for name in ("role", "is_verified", "credits")) for f in told)


BEFORE = (
    "create trigger guard before {} on public.people for each row execute function public.guard();"
)


@pytest.mark.parametrize("name", GUARDS)
@pytest.mark.parametrize("left", ["insert", "update"])
def test_a_guard_that_watches_one_command_less_is_a_leak(
    name: str, left: str, target: Target
) -> None:
    held = hold(target, PEOPLE + GUARDS[name])
    found = held.after(f"drop trigger guard on public.people; {BEFORE.format(left)}")
    opened = {"insert": "update", "update": "insert into"}[left]
    assert opens_all(found, opened)
    assert not any(f.startswith(f"Owners can now {left} ") for f in found)


@pytest.mark.parametrize("change", ["drop trigger guard on public.people", "alter table public.people disable trigger guard", "alter function public.guard() security definer"])  # fmt: skip
def test_a_guard_that_no_longer_guards_is_a_leak(change: str, target: Target) -> None:
    held = hold(target, PEOPLE + GUARDS["that puts back"])
    found = held.after(change)
    for opened in ("insert into", "update"):
        assert opens_all(found, opened)
