"""A check says the cause once, and no more than is so: who, by which way, since when."""

from __future__ import annotations

from prospectr_db.access.check import check
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.access.review.telling import tell
from prospectr_db.database import Target
from tests.integration.access.held import Run, hold, written
from tests.integration.access.schemas import NOTES, TREE

# A helper takes the caller's first shop: by which column it is the first says nothing of anybody.
SHOPS = """
create table public.shops (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null unique references auth.users (id),
    opened_at timestamptz default now()
);
create table public.orders (
    id uuid primary key default gen_random_uuid(),
    shop_id uuid not null references public.shops (id),
    note text
);
alter table public.shops enable row level security;
alter table public.orders enable row level security;
revoke all on public.shops, public.orders from anon, authenticated;
grant select on public.shops, public.orders to authenticated;
create function public.my_shop() returns uuid language sql stable set search_path = ''
security definer as $$ {helper} $$;
create policy own_shop on public.shops for select to authenticated
using (owner_id = (select auth.uid()));
create policy own_orders on public.orders for select to authenticated
using (shop_id = (select public.my_shop()));
"""
FIRST = (
    "select s.id from public.shops as s where s.owner_id = (select auth.uid())"
    " order by s.opened_at limit 1"
)
HELPER = (
    "create or replace function public.my_shop() returns uuid language sql stable security definer"
    " set search_path = '' as $$ {} $$;"
)
# Rows that hang below a class; whose the class is, one column says, and who is in it another table.
CLASSES = """
create table public.classes (id uuid primary key default gen_random_uuid(),
    teacher_id uuid references auth.users (id), name text);
create table public.students (class_id uuid references public.classes (id),
    student_id uuid references auth.users (id), primary key (class_id, student_id));
create table public.talks (id uuid primary key default gen_random_uuid(),
    class_id uuid references public.classes (id), topic text);
alter table public.classes enable row level security;
alter table public.students enable row level security;
alter table public.talks enable row level security;
revoke all on public.classes, public.students, public.talks from anon, authenticated;
grant select, update, delete on public.classes to authenticated;
grant select on public.students to authenticated;
grant select, insert, update (topic), delete on public.talks to authenticated;
create policy teachers on public.classes for all to authenticated
using (teacher_id = (select auth.uid()));
create policy visitors on public.classes for select to authenticated
using (id in (select class_id from public.students where student_id = (select auth.uid())));
create policy own on public.students for select to authenticated
using (student_id = (select auth.uid()));
create policy talks on public.talks for all to authenticated
using (class_id in (select id from public.classes where teacher_id = (select auth.uid())));
"""


def test_row_security_that_is_off_is_the_one_thing_that_is_said(target: Target, run: Run) -> None:
    run(NOTES + TREE)
    contract = written(target)
    run("alter table public.items disable row level security")
    matrix = observe(target)
    (first,) = tell(f for f in judge(matrix) if f.severity == "error")
    assert first.sentence == (
        "Row-level security is off on items: any signed-in user can read, insert, update and "
        "delete any row."
    )
    assert len(first.findings) > 4
    (news,) = tell(f for f in check(matrix, contract) if f.severity == "error")
    assert news.sentence == (
        "Row-level security is off on items, and the contract does not say so: any signed-in user "
        "can now read, insert, update and delete any row. If that is meant, `prospectr-db access "
        "write` states it."
    )


def test_what_rows_are_only_sorted_by_makes_nobody_different(target: Target) -> None:
    held = hold(target, SHOPS.format(helper=FIRST))
    assert not any("opened_at" in entry[1] for entry in held.contract.facts.allowed)
    assert "opened_at" not in held.contract.facts.states.get("shops", {})
    assert held.after(HELPER.format(FIRST.replace("opened_at", "id"))) == set()
    found = held.after(HELPER.format("select id from public.shops order by opened_at limit 1"))
    assert found
    assert not any("opened_at" in sentence for sentence in found), found


def test_what_the_platform_gives_to_everybody_is_no_alarm(target: Target, run: Run) -> None:
    run("create table public.logs (id int primary key);")
    run("alter table public.logs enable row level security")

    def truncates() -> dict[str, str]:
        return {f.severity: f.sentence for f in judge(observe(target)) if f.rule == "truncate"}

    # Nothing that the API has a use for is granted: nobody is near this table.
    assert truncates() == {}
    run("grant select on public.logs to authenticated")
    (note,) = truncates().items()
    assert note[0] == "note"
    assert "the Data API has no TRUNCATE" in note[1]
    run("create table public.tags (id int primary key); grant select on public.tags to anon")
    run("alter table public.tags enable row level security")
    run("revoke truncate on public.tags from anon, authenticated")
    assert "error" in truncates()


def test_the_service_role_always_could(target: Target) -> None:
    held = hold(target, CLASSES)
    found = held.after(
        "alter policy teachers on public.classes"
        " using (teacher_id = (select auth.uid()) or teacher_id is null)"
    )
    assert any("can now delete classes" in sentence for sentence in found), found
    assert not any("service role" in sentence for sentence in found), found
    # A talk in a class that is nobody's was never the teacher's: nothing of his is lost.
    assert not any("talks" in sentence for sentence in found), found


def test_what_the_service_role_gains_by_a_grant_is_told(target: Target) -> None:
    held = hold(target, CLASSES + "revoke delete on public.classes from service_role;")
    found = held.after("grant delete on public.classes to service_role")
    assert "The service role can now delete classes on other people's rows." in found
