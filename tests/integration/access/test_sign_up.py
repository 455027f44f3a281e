"""Users are made as Supabase Auth makes them, and what their sign-up made is known."""

from __future__ import annotations

import pytest

from prospectr_db.access.check import CheckReport, check
from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.matrix.matrix import AccessMatrix
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator
from prospectr_db.errors import SqlError
from prospectr_db.report.access import check_text
from prospectr_db.report.style import Style
from tests.integration.access.held import hold, run

SIGN_UP = """
create schema private;
grant usage on schema private to authenticated;
create table public.accounts (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid default auth.uid() references auth.users, name text, slug text unique,
    personal boolean not null default false, check (personal = (slug is null)));
create table public.members (
    user_id uuid not null references auth.users on delete cascade,
    account_id uuid not null references public.accounts on delete cascade,
    role text not null check (role in ('owner', 'member')), primary key (user_id, account_id));
create function private.add_creator() returns trigger language plpgsql security definer
set search_path = '' as $$ begin
    if new.owner_id = auth.uid() then
        insert into public.members values (auth.uid(), new.id, 'owner');
    end if;
    return new;
end $$;
create trigger add_creator after insert on public.accounts
    for each row execute function private.add_creator();
create function private.sign_up() returns trigger language plpgsql security definer
set search_path = '' as $$ begin
    insert into public.accounts (id, owner_id, name, personal) values (new.id, new.id, 'me', true);
    insert into public.members values (new.id, new.id, 'owner');
    return new;
end $$;
create trigger sign_up after insert on auth.users
    for each row execute function private.sign_up();
create function private.has_role(account uuid, wanted text default null) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.members m where m.user_id = (select auth.uid())
        and m.account_id = account and (wanted is null or m.role = wanted)) $$;
alter table public.accounts enable row level security;
alter table public.members enable row level security;
create policy together on public.members for select to authenticated
    using (private.has_role(account_id));
create policy together on public.accounts for select to authenticated
    using (private.has_role(id));
create policy change on public.accounts for update to authenticated
    using (private.has_role(id, 'owner')) with check (private.has_role(id, 'owner'));
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on public.accounts, public.members to authenticated;
grant update (name, slug) on public.accounts to authenticated;
"""

OWN_ACCOUNTS = """
drop policy together on public.accounts;
create policy own on public.accounts for select to authenticated
    using (owner_id = (select auth.uid()));
create function public.my_accounts() returns setof public.accounts language sql stable
set search_path = '' as $$
    select a.* from public.accounts a where a.owner_id = (select auth.uid()) $$;
revoke execute on function public.my_accounts from public, anon;
grant execute on function public.my_accounts to authenticated;
"""

CHANGING = """
create or replace function public.my_accounts() returns setof public.accounts language sql
security definer set search_path = '' as $$
    update public.accounts set name = 'taken' where personal returning * $$;
"""


def seen(target: Target, sql: str) -> AccessMatrix:
    """Observe a database after some statements."""
    with connect_as_migrator(target) as connection:
        connection.execute(sql)  # type: ignore[call-overload]
    return observe(target)


def errors(matrix: AccessMatrix) -> list[str]:
    """Return what the default rules find wrong."""
    return [finding.sentence for finding in judge(matrix) if finding.severity == "error"]


def test_nobody_holds_a_token_while_he_signs_up(target: Target) -> None:
    matrix = seen(target, SIGN_UP)
    assert [finding.sentence for finding in judge(matrix) if finding.severity != "note"] == []
    assert not [table.relation for table in matrix.tables if table.unbuildable]
    assert ("members", "owner", "own", "select") in facts_of(matrix).allowed


def test_what_failed_on_the_row_of_ones_own_sign_up_is_not_told_of_others(target: Target) -> None:
    matrix = seen(target, SIGN_UP)
    member = ("accounts", "role=member", "other")
    allowed = facts_of(matrix).allowed
    assert (*member, "select") in allowed
    assert (*member, "update") not in allowed
    contract = parse_contract(render(facts_of(matrix), accepted={}))
    weaker = "alter policy change on public.accounts using (private.has_role(id))"
    found = check(
        seen(target, f"{weaker} with check (private.has_role(id))"),
        contract,
    )
    told = {(f.relation, f.persona, f.rows, f.command): f.columns for f in found}
    assert told[(*member, "update")] == ("name", "slug")


