"""Tenants by a claim of the token: however the claim is spelt, it says whose a row is."""

from __future__ import annotations

from prospectr_db.access.check import check
from prospectr_db.access.contract.contract import Contract, parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.observation import look
from prospectr_db.access.observe import observe
from prospectr_db.access.ownership.ownership import find_ownership
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_admin
from tests.integration.access.held import Run, hold

CLAIM = "(auth.jwt() -> 'app_metadata' ->> 'tenant_id')::uuid"
TABLES = """
create schema private;
grant usage on schema private to authenticated;
create table public.tenants (id uuid primary key default gen_random_uuid(), name text not null);
create table public.projects (
    id uuid primary key default gen_random_uuid(),
    tenant_id uuid not null references public.tenants on delete cascade,
    name text not null
);
alter table public.tenants enable row level security;
alter table public.projects enable row level security;
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on public.tenants to authenticated;
grant select, insert, update, delete on public.projects to authenticated;
grant select, insert, update, delete on all tables in schema public to service_role;
"""


def helper(body: str, *, language: str = "sql", name: str = "tenant") -> str:
    return (
        f"create or replace function private.{name}() returns uuid language {language} stable"
        f" set search_path = '' as $$ {body} $$;"
    )


# How the condition of the policies is written, and the functions that it needs.
SPELLINGS = {
    "inline": ("{} = " + CLAIM, ""),
    "inline, as a sub-select": ("{} = (select " + CLAIM + ")", ""),
    "inline, by path": ("(auth.jwt() #>> '{{app_metadata,tenant_id}}')::uuid = {}", ""),
    "inline, nothing for the empty text": (
        "nullif(auth.jwt() -> 'app_metadata' ->> 'tenant_id', '')::uuid = {}",
        "",
    ),
    "a helper": ("{} = private.tenant()", helper(f"select {CLAIM}")),
    "a helper in a sub-select": (
        "(select private.tenant()) = {}",
        helper("select nullif((select auth.jwt()) -> 'app_metadata' ->> 'tenant_id', '')::uuid"),
    ),
    "a helper of the settings": (
        "{} = (select private.tenant())",
        helper(
            "select (nullif(current_setting('request.jwt.claims', true), '')::jsonb"
            " -> 'app_metadata' ->> 'tenant_id')::uuid"
        ),
    ),
    "a helper in plpgsql": (
        "{} = private.tenant()",
        helper(
            """declare found text; -- from the token
            begin
                found := auth.jwt() #>> '{app_metadata,tenant_id}';
                if found is null then return null; end if;
                return found::uuid;
            end""",
            language="plpgsql",
        ),
    ),
    "a helper of a helper": (
        "{} = (select private.mine())",
        helper(f"select {CLAIM}") + helper("select private.tenant()", name="mine"),
    ),
}


def policies(condition: str) -> str:
    tenant, project = condition.format("id"), condition.format("tenant_id")
    return f"""
    drop policy if exists t_read on public.tenants;
    drop policy if exists p_all on public.projects;
    create policy t_read on public.tenants for select to authenticated using ({tenant});
    create policy p_all on public.projects for all to authenticated
        using ({project}) with check ({project});
    """


def written(target: Target) -> tuple[str, Contract]:
    matrix = observe(target)
    assert [f.sentence for f in judge(matrix) if f.severity == "error"] == []
    text = render(facts_of(matrix), accepted={})
    return text, parse_contract(text)


def told(target: Target, contract: Contract) -> set[tuple[str, str | None]]:
    findings = check(observe(target), contract)
    return {(found.kind, found.persona) for found in findings if found.severity == "error"}


def test_every_spelling_of_the_claim_makes_the_same_contract(target: Target, run: Run) -> None:
    run(TABLES)
    texts: dict[str, str] = {}
    for name, (condition, functions) in SPELLINGS.items():
        run(functions + policies(condition))
        texts[name], _ = written(target)
    assert {name for name, text in texts.items() if text != texts["inline"]} == set()
    matrix = observe(target)
    projects = matrix.table("projects")
    assert projects is not None
    for command in ("select", "update", "delete"):
        own = projects.find("owner", "own", command)
        strange = projects.find("stranger", "other", command)
        assert own is not None
        assert own.succeeds
        assert strange is None or not strange.succeeds


def test_every_tenant_in_every_project_is_told(target: Target, run: Run) -> None:
    run(TABLES)
    for name in ("inline", "a helper", "a helper in plpgsql"):
        condition, functions = SPELLINGS[name]
        run(functions + policies(condition))
        _, contract = written(target)
        asked = condition.format("null").removeprefix("null = ")
        run(f"alter policy p_all on public.projects using (({asked}) is not null)")
        assert ("leak", "stranger") in told(target, contract), name


def test_a_function_that_decides_for_itself_is_no_claim(target: Target, run: Run) -> None:
    run(TABLES + helper("select gen_random_uuid()", name="other"))
    found = []
    for body in (
        "select t.id from public.tenants as t limit 1",
        f"select case when auth.jwt() ->> 'kind' = 'guest' then null else {CLAIM} end",
        f"select coalesce(private.other(), {CLAIM})",
        f"select {CLAIM}",
    ):
        run(helper(body) + policies("{} = private.tenant()"))
        with connect_admin(target) as connection:
            ownership, _ = find_ownership(look(connection))
        found.append({path for owner in ownership.values() for path in owner.claims.values()})
    assert found == [set(), set(), set(), {("app_metadata", "tenant_id")}]


