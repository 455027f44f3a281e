# ruff: noqa: E501 - schemas read better in long lines
"""Functions are called with what their arguments must be: an id looked up, a form, a listed value."""

from __future__ import annotations

import pytest

from prospectr_db.access.matrix.given import Given
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import hold, run

MATCHES = """
create table public.organizations (id uuid primary key default gen_random_uuid(), name text not null);
create table public.memberships (
    organization_id uuid not null references public.organizations (id),
    user_id uuid not null references auth.users (id),
    primary key (organization_id, user_id)
);
create table public.listings (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id)
);
create table public.matches (
    id uuid primary key default gen_random_uuid(),
    listing_id uuid not null references public.listings (id),
    status text not null default 'proposed'
);
alter table public.organizations enable row level security;
alter table public.memberships enable row level security;
alter table public.listings enable row level security;
alter table public.matches enable row level security;
create policy s on public.memberships for select to authenticated using (user_id = auth.uid());
create policy s on public.listings for select to authenticated using (exists (select from public.memberships as m where m.organization_id = listings.organization_id and m.user_id = auth.uid()));
create policy s on public.matches for select to authenticated using (exists (select from public.listings as l where l.id = matches.listing_id));
revoke all on all tables in schema public from anon, authenticated;
grant select on public.memberships, public.listings, public.matches to authenticated;
create function public.org_of(listing uuid) returns uuid language sql stable security definer set search_path = ''
as $$ select l.organization_id from public.listings as l where l.id = listing $$;
revoke execute on function public.org_of(uuid) from public, anon, authenticated;
"""
CONFIRM = """
create or replace function public.confirm_match(p_match_id uuid, {org} uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
    v_listing uuid;
    v_org uuid;
begin
    select m.listing_id into v_listing from public.matches as m where m.id = p_match_id;
    if not found then raise exception 'no such match'; end if;
    {lookup};
    if v_org is distinct from {org} then raise exception 'no party to it'; end if;
    {caller}
    update public.matches set status = 'confirmed' where id = p_match_id;
end $$;
"""
LOOKUP = "select l.organization_id into v_org from public.listings as l where l.id = v_listing"
HELPER = "v_org := public.org_of(v_listing)"
MEMBER = "if not exists (select from public.memberships as m where m.organization_id = v_org and m.user_id = auth.uid()) then raise exception 'no member'; end if;"


@pytest.mark.parametrize(
    ("org", "lookup"),
    [
        ("p_confirming_org_id", LOOKUP),
        ("p_org_id", HELPER),
        ("organization", LOOKUP),
        ("x", HELPER),
    ],
)
def test_an_organization_that_is_looked_up_is_found_whatever_its_parameter_is_called(
    org: str, lookup: str, target: Target
) -> None:
    name = "public.confirm_match(uuid, uuid)"
    held = hold(target, MATCHES + CONFIRM.format(org=org, lookup=lookup, caller=MEMBER))
    assert held.contract.facts.allowed[name, "owner", "own", "update"] == ()
    found = held.after(CONFIRM.format(org=org, lookup=lookup, caller=""))
    told = "can now change other people's rows by calling"
    assert f"Visitors without a login {told} {name}." in found


DOCUMENTS = """
create type public.phase as enum ('draft', 'final');
create table public.documents (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null references auth.users (id),
    content bytea,
    theme text not null default 'light' check (theme in ('light', 'dark', 'ocean')),
    color text not null default 'red' check (color in ('red', 'green')),
    code text not null default 'AB-1' check (code ~ '^[A-Z]{2}-[0-9]+$'),
    phase public.phase not null default 'draft',
    pages int not null default 1 check (pages between 1 and 20),
    due date
);
alter table public.documents enable row level security;
create policy s on public.documents for select to authenticated using (owner_id = auth.uid());
revoke all on public.documents from anon, authenticated;
grant select on public.documents to authenticated;
"""
CHANGE = """
create or replace function public.change({parameters}) returns void language plpgsql security definer set search_path = '' as $$
begin
    {first}
    update public.documents as d set {change} where d.id = p_id {caller};
    {last}
end $$;
"""
CALLER = "and d.owner_id = auth.uid()"
MUST = "if not exists (select from public.documents as d where d.id = p_id and d.owner_id = auth.uid()) then raise exception 'not yours'; end if;"


