"""Tables without a primary key, whose rows are found by what they hold."""

from __future__ import annotations

from prospectr_db.access.observe import observe
from prospectr_db.database import Target
from tests.integration.access.holding import hold, run

ACTIVITY = """
create table public.activity (
    kind text not null check (kind in ('a', 'b')),
    actor_id uuid not null references auth.users (id),
    verb text not null,
    length int generated always as (length(kind || verb)) stored,
    hidden boolean not null default false
);
alter table public.activity enable row level security;
revoke all on public.activity from anon, authenticated, service_role;
grant select, update, delete on public.activity to authenticated;
grant select, insert, update, delete on public.activity to service_role;
create policy read on public.activity for select to authenticated
using (actor_id = (select auth.uid()) and kind = 'a');
create policy change on public.activity for update to authenticated
using (actor_id = (select auth.uid()) and kind = 'a' and not hidden);
"""


def test_a_state_of_a_row_without_a_key_is_seen(target: Target) -> None:
    run(target, ACTIVITY)
    table = observe(target).table("activity")
    assert table is not None
    assert not [access for access in table.accesses if access.unproven]
    told = {(a.rows, a.command, a.succeeds) for a in table.accesses if a.persona == "owner"}
    assert {
        ("own", "select", True),
        ("own [kind=b]", "select", False),
        ("own [kind=b]", "update", False),
        ("own [hidden=true]", "update", False),
    } <= told
    assert ("own [hidden=true]", "select", False) not in told


def test_a_condition_on_it_that_is_lost_is_a_leak(target: Target) -> None:
    found = hold(target, ACTIVITY)(
        "alter policy read on public.activity using (actor_id = (select auth.uid()))"
    )
    said = "can now read activity (every column) on their own rows where kind=b"
    assert any(said in sentence for sentence in found), found


def test_a_view_and_a_function_show_and_change_such_a_row_in_states_only(target: Target) -> None:
    seen = """
    create or replace view public.seen as select verb from public.activity
    where kind = 'b' and hidden;
    revoke all on public.seen from anon, authenticated;
    grant select, update on public.seen to authenticated;
    create function public.hide(v text) returns void language sql security definer
    set search_path = ''
    as $$ update public.activity set hidden = true where verb = v and actor_id = auth.uid() $$;
    revoke execute on function public.hide(text) from public, anon;
    grant execute on function public.hide(text) to authenticated;
    """
    run(target, ACTIVITY + seen)
    matrix = observe(target)
    view, function = matrix.table("seen"), matrix.table("public.hide(text)")
    assert view is not None
    assert function is not None
    strange = {(a.rows, a.command) for a in view.accesses if a.persona == "stranger" and a.succeeds}
    both = "other [activity.kind=b, activity.hidden=true]"
    assert strange == {(both, "select"), (both, "update")}
    assert not [a for a in function.accesses if a.persona == "stranger" and a.command == "update"]
