# ruff: noqa: E501 - schemas read better in long lines
"""Conditions inside functions are held to the contract, and what a new function does is told."""

from __future__ import annotations

from prospectr_db.access.check import check
from prospectr_db.access.contract.contract import Contract
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import hold, run, written

BASE = """
create schema private;
grant usage on schema private to authenticated;
create table public.orgs (id uuid primary key default gen_random_uuid(), name text not null);
create table public.members (
    org_id uuid not null references public.orgs on delete cascade,
    user_id uuid not null references auth.users on delete cascade,
    primary key (org_id, user_id)
);
create table public.invites (
    id uuid primary key default gen_random_uuid(),
    org_id uuid not null references public.orgs on delete cascade,
    email text not null,
    token uuid not null default gen_random_uuid(),
    accepted_at timestamptz,
    withdrawn boolean not null default false,
    uses int not null default 0,
    most_uses int not null default 1
);
create table public.docs (
    id uuid primary key default gen_random_uuid(),
    org_id uuid not null references public.orgs on delete cascade,
    title text not null,
    words int not null default 0,
    rating numeric(2, 1) not null default 0 check (rating between 0 and 5)
);
create function private.is_member(org uuid) returns boolean
language sql stable security definer set search_path = ''
return exists (
    select from public.members as m where m.org_id = org and m.user_id = (select auth.uid())
);
alter table public.orgs enable row level security;
alter table public.members enable row level security;
alter table public.invites enable row level security;
alter table public.docs enable row level security;
create policy "Members read." on public.orgs for select to authenticated using (private.is_member(id));
create policy "Members read." on public.members for select to authenticated using (private.is_member(org_id));
create policy "Members read." on public.docs for select to authenticated using (private.is_member(org_id));
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on public.orgs, public.members, public.docs to authenticated;
"""
ACCEPT = """
create or replace function public.accept(t uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare i public.invites;
begin
    select * into i from public.invites as x where x.token = t and lower(x.email) = lower(auth.email()) {};
    if not found then raise exception 'no such invitation'; end if;
    insert into public.members (org_id, user_id) values (i.org_id, auth.uid()) on conflict do nothing;
    update public.invites as x set accepted_at = now(), uses = x.uses + 1 where x.id = i.id;
end $$;
"""
CONDITIONS = "and x.accepted_at is null and not x.withdrawn and x.uses < x.most_uses"
WORDS = """
create or replace function public.words() returns bigint
language sql stable security definer set search_path = ''
return (select coalesce(sum(d.words), 0) from public.docs as d {});
"""
MINE = "where private.is_member(d.org_id)"
RATING = """
create or replace function public.rating() returns numeric
language sql stable security definer set search_path = ''
return (select max(d.rating) from public.docs as d {});
"""
RIGHT = (
    BASE
    + ACCEPT.format(CONDITIONS)
    + WORDS.format(MINE)
    + RATING.format(MINE)
    + """
revoke execute on function public.accept(uuid), public.words(), public.rating() from public, anon;
grant execute on function public.accept(uuid), public.words(), public.rating() to authenticated;
"""
)


def told(target: Target, contract: Contract) -> set[str]:
    matrix = observe(target, given=contract.given)
    return {f.sentence for f in check(matrix, contract) if f.severity == "error"}


def test_a_condition_that_a_function_loses_turns_the_contract_red(target: Target) -> None:
    run(target, RIGHT)
    assert [f.sentence for f in judge(observe(target)) if f.severity == "error"] == []
    contract = written(target)
    assert told(target, contract) == set()
    for lost, expected in (
        ("and x.accepted_at is null", "accepted_at=2020-01-01"),
        ("and not x.withdrawn", "withdrawn=true"),
    ):
        run(target, ACCEPT.format(CONDITIONS.replace(lost, "")))
        sentence = f"Owners can now call public.accept(uuid) where invites.{expected}."
        assert sentence in told(target, contract)


def test_another_spelling_of_a_functions_conditions_is_no_difference(target: Target) -> None:
    run(target, RIGHT)
    contract = written(target)
    run(
        target,
        ACCEPT.format(
            "and x.withdrawn is false and coalesce(x.accepted_at, 'infinity') = 'infinity'"
            " and x.most_uses > x.uses"
        ),
    )
    run(
        target,
        "create function private.accept_it(t uuid) returns void language sql security definer set search_path = '' as $$ select public.accept(t) $$",
    )
    assert told(target, contract) == set()


def test_a_total_that_begins_to_count_others_rows_is_told_whatever_the_default(
    target: Target,
) -> None:
    run(target, RIGHT)
    contract = written(target)
    run(target, WORDS.format("") + RATING.format(""))
    sentences = told(target, contract)
    for name in ("words", "rating"):
        learn = "can now learn about other people's rows from the answer of"
        assert f"Authenticated strangers {learn} public.{name}()." in sentences


def test_a_search_path_that_a_function_loses_turns_the_contract_red(target: Target) -> None:
    run(target, RIGHT)
    contract = written(target)
    run(target, "alter function public.words() reset search_path")
    assert told(target, contract) == {
        (
            "public.words() now runs with the rights of postgres and the search_path of its "
            "caller; the contract says rights of postgres."
        )
    }