ROLE = "auth.jwt() -> 'app_metadata' ->> 'role'"
INVOICES = f"""
create table public.invoices (
    id uuid primary key default gen_random_uuid(),
    tenant_id uuid not null references public.tenants,
    author_id uuid not null references auth.users,
    total numeric not null
);
alter table public.invoices enable row level security;
revoke all on public.invoices from anon, authenticated;
grant select on public.invoices to authenticated;
create function private.app_role() returns text language sql stable set search_path = ''
    as $$ select {ROLE} $$;
create policy i_read on public.invoices for select to authenticated using (false);
"""
ADMIN = "app_metadata.role=admin"


def invoices(condition: str) -> str:
    return f"alter policy i_read on public.invoices using ({condition});"


def test_a_role_in_the_token_has_power_in_the_tenant_of_the_token_only(
    target: Target, run: Run
) -> None:
    run(TABLES + INVOICES + "".join(SPELLINGS["a helper"][1:]) + policies("{} = private.tenant()"))
    spelt = f"tenant_id = private.tenant() and (select {ROLE}) = 'admin'"
    run(invoices(spelt))
    text, contract = written(target)
    assert f'[tables.invoices."{ADMIN}"]' in text
    assert "of another tenant" not in text
    assert f'[tables.projects."{ADMIN}"]' not in text, "there he is one of many"
    run(invoices(f"tenant_id = {CLAIM} and private.app_role() = 'admin'"))
    assert written(target)[0] == text
    run(invoices("private.app_role() = 'admin'"))
    assert ("leak", f"{ADMIN} of another tenant") in told(target, contract)
    run(invoices("tenant_id = private.tenant()"))
    assert ("leak", "owner") in told(target, contract)


def test_admins_of_the_tenant_reach_what_their_colleagues_wrote(target: Target, run: Run) -> None:
    run(TABLES + INVOICES + policies("{} = " + CLAIM))
    mine = "author_id = (select auth.uid())"
    run(invoices(f"{mine} or (tenant_id = {CLAIM} and {ROLE} = 'admin')"))
    _, contract = written(target)
    assert told(target, contract) == set()
    run(invoices(f"{mine} or {ROLE} = 'admin'"))
    assert told(target, contract) == {("leak", f"{ADMIN} of another tenant")}
    run(invoices(mine))
    assert ("loss", ADMIN) in told(target, contract)


def test_a_colleague_who_reaches_what_was_its_authors_alone_is_told(
    target: Target, run: Run
) -> None:
    run(TABLES + INVOICES + policies("{} = " + CLAIM))
    run(invoices(f"tenant_id = {CLAIM} and author_id = (select auth.uid())"))
    text, contract = written(target)
    assert "colleague" not in text, "nobody but the author reaches anything"
    run(invoices(f"tenant_id = {CLAIM}"))
    assert told(target, contract) == {("leak", "colleague")}


def test_without_a_tenant_in_the_token_the_role_belongs_to_nobody_in_particular(
    target: Target, run: Run
) -> None:
    run(TABLES + INVOICES + invoices(f"{ROLE} = 'admin'"))
    text = render(facts_of(observe(target)), accepted={})
    assert f'[tables.invoices."{ADMIN}"]' in text
    assert "of another tenant" not in text


OFFERS = """
create table public.offers (key text primary key, plan text not null);
create table public.bills (id uuid primary key default gen_random_uuid(), note text not null,
    owner_id uuid not null references auth.users (id) on delete cascade);
create index on public.bills (owner_id);
alter table public.offers enable row level security;
alter table public.bills enable row level security;
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on public.offers, public.bills to authenticated;
create policy offered on public.offers for select to authenticated
    using (plan = 'all' or strpos(auth.jwt() -> 'app_metadata' ->> 'plan', plan) = 1);
create policy own on public.bills for select to authenticated
    using (owner_id = (select auth.uid()));
create policy support on public.bills for select to authenticated
    using (auth.jwt() -> 'app_metadata' ->> 'role' = 'support');
"""


def test_a_tenant_that_a_contract_did_not_know_makes_nobody_new_elsewhere(target: Target) -> None:
    held = hold(target, OFFERS)
    plan = "plan = 'all' or plan = (auth.jwt() -> 'app_metadata' ->> 'plan')"
    told = held.after(f"alter policy offered on public.offers using ({plan})")
    assert told
    assert not [one for one in told if "bills" in one]


def test_what_is_opened_beside_such_a_tenant_is_told(target: Target) -> None:
    held = hold(target, OFFERS)
    plan = "plan = 'all' or plan = (auth.jwt() -> 'app_metadata' ->> 'plan')"
    told = held.after(
        f"alter policy offered on public.offers using ({plan});"
        "alter policy support on public.bills using (auth.jwt() -> 'app_metadata' ? 'role')"
    )
    assert [one for one in told if "bills" in one]
