"""The contract is written from what is seen, and any change of access turns the check red."""

from __future__ import annotations

import pytest

from prospectr_db.access.check import check
from prospectr_db.access.contract.contract import Contract, parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.matrix.given import Given
from prospectr_db.access.mutants import mutate
from prospectr_db.access.observation import prepared
from prospectr_db.access.observe import observe, observing
from prospectr_db.access.review.findings import judge
from prospectr_db.access.sabotage import SabotageNotSeenError, sabotage
from prospectr_db.access.verify import check_target, write_contract
from prospectr_db.access.witness.why import explain
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_admin, connect_as_migrator
from prospectr_db.errors import ConfigError, UsageError
from prospectr_db.project import load
from prospectr_db.report.access_why import why_text
from prospectr_db.report.style import Style
from tests.conftest import MakeProject
from tests.integration.access.held import Run, written
from tests.integration.access.schemas import FILES, NOTES, TEAMS, TREE


def sentences(target: Target, contract: Contract) -> set[str]:
    return {f.sentence for f in check(observe(target), contract) if f.severity == "error"}


@pytest.mark.parametrize("schema", [NOTES, TREE, TEAMS], ids=["notes", "tree", "teams"])
def test_a_contract_that_was_just_written_is_kept(schema: str, target: Target, run: Run) -> None:
    run(schema)
    assert sentences(target, written(target)) == set()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            "grant update (is_pro) on public.notes to authenticated",
            "Owners can now update notes.is_pro on their own rows, which is the server's to write.",
        ),
        (
            "grant insert (is_pro) on public.notes to authenticated",
            (
                "Owners can now insert into notes.is_pro for themselves, "
                "which is the server's to write."
            ),
        ),
        (
            "revoke delete on public.notes from authenticated",
            (
                "Owners can no longer delete notes on their own rows: denied, permission denied "
                "for table notes."
            ),
        ),
        (
            (
                "create table public.extra (id int primary key); "
                "alter table public.extra enable row level security"
            ),
            (
                "The table extra is not in the contract: neither visitors nor users can read or "
                "write it; say who may do what to it."
            ),
        ),
        ("drop table public.notes", "The contract speaks of notes, which is not there."),
        (
            "grant select on public.notes to anon",
            "notes now holds a grant that no policy uses: anon: select.",
        ),
        (
            "grant truncate on public.notes to anon",
            "Visitors without a login can now empty notes with TRUNCATE, which no policy stops.",
        ),
        (
            'alter policy "drop own" on public.notes using (true)',
            "Authenticated strangers can now delete notes on other people's rows.",
        ),
    ],
)
def test_a_change_of_access_is_told_in_a_sentence(
    change: str, expected: str, target: Target, run: Run
) -> None:
    run(NOTES)
    contract = written(target)
    run(change)
    assert expected in sentences(target, contract)


@pytest.mark.parametrize(
    "spelling",
    [
        'alter policy "see own" on public.notes using (user_id = auth.uid())',
        'alter policy "see own" on public.notes to public',
        (
            'drop policy "see own" on public.notes; create policy a on public.notes for select '
            "to authenticated using (auth.uid() is not null and auth.uid() = user_id)"
        ),
    ],
)
def test_another_spelling_of_the_same_access_keeps_the_contract(
    spelling: str, target: Target, run: Run
) -> None:
    run(NOTES)
    contract = written(target)
    run(spelling)
    assert sentences(target, contract) == set()


@pytest.mark.parametrize(
    "hole",
    [
        'alter policy "see own" on public.notes using (true)',
        'alter policy "drop own" on public.notes using (true)',
        "alter table public.notes disable row level security",
        "grant truncate on public.notes to anon",
        (
            "create policy staff on public.notes for select to authenticated"
            " using ((select auth.jwt() -> 'user_metadata' ->> 'role') = 'admin')"
        ),
        (
            "create policy guests on public.notes for select to authenticated"
            " using ((select auth.jwt() ->> 'is_anonymous')::boolean)"
        ),
    ],
)
def test_what_a_contract_states_is_red_without_it_and_accepted_with_it(
    hole: str, target: Target, run: Run
) -> None:
    run(NOTES)
    before = written(target)
    run(hole)
    matrix = observe(target)
    assert [f for f in check(matrix, None) if f.severity != "note"]
    assert [f for f in check(matrix, before) if f.severity == "error"]
    assert sentences(target, written(target)) == set()