def test_who_reaches_what_is_new_is_said_beside_that_it_is_unmentioned(target: Target) -> None:
    run(target, RIGHT)
    contract = written(target)
    run(
        target,
        """
        create function public.invited(e text) returns boolean
        language sql stable security definer set search_path = ''
        return exists (select from public.invites as i where i.email = e);
        create function public.mine() returns bigint
        language sql stable set search_path = '' return (select count(*) from public.docs);
        revoke execute on function public.mine() from public, anon;
        grant execute on function public.mine() to authenticated;
        create view public.titles as select d.title from public.docs as d;
        revoke all on public.titles from anon, authenticated;
        grant select on public.titles to authenticated;
        """,
    )
    sentences = told(target, contract)
    assert sentences >= {
        "The function public.invited(text) is not in the contract: everybody, even without a login, can call it, with the rights of postgres; say who may do what to it.",
        "The function public.mine() is not in the contract: signed-in users can call it, with the rights of its caller; say who may do what to it.",
        "The view titles is not in the contract: any signed-in user can read rows of it, with the rights of postgres; say who may do what to it.",
        "Authenticated strangers can learn about other people's rows from the answer of public.invited(text).",
        "Authenticated strangers can read titles.title on other people's rows.",
    }
    assert not any("answer of public.mine()" in sentence for sentence in sentences)


def test_a_view_on_which_nothing_is_granted_is_doubtful_and_not_red(target: Target) -> None:
    held = hold(target, RIGHT)
    view = "create view public.{0} as select d.title from public.docs as d; revoke all on public.{0} from anon, authenticated;"
    assert held.after(view.format("closed")) == set()
    assert held.warnings() >= {
        "The view closed is not in the contract: neither visitors nor users can read or write it, with the rights of postgres. Nothing is granted on it."
    }
    found = held.after(
        view.format("titles") + "grant select (title) on public.titles to authenticated;"
    )
    assert any("The view titles is not in the contract" in sentence for sentence in found)


HARMFUL = {
    "public.org_of(uuid)": "t uuid) returns uuid language sql as 'select i.org_id from public.invites as i where i.token = t'",
    "public.add_doc(uuid, text)": "o uuid, t text) returns void language sql as 'insert into public.docs (org_id, title) values (o, t)'",
    "public.patch(jsonb)": "d jsonb) returns void language sql as 'update public.docs set title = d ->> ''title'' where id = (d ->> ''id'')::uuid'",
    "public.save(public.docs)": "d public.docs) returns void language sql as 'update public.docs set title = d.title where id = d.id'",
    "public.run_report(text)": "tbl text) returns json language plpgsql as 'declare r json; begin execute format(''select json_agg(t) from public.%I t'', tbl) into r; return r; end'",
}
HARMLESS = {
    "public.add_doc(uuid, text)": "o uuid, t text) returns void language sql as 'insert into public.docs (org_id, title) select o, t where private.is_member(o)'",
    "public.org_ids()": ") returns setof uuid language sql as 'select m.org_id from public.members as m where m.user_id = auth.uid()'",
    "public.search(text)": "q text) returns setof public.docs language sql as 'select d.* from public.docs as d where d.title ilike q and private.is_member(d.org_id)'",
}


def added(functions: dict[str, str]) -> str:
    return ";".join(
        f"create function {name.partition('(')[0]}({rest} security definer set search_path = ''"
        for name, rest in functions.items()
    )


def test_harmful_functions_are_red_without_a_contract(target: Target) -> None:
    run(target, RIGHT + added(HARMFUL))
    found = [f for f in judge(observe(target)) if f.severity == "error"]
    assert {f.relation for f in found if f.persona == "stranger"} == set(HARMFUL)


def test_functions_that_ask_who_calls_are_green_without_a_contract(target: Target) -> None:
    run(target, RIGHT + added(HARMLESS))
    assert [f.sentence for f in judge(observe(target)) if f.severity == "error"] == []


EVENTS = """
create table public.events (
    id uuid primary key default gen_random_uuid(), user_id uuid not null references auth.users (id),
    is_on boolean not null default false, is_secret boolean not null default false
);
create table public.tickets (
    id uuid primary key default gen_random_uuid(),
    event_id uuid not null references public.events (id),
    user_id uuid not null references auth.users (id)
);
alter table public.events enable row level security;
alter table public.tickets enable row level security;
revoke all on public.events, public.tickets from anon, authenticated;
grant select on public.events, public.tickets to authenticated;
grant insert on public.tickets to authenticated;
create policy e on public.events for select to authenticated
    using (is_on or user_id = (select auth.uid()));
create policy t on public.tickets for select to authenticated using (user_id = auth.uid());
create policy i on public.tickets for insert to authenticated with check (
    user_id = auth.uid()
    and exists (select from public.events as e where e.id = event_id and e.is_on)
);
"""
HELPER = """
create function public.on_sale(event uuid) returns boolean
language sql stable security definer set search_path = '' as $$
    select coalesce((select e.{state} from public.events as e where e.id = event), false)
$$;
revoke execute on function public.on_sale(uuid) from public, anon;
grant execute on function public.on_sale(uuid) to authenticated;
alter policy i on public.tickets with check (user_id = auth.uid() and public.on_sale(event_id));
"""


def test_a_helper_that_says_what_its_caller_reads_anyway_is_no_error(target: Target) -> None:
    held = hold(target, EVENTS)
    assert held.after(HELPER.format(state="is_on")) == set()


def test_a_helper_that_says_what_its_caller_may_not_read_is_one(target: Target) -> None:
    held = hold(target, EVENTS)
    red = held.after(HELPER.format(state="is_secret"))
    assert any("on_sale(uuid) is not in the contract" in sentence for sentence in red)


def test_a_helper_about_a_row_that_is_not_read_as_a_whole_is_one(target: Target) -> None:
    grant = "revoke select on public.events from authenticated;"
    grant += " grant select (id, user_id, is_on) on public.events to authenticated;"
    held = hold(target, EVENTS + grant)
    red = held.after(HELPER.format(state="is_on"))
    assert any("on_sale(uuid) is not in the contract" in sentence for sentence in red)