def test_a_function_changes_nothing_by_showing_what_a_sign_up_made(target: Target) -> None:
    assert errors(seen(target, SIGN_UP + OWN_ACCOUNTS)) == []


def test_a_function_that_changes_what_a_sign_up_made_is_told(target: Target) -> None:
    matrix = seen(target, SIGN_UP + OWN_ACCOUNTS + CHANGING)
    told = "change other people's rows by calling public.my_accounts()"
    assert any(told in sentence for sentence in errors(matrix))
    report = CheckReport(False, judge(matrix), matrix, None, (), "", 0.0)
    shown = check_text(report, Style(100, color=False))
    assert told in " ".join(shown.split())
    assert "access why" not in shown  # only what has policies of its own can be explained


def test_that_nobody_can_sign_up_is_told_and_nothing_else(target: Target) -> None:
    broken = "alter table public.members add constraint few check (role <> 'owner')"
    with pytest.raises(SqlError, match=r'Nobody can sign up: .*"few"'):
        seen(target, SIGN_UP + broken)


PROFILES = """
create table public.profiles (
    id uuid primary key references auth.users on delete cascade, name text, username text,
    role text not null default 'user' check (role in ('user', 'admin')),
    plan text not null default 'free', credits int not null default 10, billing jsonb, terms jsonb);
alter table public.profiles enable row level security;
create function public.is_admin() returns boolean language sql stable security definer
set search_path = '' as $$ select exists (
    select from public.profiles where id = auth.uid() and role = 'admin') $$;
create policy own on public.profiles for select to authenticated
    using (id = auth.uid() or public.is_admin());
create policy rename on public.profiles for update to authenticated using (id = auth.uid());
create function public.greet() returns trigger language plpgsql security definer as $$ begin
    insert into public.profiles (id, name) values (new.id, new.raw_user_meta_data ->> 'name');
    return new;
end $$;
create trigger greet after insert on auth.users for each row execute function public.greet();
create function public.spend(n int) returns void language plpgsql security definer
set search_path = '' as $$ begin
    if n <= 0 then raise exception 'something is spent'; end if;
    update public.profiles set credits = credits - n where id = auth.uid() and credits >= n;
end $$;
revoke execute on function public.spend from public, anon;
grant execute on function public.spend to authenticated;
revoke all on public.profiles from anon, authenticated, service_role;
grant select, update (name) on public.profiles to authenticated;
"""
BELIEVING = """
create or replace function public.greet() returns trigger language plpgsql security definer as $$
begin
    insert into public.profiles (id, name, plan, credits, role, billing, terms) values (
        new.id, new.raw_user_meta_data ->> 'name',
        coalesce(new.raw_user_meta_data ->> 'plan', 'free'),
        coalesce((new.raw_user_meta_data ->> 'credits')::int, 10),
        case new.raw_user_meta_data ->> 'kind' when 'staff' then 'admin' else 'user' end,
        new.raw_user_meta_data -> 'billing', (new.raw_user_meta_data ->> 'terms')::jsonb);
    return new;
end $$;
"""
UNGUARDED = """
create or replace function public.spend(n int) returns void language sql security definer
set search_path = '' as $$
    update public.profiles set credits = credits - n where id = auth.uid() and credits >= n $$;
"""


def test_what_a_trigger_on_users_believes_of_what_they_say_is_told(target: Target) -> None:
    held = hold(target, PROFILES)  # a trigger without a search_path is called by nobody
    signing = "as they sign up"
    told = (
        f"Owners can now decide about profiles.billing by user_metadata.billing {signing}, set "
        f"profiles.credits through user_metadata.credits {signing}, decide "
        f"about profiles.plan by user_metadata.plan {signing}, decide about profiles.role by "
        f"user_metadata.kind {signing} and decide about profiles.terms by user_metadata.terms "
        f"{signing}."
    )
    assert held.after(BELIEVING) == {told}
    run(target, "alter table public.profiles alter username set not null")
    with pytest.raises(SqlError, match=r'Nobody can sign up: .*"username"'):
        held.errors()


def test_to_spend_raises_nobody_and_to_spend_less_than_nothing_does(target: Target) -> None:
    held = hold(target, PROFILES)
    assert {s.partition(" can now ")[2] for s in held.after(UNGUARDED)} == {
        "raise their own standing by calling public.spend(integer)."
    }
