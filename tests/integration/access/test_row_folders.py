# ruff: noqa: E501 - schemas read better in long lines
"""Files in a folder that is named by a row's id: whose the row is decides, or does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.contract.text import render
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold, red, run, written

CLASSES = """
create table public.classes (
    id uuid primary key default gen_random_uuid(), slug text not null unique,
    owner_id uuid not null references auth.users (id) on delete cascade,
    status text not null default 'open' check (status in ('open', 'over')));
alter table public.classes enable row level security;
revoke all on public.classes from anon, authenticated;
grant select on public.classes to authenticated;
create policy mine on public.classes for select to authenticated using (owner_id = (select auth.uid()));
create schema private;
grant usage on schema private to authenticated;
create function private.mine() returns setof uuid language sql stable security definer set search_path = ''
as $$ select c.id from public.classes c where c.owner_id = (select auth.uid()) $$;
create function private.teaches(class uuid) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.classes c where c.id = class and c.owner_id = (select auth.uid())) $$;
insert into storage.buckets (id, name, public) values ('materials', 'materials', false);
"""
FIRST = "(storage.foldername(name))[1]"
MINE = "c.owner_id = (select auth.uid())"


def policies(condition: str) -> str:
    """Return policies to read, add and remove files under a condition."""
    told = f"(bucket_id = 'materials' and {condition})"
    return f"""
    create policy s on storage.objects for select to authenticated using {told};
    create policy i on storage.objects for insert to authenticated with check {told};
    create policy d on storage.objects for delete to authenticated using {told};
    """


def reading(condition: str) -> str:
    """Return another condition for who reads."""
    return f"alter policy s on storage.objects using (bucket_id = 'materials' and {condition});"


def there(condition: str) -> str:
    """Return that there is a class of which something holds."""
    return f"exists (select 1 from public.classes c where {condition})"  # noqa: S608


SPELLINGS = {
    "as a text": there(f"c.id::text = {FIRST} and {MINE}"),
    "as a uuid": there(f"c.id = ({FIRST})::uuid and {MINE}"),
    "in a sub-select": f"{FIRST} in (select c.id::text from public.classes c where {MINE})",  # noqa: S608
    "cut at the slash": there(f"c.id = split_part(name, '/', 1)::uuid and {MINE}"),
    "an array of folders": there(f"c.id::text = (string_to_array(name, '/'))[1] and {MINE}"),
    "by its tokens": there(f"c.id::text = path_tokens[1] and {MINE}"),
    "by a pattern": there(f"objects.name like c.id::text || '/%' and {MINE}"),
    "by how it begins": there(f"starts_with(objects.name, c.id || '/') and {MINE}"),
    "by a helper": f"private.teaches(({FIRST})::uuid)",
    "in a helper's rows": f"({FIRST})::uuid in (select private.mine())",
}
READ = "Authenticated strangers can now read other people's files in materials/classes."


@pytest.mark.parametrize("name", ["as a text", "by a pattern", "by a helper", "in a helper's rows"])
def test_who_reads_the_files_of_every_class_is_told(name: str, target: Target) -> None:
    held = hold(target, CLASSES + policies(SPELLINGS[name]))
    change = "grant select on public.classes to anon; create policy everybody on public.classes for select using (true);"
    run(target, change)
    assert READ in held.after(reading(there(f"c.id::text = {FIRST}")))


def test_other_spellings_of_the_folder_are_the_same(target: Target) -> None:
    held = hold(target, CLASSES + policies(SPELLINGS["as a text"]))
    for name, condition in SPELLINGS.items():
        assert held.after(reading(condition)) == set(), name


def test_a_folder_that_the_policies_forgot_to_hold_to_its_owner_is_a_leak(target: Target) -> None:
    run(target, CLASSES + policies(SPELLINGS["as a text"]))
    run(
        target,
        "create policy everybody on public.classes for select to authenticated using (true);",
    )
    run(target, reading(there(f"c.id::text = {FIRST}")))
    found = {f.sentence for f in judge(observe(target)) if f.severity == "error"}
    assert "Authenticated strangers can read other people's files in materials/classes." in found


@pytest.mark.parametrize(
    ("condition", "place"),
    [
        pytest.param(
            f"{FIRST} = 'classes' and " + there(f"c.id::text = (storage.foldername(name))[2] and {MINE}"),
            "materials/'classes'/classes", id="below a folder with a name",
        ),
        pytest.param(
            there(f"c.id::text = (storage.foldername(name))[3] and {MINE}"),
            "materials/user/user/classes", id="the third folder",
        ),
        pytest.param(
            there(f"c.slug = {FIRST} and {MINE}"), "materials/classes.slug", id="another key than the id",
        ),
    ],
)  # fmt: skip
def test_files_are_put_where_the_policies_look(condition: str, place: str, target: Target) -> None:
    held = hold(target, CLASSES + policies(condition))
    owned = [rows for _, who, rows, _ in held.contract.facts.allowed if who == "owner"]
    assert f"own in {place}" in owned
    opened = condition.replace(MINE, "true")
    change = "create policy everybody on public.classes for select to authenticated using (true);"
    sentence = f"Authenticated strangers can now read other people's files in {place}."
    assert sentence in held.after(change + reading(opened))


def test_a_state_of_the_row_that_names_the_folder_is_held(target: Target) -> None:
    condition = there(f"c.id::text = {FIRST} and {MINE} and c.status = 'open'")
    held = hold(target, CLASSES + policies(condition))
    change = f"alter policy i on storage.objects with check (bucket_id = 'materials' and {SPELLINGS['as a text']});"
    told = held.after(change)
    assert told == {"Owners can now upload files to materials/classes where classes.status=over."}


def test_a_policy_without_its_bucket_is_told_of_any_other(target: Target) -> None:
    held = hold(target, CLASSES + policies(SPELLINGS["as a text"]))
    change = f"alter policy i on storage.objects with check ({SPELLINGS['as a text']});"
    assert "Owners can now upload files to any other bucket/classes." in held.after(change)


def test_a_policy_on_files_through_which_nobody_came_is_a_warning_until_it_is_held(
    target: Target,
) -> None:
    run(target, CLASSES + policies("right(name, 3) = md5(name)"))
    told = [f for f in judge(observe(target)) if f.rule == "untried-files"]
    assert [f.severity for f in told] == ["warning"] * 3
    assert "'s' on storage.objects" in told[-1].sentence
    contract = written(target)
    assert len(contract.facts.unseen["storage.objects"]) == 3
    assert red(target, contract) == {}


def test_an_older_contract_is_told_in_one_warning_of_folders_of_rows(target: Target) -> None:
    held = hold(target, CLASSES + policies(SPELLINGS["as a text"]))
    facts = held.contract.facts
    allowed = {entry: c for entry, c in facts.allowed.items() if "/classes" not in entry[2]}
    shut = frozenset(entry for entry in facts.shut if "/classes" not in entry[2])
    changed = replace(facts, allowed=allowed, shut=shut, covers=frozenset())
    older = Held(target, render(changed, accepted={}))
    assert older.errors() == set()
    assert any("folders with the id of any row" in line for line in older.warnings())
