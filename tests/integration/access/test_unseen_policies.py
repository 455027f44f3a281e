# ruff: noqa: E501 - schemas read better in long lines
"""A policy that nothing of the world needs is held by its text, however it is spelt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.access.review.telling import tell
from prospectr_db.access.verify import access_difference
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator
from prospectr_db.server.templates import Template
from tests.integration.access import ordinary
from tests.integration.access.held import Run, red, written
from tests.integration.access.schemas import FILES, NOTES, TEAMS, TREE

LONG = "char_length(title) > 500"
"""What no title of the world is."""
IDLE = f'alter policy "drop own" on public.notes using (user_id = auth.uid() and {LONG});'
EXTRA = (
    "create policy extra on public.notes for select to authenticated"
    f" using (is_pro and ({LONG} or body = 'open sesame' and char_length(body) > 500));"
)
NOBODY = "that made no difference to anything that was tried"


def test_a_policy_that_nobody_passes_is_held_by_its_text(target: Target, run: Run) -> None:
    run(NOTES + IDLE)
    assert list(red(target, None).values()) == ["loss"]
    contract = written(target)
    text = "delete to authenticated where (char_length(title) > 500) AND (user_id = auth.uid())"
    assert contract.facts.unseen == {"notes": (text,)}
    assert red(target, contract) == {}
    run('alter policy "drop own" on public.notes using (char_length(title) > 500);')
    changed = (
        f"A policy on notes {NOBODY} says otherwise now: delete to authenticated where "
        "char_length(title) > 500; the contract says where (char_length(title) > 500) AND "
        "(user_id = auth.uid())."
    )
    assert red(target, contract) == {changed: "leak"}
    run('drop policy "drop own" on public.notes;')
    gone = f"The contract holds a policy on notes that is not there any more: {text}."
    assert red(target, contract) == {gone: "loss"}


def test_one_of_several_that_nobody_passes_is_held_as_well(target: Target, run: Run) -> None:
    run(NOTES)
    before = written(target)
    run(EXTRA)
    assert red(target, None) == {}
    text = (
        "select to authenticated where (((body = 'open sesame') AND (char_length(body) > 500)) "
        "OR (char_length(title) > 500)) AND is_pro"
    )
    new = (
        f"A policy on notes {NOBODY} is not in the contract: {text}. If it is meant, "
        "`prospectr-db access write` states it."
    )
    assert red(target, before) == {new: "leak"}
    contract = written(target)
    assert red(target, contract) == {}
    run("drop policy extra on public.notes;")
    assert list(red(target, contract).values()) == ["loss"]


@pytest.mark.parametrize(
    "spelling",
    [
        "(IS_PRO AND ((body = 'open sesame' and CHAR_LENGTH(body) > 500) or char_length(title)>500))",
        f"((is_pro) and ((({LONG})) or (body::text = 'open sesame'::text and char_length(body) > 500)))",
        f"({LONG} or ('open sesame' = body and char_length(body) > 500)) and is_pro",
    ],
)
def test_another_spelling_of_it_is_the_same(spelling: str, target: Target, run: Run) -> None:
    run(NOTES + EXTRA)
    contract = written(target)
    run(
        f"alter policy extra on public.notes using ({spelling});alter policy extra on public.notes rename to more;"
    )
    assert red(target, contract) == {}


@pytest.mark.parametrize(
    "change",
    [
        # The same words, and what belongs to what is another.
        f"alter policy extra on public.notes using ((is_pro and {LONG}) or body = 'open sesame' and char_length(body) > 500)",
        f"alter policy extra on public.notes using (is_pro and ({LONG} or body = 'open sesam' and char_length(body) > 500))",
        f"alter policy extra on public.notes using (is_pro and ({LONG} or body = 'open sesame' or char_length(body) > 500))",
        "alter policy extra on public.notes to anon, authenticated",
    ],
)
def test_another_meaning_of_it_is_told(change: str, target: Target, run: Run) -> None:
    run(NOTES + EXTRA)
    contract = written(target)
    run(change)
    assert [kind for kind in red(target, contract).values() if kind == "leak"]


def test_the_caller_may_be_asked_in_a_sub_select(target: Target, run: Run) -> None:
    run(NOTES + IDLE)
    contract = written(target)
    run(
        'alter policy "drop own" on public.notes'
        f" using ((select auth.uid()) = user_id and (select {LONG.replace('title', 'title::text')}));"
    )
    assert red(target, contract) == {}


def test_a_restriction_that_keeps_nobody_out_is_held(target: Target, run: Run) -> None:
    restricting = "create policy short on public.notes as restrictive for insert to authenticated"
    run(NOTES + f"{restricting} with check (char_length(title) < 500);")
    contract = written(target)
    text = "insert to authenticated, restricting where char_length(title) < 500"
    assert contract.facts.unseen == {"notes": (text,)}
    assert red(target, contract) == {}
    run("drop policy short on public.notes;")
    gone = f"The contract holds a policy on notes that is not there any more: {text}."
    assert red(target, contract) == {gone: "loss"}


def test_what_lets_in_who_is_let_in_anyway_is_not_held(target: Target, run: Run) -> None:
    run(
        NOTES + "create policy more on public.notes for select to authenticated"
        " using (user_id = (select auth.uid()) and title is not null);"
        "create policy yet_more on public.notes for all to authenticated"
        " using (user_id = (select auth.uid()));"
    )
    assert written(target).facts.unseen == {}


PORTAL = """
create table public.companies (
    id uuid primary key default gen_random_uuid(), owner_id uuid not null references auth.users (id)
);
create table public.customers (
    id uuid primary key default gen_random_uuid(), user_id uuid references auth.users (id),
    company_id uuid not null references public.companies (id)
);
create table public.invoices (
    id uuid primary key default gen_random_uuid(), status text not null default 'draft' check (status in ('draft', 'sent')),
    customer_id uuid not null references public.customers (id)
);
alter table public.companies enable row level security;
alter table public.customers enable row level security;
alter table public.invoices enable row level security;
grant select on all tables in schema public to authenticated;
create policy own on public.companies for select to authenticated using (owner_id = auth.uid());
create policy own on public.customers for select to authenticated
    using (user_id = auth.uid() or company_id in (select id from public.companies));