def test_writing_a_contract_tells_what_a_reviewer_would_ask_about(
    target: Target, run: Run, make_project: MakeProject
) -> None:
    run(NOTES + 'alter policy "see own" on public.notes using (true);')
    project = load(make_project({"supabase/config.toml": 'project_id = "p"\n'}))
    report = write_contract(target, project)
    assert report.unreasoned == ()
    assert "read every row" in " ".join(f.sentence for f in report.stated)
    kept = check_target(target, project=project)
    assert kept.ok, [f.sentence for f in kept.errors]
    assert {f.rule for f in kept.findings if f.severity == "note"} >= {"other-rows"}


def test_comments_and_reasons_survive_writing_again(target: Target, run: Run) -> None:
    run(NOTES)
    facts = facts_of(observe(target))
    text = render(facts, accepted={"a/b": "because"})
    kept = text.replace(
        "[tables.notes.owner]", "# the owner writes his notes\n[tables.notes.owner]  # all of them"
    )
    again = render(facts, accepted={"a/b": "because"}, previous=kept)
    assert again == kept


@pytest.mark.parametrize(
    "text",
    [
        "version = ",
        "strange = 1",
        "[tables.notes.owner]\nselect = 3",
        "[tables.notes.owner]\nfly = true",
        "[tables]\nnotes = 1",
    ],
)
def test_a_contract_that_cannot_be_read_is_explained(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_contract(text)
    assert caught.value.hint


def test_an_empty_database_is_not_green(target: Target) -> None:
    report = check_target(target)
    assert not report.ok
    assert [f.kind for f in report.errors] == ["vacuous"]


def test_a_table_whose_rows_cannot_be_built_is_red_until_values_are_supplied(
    target: Target, run: Run
) -> None:
    run(
        NOTES
        + "alter table public.notes add column code text not null check (md5(code) like 'e4da%');"
        "grant insert (code) on public.notes to authenticated;"
    )
    found = [f for f in check(observe(target), None) if f.severity == "error"]
    assert {f.kind for f in found} >= {"vacuous"}
    supplied = observe(target, given=Given(values={"notes": {"code": "5"}}))
    assert not [f for f in check(supplied, None) if f.kind == "vacuous"]


def test_each_run_lays_one_table_open_and_sees_it(target: Target, run: Run) -> None:
    run(NOTES)
    report = check_target(target)
    assert report.ok
    assert report.sabotage.startswith("row-level security switched off on notes")


@pytest.mark.parametrize(
    "schema",
    [
        NOTES
        + 'alter policy "see own" on public.notes using (true);'
        + 'alter policy "drop own" on public.notes using (true);',
        (
            "create table public.faq (id int primary key, body text);"
            "alter table public.faq enable row level security;"
            "create policy r on public.faq for select to anon, authenticated using (true);"
            "grant select on public.faq to anon, authenticated;"
        ),
    ],
    ids=["only updates are kept from others", "rows of nobody"],
)
def test_what_is_kept_only_in_part_is_laid_open_as_well(
    schema: str, target: Target, run: Run
) -> None:
    run(schema)
    assert check_target(target).sabotage.startswith("row-level security switched off on ")


def test_a_check_that_cannot_see_the_sabotage_is_an_error(
    target: Target, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(NOTES)
    with observing(target) as (observation, matrix):
        monkeypatch.setattr("prospectr_db.access.sabotage.judge", lambda _matrix: ())
        with pytest.raises(SabotageNotSeenError):
            sabotage(observation, matrix)


def test_nothing_of_an_observation_stays_behind(target: Target, run: Run) -> None:
    run(NOTES)
    check_target(target)
    with connect_as_migrator(target) as connection:
        rows = connection.execute(
            "select (select count(*) from auth.users), (select count(*) from public.notes),"
            " to_regnamespace('prospectr_access')::text"
        ).fetchone()
    assert rows == (0, 0, None)


def test_why_shows_the_value_of_each_part_of_the_policy_that_decided(
    target: Target, run: Run
) -> None:
    run(
        NOTES
        + 'alter policy "see own" on public.notes using (auth.uid() = user_id and not is_pro);'
    )
    with prepared(target) as observation:
        stranger = explain(observation, "notes", persona="stranger", command="select")
        owner = explain(observation, "notes", persona="owner", command="select")
    deciding = next(p for p in stranger.policies if p.applies)
    assert stranger.verdict == "filtered"
    assert owner.verdict == "allowed"
    assert [(p.depth, p.value) for p in deciding.parts if "user_id" in p.expression] == [
        (0, "false"),
        (1, "false"),
    ]
    assert any(p.expression == "NOT is_pro" and p.value == "true" for p in deciding.parts)


def test_the_printed_script_reproduces_the_verdict(target: Target, run: Run) -> None:
    run(NOTES)
    with prepared(target) as observation:
        why = explain(observation, "notes", persona="owner", command="update", column="title")
        connection = observation.connection
        lines = why.script.removeprefix("begin;").removesuffix("rollback;")
        connection.execute(lines)  # type: ignore[call-overload]
    assert why.verdict == "allowed"
    assert "set local role authenticated" in why.script


def test_the_printed_script_brings_its_rows_to_a_database_without_any(
    target: Target, run: Run
) -> None:
    run(TREE)
    with prepared(target) as observation:
        why = explain(observation, "items", persona="owner", command="select")
    assert why.verdict == "allowed"
    shown = why.script.removesuffix("rollback;").rstrip().removesuffix(";").rpartition(";\n")[0::2]
    with connect_admin(target) as connection:
        connection.execute(shown[0].removeprefix("begin;"))  # type: ignore[call-overload]
        assert len(connection.execute(shown[1]).fetchall()) == 1  # type: ignore[call-overload]
        connection.rollback()


def test_why_shows_rows_of_other_classes(target: Target, run: Run) -> None:
    run(
        NOTES + "alter table public.notes alter column user_id drop not null;"
        "create policy lost on public.notes for select to authenticated using (user_id is null);"
    )
    with prepared(target) as observation:
        orphan = explain(observation, "notes", rows="orphan")
        assert (orphan.rows, orphan.verdict, orphan.row["user_id"]) == ("orphan", "allowed", None)
        with pytest.raises(UsageError) as caught:
            explain(observation, "notes", rows="nobody's")
    assert "orphan" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("command", "kinds"),
    [
        ("select", ["using"]),
        ("insert", ["with check"]),
        ("update", ["using", "with check"]),
        ("delete", ["using"]),
        ("truncate", []),
    ],
)
def test_why_shows_what_a_command_is_held_to(
    command: str, kinds: list[str], target: Target, run: Run
) -> None:
    run(NOTES + "create policy whole on public.notes for all to authenticated using (is_pro);")
    with prepared(target) as observation:
        why = explain(observation, "notes", persona="owner", command=command)
    assert [p.kind for p in why.policies if p.name == "whole"] == kinds
    assert {p.parts[0].expression for p in why.policies if p.name == "whole"} <= {"is_pro"}
    assert ("none is asked" in why_text(why, Style(80, color=False))) is (command == "truncate")


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        ({"label": "note"}, "There is no table note", "Did you mean notes?"),
        ({"label": "mine"}, "is a view with the rights of its reader", "notes"),
        ({"label": "total"}, "is a function", "who may call it"),
        ({"label": "public.total()"}, "is a function", "notes"),
        ({"label": "storage.objects"}, "No row of storage.objects", "each bucket"),
        ({"label": "notes", "persona": "onwer"}, "no persona onwer", "Did you mean owner?"),
        ({"label": "notes", "command": "fly"}, "no command fly", "select, insert"),
        ({"label": "notes", "column": "nope"}, "no column nope", "Columns are: id, user_id"),
    ],
)
def test_why_says_where_to_look_instead(
    asked: dict[str, str], message: str, hint: str, target: Target, run: Run
) -> None:
    run(NOTES)
    run("create view public.mine with (security_invoker = true) as select id from public.notes")
    run("create function public.total() returns int language sql as 'select 1'")
    with prepared(target) as observation, pytest.raises(UsageError) as caught:
        explain(observation, **asked)  # type: ignore[arg-type]
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_every_weakening_that_changes_somebodys_access_is_noticed_by_the_contract(
    target: Target, run: Run
) -> None:
    run(TREE)
    contract = written(target)
    with observing(target) as (observation, matrix):
        report = mutate(observation, matrix, contract)
    survivors = [m.change for m in report.mutants if m.outcome == "survived"]
    assert survivors == []
    assert report.killed > 10