@pytest.mark.parametrize(
    ("parameters", "change", "first"),
    [
        ("p_id uuid, p_hex text", "content = decode(p_hex, 'hex')", ""),
        ("p_id uuid, p_data text", "content = decode(p_data, 'base64')", MUST),
        ("p_id uuid, a text, b text", "theme = a, color = b", ""),
        ("p_id uuid, p_phase text", "phase = p_phase::public.phase", ""),
        ("p_id uuid, p_due text, p_pages int", "due = p_due::date, pages = p_pages", MUST),
        ("p_id uuid, x text", "code = x", "if x !~ '^[A-Z]{2}-[0-9]+$' then raise exception 'bad'; end if;"),
        ("p_id uuid, o jsonb", "theme = o ->> 'look', pages = (o ->> 'size')::int", ""),
    ],
)  # fmt: skip
def test_arguments_get_the_form_that_a_function_wants(
    parameters: str, change: str, first: str, target: Target
) -> None:
    made = {"parameters": parameters, "change": change, "last": ""}
    held = hold(target, DOCUMENTS + CHANGE.format(**made, first=first, caller=CALLER))
    (name,) = (name for name, kind in held.contract.facts.relations.items() if kind == "function")
    assert held.contract.facts.allowed[name, "owner", "own", "update"] == ()
    lost = "" if first == MUST else first
    found = held.after(CHANGE.format(**made, first=lost, caller=""))
    assert (
        f"Visitors without a login can now change other people's rows by calling {name}." in found
    )


NEW = """
create function public.add(p_code text, p_look text) returns public.documents language plpgsql security definer set search_path = '' as $$
declare
    r public.documents;
begin
    if {caller} then raise exception 'no'; end if;
    insert into public.documents (owner_id, code, theme) values (auth.uid(), p_code, p_look) returning * into r;
    return r;
end $$;
"""


def test_a_new_row_gets_a_value_that_its_check_lists(target: Target) -> None:
    held = hold(target, DOCUMENTS + NEW.format(caller="auth.uid() is null"))
    who = {e[1] for e in held.contract.facts.allowed if e[3] == "call" and "add(" in e[0]}
    assert who == {"owner", "stranger", "newcomer"}


SEALED = "if md5(x) <> '379683511189a8ac385bd67bc3de2497' then raise exception 'bad seal' using errcode = '22023'; end if;"
NAME = "public.change(uuid, text)"


def test_what_nobody_could_call_for_its_data_is_red_until_the_contract_gives_values(
    target: Target,
) -> None:
    made = {"parameters": "p_id uuid, x text", "change": "pages = 2", "last": ""}
    run(target, DOCUMENTS + CHANGE.format(**made, first=SEALED, caller=""))
    told = "no arguments fit (bad seal); the contract can give values"
    found = {f.sentence: f for f in judge(observe(target)) if f.severity == "error"}
    (finding,) = found.values()
    assert finding.sentence == f"{NAME} could not be called: {told}."
    given = Given(values={NAME: {"x": "pearl"}})
    errors = {f.sentence for f in judge(observe(target, given=given)) if f.severity == "error"}
    assert errors == {
        f"{who} can change other people's rows by calling {NAME}."
        for who in (
            "Visitors without a login",
            "Authenticated strangers",
            "Authenticated users who own nothing",
        )
    }


def test_what_goes_through_only_because_there_is_no_such_row_was_not_called(target: Target) -> None:
    made = {"parameters": "p_id uuid, x text", "first": "", "last": ""}
    odd = "pages = case md5(x) when '379683511189a8ac385bd67bc3de2497' then 2 else 200 + length(d.code) end"
    run(target, DOCUMENTS + CHANGE.format(**made, change=odd, caller=""))
    (error,) = (f for f in judge(observe(target)) if f.severity == "error")
    assert error.sentence.startswith(f"{NAME} could not be called: no arguments fit (new row for")


@pytest.mark.parametrize("first", ["raise exception 'closed';", f"{MUST} raise exception 'no';"])
def test_what_refuses_everybody_by_itself_is_nobodys(first: str, target: Target) -> None:
    made = {"parameters": "p_id uuid, p_hex text", "change": "content = decode(p_hex, 'hex')"}
    held = hold(target, DOCUMENTS + CHANGE.format(**made, first="", last=first, caller=CALLER))
    assert not any(e[3] == "call" for e in held.contract.facts.allowed if "change(" in e[0])