create policy company on public.invoices for select to authenticated using (
    customer_id in (select c.id from public.customers c where c.company_id in (select id from public.companies))
);
create policy customer on public.invoices for select to authenticated using (
    status <> 'draft' and customer_id in (select c.id from public.customers c where c.user_id = auth.uid())
);
"""
"""The world's owner is the only customer of his company: both policies let him in."""


def test_a_policy_that_others_make_up_for_in_this_world_is_held(target: Target, run: Run) -> None:
    run(PORTAL)
    both = "status <> 'draft' and approved"
    mine = "customer_id in (select id from public.customers where (select auth.uid()) = user_id)"
    run("alter table public.invoices add approved boolean not null default false;")
    run(f"alter policy customer on public.invoices using ({both} and {mine});")
    contract = written(target)
    text = (
        "select to authenticated where (customer_id IN (SELECT customers.id FROM public.customers "
        "WHERE (customers.user_id = auth.uid()))) AND (status <> 'draft') AND approved"
    )
    assert contract.facts.unseen == {"invoices": (text,)}
    run(f"alter policy customer on public.invoices using ({mine} and {both});")
    assert red(target, contract) == {}
    run(f"alter policy customer on public.invoices using ({mine});")
    gone = f"The contract holds a policy on invoices that is not there any more: {text}."
    seen = (
        "Owners can now read invoices (every column) on their own rows"
        " where customers is theirs by user_id alone."
    )
    assert red(target, contract) == {seen: "leak", gone: "loss"}
    run("drop policy customer on public.invoices;")
    assert red(target, contract) == {gone: "loss"}


