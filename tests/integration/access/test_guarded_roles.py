"""Users with a role that a trigger lets only others give: the world has them all the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import OWN_ROWS, facts_of
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import hold, run

SCHEMA = """
create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    nickname text not null,
    role text not null default 'reader' check (role in ('reader', 'editor'))
);
create function public.my_role() returns text language sql stable security definer
set search_path = '' as $$ select p.role from public.profiles p where p.id = auth.uid() $$;
create function public.greet() returns trigger language plpgsql security definer
set search_path = '' as $$
begin insert into public.profiles (id, nickname) values (new.id, 'new'); return new; end $$;
create trigger greet after insert on auth.users for each row execute function public.greet();
create function public.keep_role() returns trigger language plpgsql set search_path = '' as $$
begin
    if new.role is distinct from old.role and public.my_role() is distinct from 'editor' then
        {}
    end if;
    return new;
end $$;
create trigger keep_role before update on public.profiles
for each row execute function public.keep_role();
create table public.posts (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
    body text not null
);
alter table public.profiles enable row level security;
alter table public.posts enable row level security;
revoke all on public.profiles, public.posts from anon, authenticated, service_role;
revoke all on function public.my_role() from public, anon;
grant execute on function public.my_role() to authenticated;
grant select, update (nickname, role) on public.profiles to authenticated;
grant select on public.posts to authenticated;
create policy "own" on public.profiles for all to authenticated
using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy "editors" on public.profiles for all to authenticated
using (public.my_role() = 'editor') with check (public.my_role() = 'editor');
create policy "own" on public.posts for select to authenticated
using (user_id = (select auth.uid()));
create policy "editors" on public.posts for select to authenticated
using (public.my_role() = 'editor');
"""


@pytest.mark.parametrize("guard", ["raise exception 'no';", "new.role := old.role;"])
def test_an_editor_is_one_although_nobody_may_become_one(target: Target, guard: str) -> None:
    run(target, SCHEMA.replace("{}", guard))
    allowed = facts_of(observe(target)).allowed
    editor = "role=editor", "other"
    assert ("posts", *editor, "select") in allowed
    assert "role" in {c.partition("=")[0] for c in allowed["profiles", *editor, "update"]}
    assert "role" not in allowed["profiles", "owner", "own", "update"]


def test_that_others_give_roles_is_a_leak(target: Target) -> None:
    held = hold(target, SCHEMA.replace("{}", "raise exception 'no';"))
    told = "Owners can now update profiles.role on their own rows."
    assert told in held.after("drop trigger keep_role on public.profiles")


def test_a_helper_that_nobody_may_call_is_named(target: Target) -> None:
    schema = SCHEMA.replace("{}", "raise exception 'no';")
    run(target, schema.replace("grant execute on function public.my_role() to authenticated;", ""))
    assert {f.sentence for f in judge(observe(target)) if f.severity == "error"} == {
        (
            "No user that was tried can read posts, although 'editors' and 'own' say that some can:"
            " permission denied for function my_role."
        ),
    }


ROLES = """
create table public.roles (
    user_id uuid not null references auth.users (id) on delete cascade,
    role text not null check (role in ('user', 'moderator')),
    primary key (user_id, role)
);
create table public.accounts (
    id uuid primary key references auth.users (id) on delete cascade,
    nickname text not null,
    points integer not null default 0
);
create function public.has_role(wanted text) returns boolean language sql stable security definer
set search_path = '' as $$
    select exists (select from public.roles r where r.user_id = auth.uid() and r.role = wanted) $$;
alter table public.roles enable row level security;
alter table public.accounts enable row level security;
revoke all on public.roles, public.accounts from anon, authenticated, service_role;
grant select on public.roles to authenticated;
grant select, update (nickname, points) on public.accounts to authenticated;
create policy "own" on public.roles for select to authenticated using (user_id = auth.uid());
create policy "own" on public.accounts for all to authenticated
using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy "moderators" on public.accounts for select to authenticated
using (public.has_role('moderator'));
create function public.keep_points() returns trigger language plpgsql set search_path = '' as $$
begin new.points := old.points; return new; end $$;
create trigger keep_points before update on public.accounts
for each row execute function public.keep_points();
"""
LETTING = """
create or replace function public.keep_points() returns trigger language plpgsql
set search_path = '' as $$
begin if not public.has_role('{}') then new.points := old.points; end if; return new; end $$;
"""


def test_what_a_trigger_lets_somebody_do_to_his_own_row_is_told(target: Target) -> None:
    held = hold(target, ROLES + LETTING.format("nobody"))
    assert held.after(LETTING.format("moderator")) == {
        (
            "Users with role=moderator can now update accounts.points on their own rows, which is"
            " the server's to write."
        )
    }
    facts = held.contract.facts
    assert ("accounts", "role=moderator", "other", "select") in facts.allowed  # by a role in a key
    allowed = {e: names for e, names in facts.allowed.items() if "=" not in e[1] or e[2] != "own"}
    held.text = render(
        replace(facts, allowed=allowed, covers=facts.covers - {OWN_ROWS}), accepted={}
    )
    assert held.after(LETTING.format("nobody")) == set()
    said = "The contract does not say yet what users with a standing do to rows of their own in"
    assert any(warning.startswith(said) for warning in held.warnings())