def test_a_weakening_that_no_rule_knows_survives_without_a_contract(
    target: Target, run: Run
) -> None:
    run(NOTES)
    with observing(target) as (observation, matrix):
        report = mutate(observation, matrix, None)
    assert "update (is_pro) on notes to authenticated" in {
        m.change for m in report.mutants if m.outcome == "survived"
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            "update storage.buckets set public = true where id = 'papers'",
            "The bucket papers is public: everybody reads every file of it.",
        ),
        (
            "update storage.buckets set file_size_limit = 99 where id = 'papers'",
            "The bucket papers has file_size_limit 99; the contract says no limit.",
        ),
        (
            "insert into storage.buckets (id, name) values ('more', 'more')",
            "The bucket more is not in the contract: say what it takes and shows.",
        ),
        (
            "alter default privileges in schema public grant select on tables to anon",
            "anon now holds what it did not: select on new tables in public (default_privileges).",
        ),
        (
            "create policy hear on realtime.messages for select to authenticated using (true)",
            (
                "Authenticated strangers can now receive broadcast and presence from every "
                "private channel."
            ),
        ),
        (
            "create schema inner_room; grant usage on schema inner_room to anon",
            "anon now holds what it did not: usage on inner_room (schemas).",
        ),
        (
            "grant create on schema public to anon",
            "anon now holds what it did not: create in public (schemas).",
        ),
        (
            "create sequence public.numbers; grant all on sequence public.numbers to anon",
            "anon now holds what it did not: select, update, usage on public.numbers (sequences).",
        ),
    ],
)
def test_what_stands_around_the_tables_belongs_to_the_contract(
    change: str, expected: str, target: Target, run: Run
) -> None:
    run(FILES)
    contract = written(target)
    assert sentences(target, contract) == set()
    run(change)
    assert expected in sentences(target, contract)