def test_one_that_lets_in_whose_row_it_is_by_its_parent_alone_is_seen_in_its_states(
    target: Target, run: Run
) -> None:
    run(PORTAL)
    contract = written(target)
    assert contract.facts.unseen == {}
    mine = "customer_id in (select id from public.customers where (select auth.uid()) = user_id)"
    run(f"alter policy customer on public.invoices using ({mine} and status = 'sent');")
    assert red(target, contract) == {}
    alone = "on their own rows where customers is theirs by user_id alone"
    run(f"alter policy customer on public.invoices using ({mine});")
    assert red(target, contract) == {
        f"Owners can now read invoices (every column) {alone}.": "leak"
    }
    run("drop policy customer on public.invoices;")
    lost = f"Owners can no longer read invoices (every column) {alone}, status=sent"
    assert [kind for said, kind in red(target, contract).items() if said.startswith(lost)] == [
        "loss"
    ]


def test_a_policy_by_another_link_is_seen_of_rows_that_are_mine_by_it_alone(
    target: Target, run: Run
) -> None:
    run(PORTAL)
    run(
        "alter table public.invoices add company_id uuid not null references public.companies (id);"
    )
    run(
        "alter policy company on public.invoices"
        " using (company_id in (select id from public.companies));"
    )
    contract = written(target)
    assert contract.facts.unseen == {}
    run(
        "alter policy customer on public.invoices using (customer_id in"
        " (select c.id from public.customers c where c.user_id = auth.uid()));"
    )
    drafts = "on their own rows under somebody else's company_id."
    assert red(target, contract) == {
        f"Owners can now read invoices (every column) {drafts}": "leak"
    }


def test_a_policy_that_only_a_trigger_lets_somebody_pass_is_found_out_by_leaving_it_alone(
    target: Target, run: Run
) -> None:
    run(
        NOTES
        + """
create function public.mark() returns trigger language plpgsql set search_path = ''
    as $$ begin new.body := repeat('x', 600); return new; end $$;
create trigger mark before insert on public.notes for each row execute function public.mark();
alter policy "add own" on public.notes with check (user_id = auth.uid() and char_length(title) > 500);
create policy marked on public.notes for insert to authenticated
    with check (user_id = auth.uid() and char_length(body) > 500);
"""
    )
    told = written(target).facts.unseen["notes"]
    assert [text.partition(" where ")[2] for text in told] == [
        "(char_length(title) > 500) AND (user_id = auth.uid())"
    ]


@pytest.mark.parametrize(
    "schema",
    [
        *(NOTES, TREE, TEAMS, FILES),
        *(ordinary.OPEN + s for s in (ordinary.PROFILES, ordinary.TENANTS, ordinary.POSTS)),
    ],
)
def test_nothing_is_held_of_ordinary_policies(schema: str, target: Target, run: Run) -> None:
    run(schema)
    assert written(target).facts.unseen == {}


WHOLE = f"""
alter policy "add own" on public.notes with check (user_id = auth.uid() and {LONG} and body = 'a');
create policy whole on public.notes for all to authenticated
    using (user_id = auth.uid()) with check (user_id = auth.uid() and {LONG});
"""
FOUR = f"""
drop policy whole on public.notes;
create policy a on public.notes for insert to authenticated with check (auth.uid() = user_id and {LONG});
create policy b on public.notes for select to authenticated using (user_id = auth.uid());
create policy c on public.notes for delete to authenticated using (user_id = auth.uid());
"""


def test_what_one_for_all_commands_says_of_each_is_held_and_may_stand_in_others(
    target: Target, run: Run
) -> None:
    run(NOTES + WHOLE)
    contract = written(target)
    text = "insert to authenticated where (char_length(title) > 500) AND (user_id = auth.uid())"
    assert text in contract.facts.unseen["notes"]
    assert red(target, contract) == {}
    run(FOUR)
    assert red(target, contract) == {}
    run("alter policy a on public.notes with check (char_length(title) > 500);")
    (told,) = red(target, contract)
    assert told.startswith(f"A policy on notes {NOBODY} says otherwise now: insert to ")


