# ruff: noqa: E501 - schemas read better in long lines; what they call tokens opens nothing
"""Functions that take a secret: it opens what it is meant to open, and nothing opens without it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import Entry
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.access.review.telling import tell
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold, run

TABLES = """
create schema private;
grant usage on schema private to authenticated;
create table public.orgs (id uuid primary key default gen_random_uuid(), name text not null);
create table public.members (
    org_id uuid not null references public.orgs (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    primary key (org_id, user_id)
);
create table public.invitations (
    id uuid primary key default gen_random_uuid(),
    org_id uuid not null references public.orgs (id) on delete cascade,
    token text not null unique default encode(extensions.gen_random_bytes(16), 'hex'),
    expires_at timestamptz not null default now() + interval '7 days',
    used_at timestamptz
);
create table public.documents (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    title text not null,
    country_code text not null,
    share_id uuid not null default gen_random_uuid(),
    is_shared boolean not null default false,
    expires_at timestamptz
);
create table public.api_keys (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    key text not null unique,
    revoked boolean not null default false
);
create function private.is_member(org uuid) returns boolean language sql stable security definer set search_path = ''
return exists (select from public.members as m where m.org_id = org and m.user_id = (select auth.uid()));
alter table public.orgs enable row level security;
alter table public.members enable row level security;
alter table public.invitations enable row level security;
alter table public.documents enable row level security;
alter table public.api_keys enable row level security;
create policy r on public.orgs for select to authenticated using (private.is_member(id));
create policy r on public.members for select to authenticated using (private.is_member(org_id));
create policy r on public.documents for select to authenticated using (user_id = (select auth.uid()));
create policy r on public.api_keys for select to authenticated using (user_id = (select auth.uid()));
revoke all on all tables in schema public from anon, authenticated;
grant select on public.orgs, public.members, public.documents, public.api_keys to authenticated;
"""
ACCEPT = """
create or replace function public.accept_invite(token text) returns void language plpgsql security definer set search_path = '' as $$
declare found_one public.invitations; begin
    select * into found_one from public.invitations as i where {};
    if not found then raise exception 'no such invitation'; end if;
    insert into public.members (org_id, user_id) values (found_one.org_id, auth.uid()) on conflict do nothing;
    update public.invitations as i set used_at = now() where i.id = found_one.id;
end $$;
revoke execute on function public.accept_invite(text) from public, anon;
grant execute on function public.accept_invite(text) to authenticated;
"""
SHARED = """
create or replace function public.get_shared(p_share_id uuid) returns table (title text) language sql stable security definer set search_path = ''
as $$ select d.title from public.documents as d where {} $$;
grant execute on function public.get_shared(uuid) to anon, authenticated;
"""
WHOSE = """
create or replace function public.whose(api_key text) returns table (user_id uuid) language sql stable security definer set search_path = ''
as $$ select k.user_id from public.api_keys as k where {} $$;
grant execute on function public.whose(text) to anon, authenticated;
"""
CONFIRM = """
create table public.subscribers (
    id uuid primary key default gen_random_uuid(),
    email text not null unique,
    code text not null unique,
    confirm_token uuid not null default gen_random_uuid(),
    confirmed_at timestamptz
);
alter table public.subscribers enable row level security;
revoke all on public.subscribers from anon, authenticated;
"""
CONFIRMS = """
create or replace function public.confirm(p_token uuid, p_code text) returns boolean language plpgsql security definer set search_path = '' as $$
begin
    update public.subscribers set confirmed_at = now() where {} and confirmed_at is null;
    return found;
end $$;
grant execute on function public.confirm(uuid, text) to anon, authenticated;
"""
OPEN_INVITATION = "i.token = accept_invite.token and i.expires_at > now() and i.used_at is null"
OPEN_DOCUMENT = (
    "d.share_id = p_share_id and d.is_shared and (d.expires_at is null or d.expires_at > now())"
)
OPEN_KEY = "k.key = api_key and not k.revoked"
RIGHT = {
    "an invitation": (ACCEPT, OPEN_INVITATION),
    "a share": (SHARED, OPEN_DOCUMENT),
    "a key": (WHOSE, OPEN_KEY),
}
STRANGERS = "Authenticated strangers can now"
ADD, CHANGE = "add rows below other people's by calling", "change other people's rows by calling"
GET = "get other people's rows by calling"


@pytest.mark.parametrize("name", RIGHT)
def test_what_a_secret_opens_is_a_note(name: str, target: Target) -> None:
    function, condition = RIGHT[name]
    run(target, TABLES + function.format(condition))
    found = [f for f in judge(observe(target)) if f.persona == "stranger" and f.rule == "function"]
    assert found
    assert all(f.severity == "note" and ", knowing " in f.sentence for f in found)


LOST = {
    "the secret of an invitation": (ACCEPT, OPEN_INVITATION, "i.token = accept_invite.token and", f"{ADD} public.accept_invite(text)."),
    "the time of an invitation": (ACCEPT, OPEN_INVITATION, "and i.expires_at > now()", "call public.accept_invite(text) where invitations.expires_at=2020-01-01."),
    "that an invitation is used once": (ACCEPT, OPEN_INVITATION, "and i.used_at is null", "call public.accept_invite(text) where invitations.used_at=2020-01-01."),
    "the secret of a share": (SHARED, OPEN_DOCUMENT, "d.share_id = p_share_id and", f"{GET} public.get_shared(uuid) where documents.is_shared=true."),
    "that a document is shared": (SHARED, OPEN_DOCUMENT, "and d.is_shared", f"{GET} public.get_shared(uuid), knowing documents.share_id."),
    "the time of a share": (SHARED, OPEN_DOCUMENT, "and (d.expires_at is null or d.expires_at > now())", f"{GET} public.get_shared(uuid) where documents.is_shared=true, documents.expires_at=2020-01-01, knowing documents.share_id."),
    "a key": (WHOSE, OPEN_KEY, "k.key = api_key and", f"{GET} public.whose(text)."),
    "that a key is revoked": (WHOSE, OPEN_KEY, "and not k.revoked", f"{GET} public.whose(text) where api_keys.revoked=true, knowing api_keys.key."),
}  # fmt: skip


@pytest.mark.parametrize("name", LOST)
def test_a_condition_that_such_a_function_loses_is_a_leak(name: str, target: Target) -> None:
    function, condition, lost, expected = LOST[name]
    held = hold(target, TABLES + function.format(condition))
    found = held.after(function.format(condition.replace(lost, "")))
    assert f"{STRANGERS} {expected}" in found
    assert not any("no longer" in sentence for sentence in found)


BY_TOKEN, BY_CODE = "confirm_token = p_token", "code = p_code"


def test_a_secret_of_nobodys_row_is_made_by_chance(target: Target) -> None:
    held = hold(target, CONFIRM + CONFIRMS.format(BY_TOKEN))
    said = f"{STRANGERS} {CHANGE} public.confirm(uuid, text)."
    assert said in held.after(CONFIRMS.format("p_token is not null"))
    assert said in held.after(CONFIRMS.format(BY_CODE))


OPEN = {
    "null": (SHARED, "(d.share_id = p_share_id or p_share_id is null) and d.is_shared"),
    "a pattern": (WHOSE, "k.key ilike api_key and not k.revoked"),
    "an empty text": (WHOSE, "k.key like api_key || '%' and not k.revoked"),
    "anything": (ACCEPT, "i.used_at is null and accept_invite.token is not null"),
    "an id": (SHARED, "d.id = p_share_id"),
    "a code that is no secret": (WHOSE.replace("api_keys as k", "documents as k"), "k.country_code = api_key"),
    "a secret that all may read": (
        "create policy a on public.api_keys for select to anon, authenticated using (true); grant select on public.api_keys to anon;" + WHOSE,
        OPEN_KEY,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OPEN)
def test_what_opens_without_knowing_a_secret_is_an_error(name: str, target: Target) -> None:
    function, condition = OPEN[name]
    run(target, TABLES + function.format(condition))
    found = [f for f in judge(observe(target)) if f.persona == "stranger" and f.rule == "function"]
    assert "error" in {f.severity for f in found}


def test_another_spelling_of_what_a_secret_opens_is_no_difference(target: Target) -> None:
    held = hold(target, TABLES + SHARED.format(OPEN_DOCUMENT))
    other = "d.is_shared is true and p_share_id = d.share_id and not coalesce(d.expires_at <= now(), false)"
    assert held.after(SHARED.format(other)) == set()


def older(held: Held) -> Held:
    """Write a contract as it was: it did not tell knowing from reaching, nor what states open."""
    facts = held.contract.facts

    def plain(entry: Entry) -> Entry:
        relation, persona, rows, command = entry
        base, bracket, states = rows.partition(" [")
        return relation, persona, f"{base.partition(', knowing ')[0]}{bracket}{states}", command

    known = replace(
        facts,
        allowed={plain(e): columns for e, columns in facts.allowed.items() if "[" not in e[2]},
        shut=frozenset(plain(entry) for entry in facts.shut if ", documents" not in entry[2]),
        covers=frozenset(),
    )
    return Held(held.target, render(known, accepted={}))


@pytest.mark.parametrize("name", RIGHT)
def test_an_older_contract_does_not_tell_knowing_from_reaching(name: str, target: Target) -> None:
    function, condition = RIGHT[name]
    held = older(hold(target, TABLES + function.format(condition)))
    assert held.errors() == set()
    assert held.after(function.format("true")) != set()


ROLES = """
alter table public.members add role text not null default 'member' check (role in ('admin', 'member'));
create function private.is_admin(org uuid) returns boolean language sql stable security definer set search_path = ''
return exists (select from public.members as m where m.org_id = org and m.user_id = (select auth.uid()) and m.role = 'admin');
create policy d on public.members for delete to authenticated using (private.is_admin(org_id));
grant delete on public.members to authenticated;
"""


def test_whoever_is_let_in_is_no_more_than_before(target: Target) -> None:
    accept = ACCEPT.format(OPEN_INVITATION)
    held = hold(target, TABLES + ROLES + accept)
    values = "(org_id, user_id{}) values (found_one.org_id, auth.uid(){})"
    plain, other, more = (
        values.format(*said)
        for said in (("", ""), (", role", ", 'member'"), (", role", ", 'admin'"))
    )
    assert held.after(accept.replace(plain, other)) == set()
    assert (
        f"{STRANGERS} give themselves members.role=admin below other people's rows"
        " by calling public.accept_invite(text)."
    ) in held.after(accept.replace(plain, more))


INVITES = """
create table public.invite_codes (
    id uuid primary key default gen_random_uuid(),
    created_by uuid not null references auth.users (id),
    {secret} text not null unique,
    is_used boolean not null default false
);
alter table public.invite_codes enable row level security;
revoke all on public.invite_codes from anon, authenticated, service_role;
grant select on public.invite_codes to anon, authenticated, service_role;
create policy "own" on public.invite_codes for select to authenticated
using (created_by = (select auth.uid()));
create policy "unused" on public.invite_codes for select to anon, authenticated
using (not is_used);
"""


@pytest.mark.parametrize(("secret", "rule"), [("code", "open-secret"), ("title", None)])
def test_that_a_code_is_not_used_up_yet_makes_it_no_less_a_secret(
    secret: str, rule: str | None, target: Target
) -> None:
    run(target, INVITES.format(secret=secret))
    found = judge(observe(target))
    told = {f.rule for f in found if f.relation == "invite_codes" and f.severity == "warning"}
    assert told == ({rule} if rule else set())
    if rule:
        sentences = {one.sentence for one in tell(found)}
        assert (
            "Everybody, even without a login, can read invite_codes (every column) on other people's"
            " rows: code may open something to whoever knows it."
        ) in sentences