def test_a_migration_that_was_not_run_is_told_beside_the_answer(
    target: Target, run: Run, make_project: MakeProject
) -> None:
    run(NOTES)
    files = {"supabase/migrations/001.sql": "create table public.unseen ();"}
    project = load(make_project({"supabase/config.toml": 'project_id = "p"\n', **files}))
    said = "supabase/migrations/001.sql was skipped: its name is not VERSION_name.sql."
    assert write_contract(target, project).notes == (said,)
    found = check_target(target, project=project).findings
    assert [f.sentence for f in found if f.rule == "skipped"] == [f"The file {said}"]


LOOSE_AND_NOT = """
create table public.things (id int primary key, at timestamptz default now());
create type public.mood as enum ('low', 'high');
create function public.loose() returns bigint language sql security definer
as $$ select count(*) from auth.users as u, things $$;
create function public.typed() returns boolean language sql security definer
as $$ select 'low'::mood = 'low' $$;
create function public.nested() returns bigint language sql security definer
as $$ select loose() $$;
create function public.run(p text) returns void language plpgsql security definer
as $$ begin execute p; end $$;
-- None of these leaves it to its caller what a name means.
create function public.fixed() returns bigint language sql security definer set search_path = ''
as $$ select count(*) from auth.users $$;
create function public.named() returns bigint language sql security definer
as $$ select count(*) from public.things as t where t.at < now() $$;
create function public.bound() returns bigint language sql security definer
begin atomic select count(*) from things; end;
create function public.signed_up() returns trigger language plpgsql security definer as $$
declare n int;
begin -- into things
    insert into public.things (id) values (1) returning id into n;
    return new;
end $$;
"""


def test_a_function_that_looks_names_up_where_its_caller_says_is_a_warning(
    target: Target, run: Run
) -> None:
    run(LOOSE_AND_NOT)
    found = {f.relation for f in judge(observe(target)) if f.rule == "search-path"}
    assert found == {"public.loose()", "public.typed()", "public.nested()", "public.run(text)"}


def test_a_policys_name_is_not_taken_for_its_condition(target: Target, run: Run) -> None:
    run(
        NOTES + 'create policy "see those with check marks" on public.notes for select to anon'
        " using (true); grant select (id, title) on public.notes to anon;"
    )
    found = [f for f in judge(observe(target)) if f.persona == "anon" and f.command == "select"]
    assert [f.kind for f in found] == ["surprise"]


def test_a_published_table_without_row_level_security_is_a_leak(target: Target, run: Run) -> None:
    run(NOTES + "alter publication supabase_realtime add table public.notes;")
    assert not [f for f in judge(observe(target)) if f.rule == "published"]
    run("alter table public.notes disable row level security")
    assert [f.severity for f in judge(observe(target)) if f.rule == "published"] == ["error"]