BARE = """
create table public.notes (
    id uuid primary key default gen_random_uuid(), user_id uuid not null references auth.users (id), body text
);
alter table public.notes enable row level security;
grant select, insert, update, delete on public.notes to authenticated;
"""
CHECKING = """
create policy a on public.notes for select to authenticated using (user_id = auth.uid());
create policy b on public.notes to authenticated with check (user_id = auth.uid());
"""


def test_a_policy_without_a_condition_on_rows_lets_nobody_see_or_delete_any(
    target: Target, run: Run
) -> None:
    run(BARE + CHECKING)
    contract = written(target)
    assert contract.facts.unseen == {}
    assert red(target, contract) == {}
    run("drop policy b on public.notes;")
    run(
        "create policy b on public.notes for insert to authenticated with check (user_id = auth.uid());"
    )
    assert red(target, contract) == {}
    run("alter policy b on public.notes with check (user_id is not null);")
    assert set(red(target, contract).values()) == {"leak"}


def test_what_such_a_policy_checks_of_rows_that_another_lets_change_is_held(
    target: Target, run: Run
) -> None:
    changing = (
        "create policy c on public.notes for update to authenticated using (user_id = auth.uid())"
    )
    run(BARE + CHECKING + f"{changing} with check (body is null);")
    run(
        "alter policy b on public.notes with check (user_id = auth.uid() and char_length(body) > 500);"
    )
    contract = written(target)
    text = "where (char_length(body) > 500) AND (user_id = auth.uid())"
    assert contract.facts.unseen == {
        "notes": (f"insert to authenticated {text}", f"update to authenticated {text}")
    }
    assert red(target, contract) == {}
    run("alter policy b on public.notes with check (char_length(body) > 500);")
    assert set(red(target, contract).values()) == {"leak"}


def test_what_is_joined_by_or_may_be_split(target: Target, run: Run) -> None:
    either = f"user_id = auth.uid() or (is_pro and {LONG})"
    run(NOTES + f'alter policy "see own" on public.notes using ({either});')
    contract = written(target)
    assert contract.facts.unseen == {}
    assert len(contract.facts.alternatives["notes"]) == len(either.split(" or "))
    run(
        'alter policy "see own" on public.notes using (user_id = (select auth.uid()));'
        f"create policy pro on public.notes for select to authenticated using ({LONG} and is_pro);"
    )
    assert red(target, contract) == {}
    run(f"alter policy pro on public.notes using ({LONG});")
    (told,) = red(target, contract)
    assert told.startswith(f"A policy on notes {NOBODY} is not in the contract: select to ")


def test_a_policy_on_files_that_nobody_passes_is_held(target: Target, run: Run) -> None:
    run(
        FILES + "create policy odd on storage.objects for select to authenticated"
        " using (bucket_id = 'papers' and char_length(name) > 500);"
    )
    contract = written(target)
    text = "select to authenticated where (bucket_id = 'papers') AND (char_length(name) > 500)"
    assert contract.facts.unseen == {"storage.objects": (text,)}
    assert red(target, None) == {}
    assert red(target, contract) == {}
    run("alter policy odd on storage.objects using (char_length(name) > 500);")
    assert list(red(target, contract).values()) == ["leak"]


HELPERS = """
create table public.members (
    team uuid not null, user_id uuid not null references auth.users (id), primary key (team, user_id)
);
alter table public.members enable row level security;
revoke all on public.members from anon, authenticated;
create function public.is_long(title text) returns boolean language sql immutable set search_path = ''
as $$ select char_length(title) > 500 -- {0}
$$;
create function public.belongs(note uuid) returns boolean
language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.members m where m.team = note and m.user_id = auth.uid()) $$;
create function public.looped(title text) returns boolean language plpgsql stable set search_path = ''
as $$
begin
    for at in 1 .. 2 loop
        if public.is_long(title) then return true; end if;
    end loop;
    return false;
end $$;
create policy helped on public.notes for select to authenticated
using (public.is_long(title) and public.belongs(id));
create policy looped on public.notes for select to authenticated using (public.looped(title));
"""
REWRITTEN = """
create or replace function public.is_long(title text) returns boolean
language plpgsql immutable set search_path = '' as $$ BEGIN RETURN char_length($1) > 500; END; $$;
create or replace function public.belongs(note uuid) returns boolean
language sql stable security definer set search_path = ''
begin atomic select exists (
    select 1 from public.members where (select auth.uid()) = user_id and members.team = belongs.note);
end;
alter policy helped on public.notes using (public.belongs(notes.id) and char_length(title) > 500);
"""
LOOKED_UP = """
create or replace function public.belongs(note uuid) returns boolean
language plpgsql stable security definer set search_path = public as $$
declare
    me constant uuid := auth.uid();
    n int;
begin
    if me is null then
        return false;
    end if;
    select count(*) into n from members m where m.team = note and m.user_id = me;
    return n > 0;
end $$;
"""


def test_what_helpers_of_such_a_policy_say_is_held_through_every_level(
    target: Target, run: Run
) -> None:
    run(NOTES + HELPERS)
    contract = written(target)
    helped, looped = contract.facts.unseen["notes"]
    assert helped == (
        "select to authenticated where (char_length(title) > 500) AND definer(EXISTS (SELECT 1 FROM"
        " public.members WHERE ((id = members.team) AND (members.user_id = auth.uid()))))"
    )
    assert looped.startswith("select to authenticated where public.looped(title) -- ")
    assert looped.count("-- public.") == 2
    run(REWRITTEN)
    assert red(target, contract) == {}
    run(LOOKED_UP)
    assert red(target, contract) == {}
    run(
        "create or replace function public.is_long(title text) returns boolean"
        " language sql immutable set search_path = '' as $$ select char_length(title) > 50 $$;"
    )
    behind = (
        "What stands behind a policy on notes (select to authenticated where public.looped(title)) "
        "is now: public.is_long(text): char_length(title) > 50; "
        "the contract says public.is_long(text): char_length(title) > 500."
    )
    assert red(target, contract) == {behind: "leak"}
    plain = (
        "select to authenticated where public.looped(title)",
        "select to authenticated where (char_length(title) > 500) AND public.belongs(id)",
    )
    facts = replace(contract.facts, covers=frozenset(), unseen={"notes": plain})
    older = replace(contract, facts=facts)
    assert red(target, older) == {}


def test_a_plan_tells_of_such_a_policy(
    target: Target,
    run: Run,
    make_database: Callable[[Template], Target],
    platform_template: Template,
) -> None:
    run(NOTES)
    after = make_database(platform_template)
    with connect_as_migrator(after) as connection:
        connection.execute(NOTES + EXTRA)  # type: ignore[call-overload]
    assert [f.rule for f in access_difference(target, after)] == ["unseen-policy"]


def test_a_project_that_grants_nothing_is_told_how_older_ones_do(target: Target, run: Run) -> None:
    run(NOTES + "revoke all on public.notes from authenticated;")
    found = judge(observe(target))
    closed = [f.sentence for f in found if f.severity == "error" and f.rule != "unexposed"]
    assert len(closed) == 4
    assert len(tell(f for f in found if f.severity == "error")) == 1
    assert all(s.endswith("can: no role of the API is granted it.") for s in closed)
    assert [f.rule for f in found if "auto_expose_new_tables" in f.sentence] == ["unexposed"]
    run("grant select on public.notes to authenticated;")
    assert not any("auto_expose" in f.sentence for f in judge(observe(target)))
