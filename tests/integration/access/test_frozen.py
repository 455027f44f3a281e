"""Columns that a trigger keeps as they are while a row is in a state in which others change."""

from __future__ import annotations

import pytest

from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.observation import prepared
from prospectr_db.access.witness.why import explain
from prospectr_db.database import Target
from prospectr_db.errors import ConfigError
from tests.integration.access.held import hold, run
from tests.integration.access.schemas import CAMPAIGNS

CANCELLED = """    if old.status = 'cancelled' and new.status <> 'cancelled' then
        raise exception 'cancelled is cancelled';
    end if;
"""
LIVE = """    if old.status = 'live' and new.goal is distinct from old.goal then
        raise exception 'the goal of a live campaign stays';
    end if;
"""
GUARD = (
    "create or replace function public.guard() returns trigger language plpgsql"
    " set search_path = '' as $$ begin {} return new; end $$;"
)


def _guarding(*conditions: str) -> str:
    return GUARD.format(" ".join(conditions))


def test_a_contract_says_what_a_state_keeps_as_it_is(target: Target) -> None:
    frozen = hold(target, CAMPAIGNS).contract.facts.frozen
    assert frozen == {
        ("campaigns", "owner", "own [status=cancelled]", "update"): ("status",),
        ("campaigns", "owner", "own [status=live]", "update"): ("goal",),
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(
            _guarding(CANCELLED),
            {
                "Owners can now update campaigns.goal on their own rows where status=live.",
            },
            id="a column thaws",
        ),
        pytest.param(
            _guarding(LIVE, CANCELLED.replace("<> 'cancelled'", "= 'live'")),
            {
                (
                    "Owners can now update campaigns.status=any value on their own rows where"
                    " status=cancelled."
                ),
            },
            id="a state can be left for another",
        ),
        pytest.param(
            "drop trigger guard on public.campaigns",
            {
                "Owners can now update campaigns.goal on their own rows where status=live.",
                "Owners can now update campaigns.status on their own rows where status=cancelled.",
            },
            id="the trigger goes",
        ),
        pytest.param(
            _guarding(LIVE.replace("goal", "title"), LIVE, CANCELLED),
            {"Owners can no longer update campaigns.title on their own rows where status=live."},
            id="another column is frozen",
        ),
        pytest.param(
            _guarding("if old.status = 'live' then raise exception 'live'; end if;", CANCELLED),
            {
                (
                    "Owners can no longer update campaigns.title, campaigns.status on their own"
                    " rows where status=live: refused, live."
                ),
            },
            id="all of a row is",
        ),
    ],
)
def test_what_a_state_keeps_is_held(target: Target, change: str, told: set[str]) -> None:
    assert hold(target, CAMPAIGNS).after(change) == told


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            _guarding(
                CANCELLED.replace("new.status <> 'cancelled'", "new.status is distinct from $x$"),
                "if old.status = 'live' then new.goal := old.goal; end if;",
            ).replace("$x$", "old.status"),
            id="the old value is put back",
        ),
        pytest.param(
            """
            drop trigger guard on public.campaigns;
            create function public.refuse() returns trigger language plpgsql
            set search_path = '' as $$ begin raise exception 'no'; end $$;
            create trigger one before update of goal on public.campaigns for each row
            when (old.status = 'live' and old.goal <> new.goal) execute function public.refuse();
            create trigger other before update of status on public.campaigns for each row
            when (old.status = 'cancelled') execute function public.refuse();
            """,
            id="triggers with conditions of their own",
        ),
        pytest.param(
            _guarding(
                CANCELLED,
                "if to_jsonb(old) ->> 'status' = 'live'"
                " and to_jsonb(new) -> 'goal' <> to_jsonb(old) -> 'goal' then"
                " raise exception 'live'; end if;",
            ),
            id="whole rows",
        ),
    ],
)
def test_another_spelling_of_a_trigger_keeps_the_contract(target: Target, change: str) -> None:
    assert hold(target, CAMPAIGNS).after(change) == set()


def test_a_state_that_keeps_all_of_a_row_is_told_as_one(target: Target) -> None:
    all_of_it = "if old.status = 'live' then raise exception 'live'; end if;"
    held = hold(target, f"{CAMPAIGNS}; {_guarding(all_of_it)}")
    assert held.contract.facts.frozen == {}
    assert held.after(_guarding(LIVE)) == {
        (
            "Owners can now update campaigns.title, campaigns.status on their own rows where"
            " status=live."
        ),
    }


def test_a_contract_that_knows_of_none_is_told_in_one_word(target: Target) -> None:
    held = hold(target, CAMPAIGNS)
    lines = held.text.replace('    "columns that stay as they are in a state",\n', "").splitlines()
    held.text = "\n".join(line for line in lines if not line.startswith(("frozen", "states")))
    assert held.errors() == set()
    assert held.warnings() >= {
        (
            "The contract does not say yet which columns of campaigns stay as they are while rows"
            " are in a state: let `access write` add it."
        ),
    }


def test_what_stays_is_said_of_rows_in_a_state() -> None:
    with pytest.raises(ConfigError, match="frozen is said of rows in a state, and own names none"):
        parse_contract('[tables.campaigns]\n[tables.campaigns.owner]\nfrozen = ["goal"]\n')


REQUESTS = """
create table public.requests (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    body text not null,
    status text not null default 'open' check (status in ('open', 'withdrawn', 'approved')),
    is_urgent boolean not null default false
);
create function public.guard() returns trigger language plpgsql set search_path = '' as $$
begin
    if tg_op = 'DELETE' then
        if old.is_urgent then raise exception 'it is urgent'; end if;
        return old;
    end if;
    if new.status = 'approved' then
        raise exception 'who approves is the server';
    end if;
    return new;
end $$;
create trigger guard before insert or update or delete on public.requests
for each row execute function public.guard();
alter table public.requests enable row level security;
revoke all on public.requests from anon, authenticated, service_role;
grant select, insert (body, status), update (body, status), delete
on public.requests to authenticated;
create policy "own" on public.requests for all to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
"""


def test_values_that_a_trigger_refuses_are_told(target: Target) -> None:
    held = hold(target, REQUESTS)
    entry = "requests", "owner", "own"
    assert held.contract.facts.allowed[*entry, "insert"] == (
        "body",
        "status=open",
        "status=withdrawn",
    )
    assert held.contract.facts.allowed[*entry, "update"] == ("body", "status=withdrawn")
    assert ("requests", "owner", "own [is_urgent=true]", "delete") in held.contract.facts.shut
    assert held.after("drop trigger guard on public.requests") == {
        "Owners can now delete requests on their own rows where is_urgent=true.",
        "Owners can now insert into requests for themselves with any value of status.",
        "Owners can now update requests.body on their own rows where status=approved.",
        "Owners can now update requests.status=any value on their own rows.",
    }


ORDERS = """
create table public.orders (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    status text not null default 'cart'
);
create table public.order_lines (
    id uuid primary key default gen_random_uuid(),
    order_id uuid not null references public.orders (id) on delete cascade,
    amount integer not null default 1,
    note text not null
);
create function public.guard_lines() returns trigger language plpgsql
security definer set search_path = '' as $$
declare
    v_status text;
begin
    select o.status into v_status from public.orders o
    where o.id = coalesce(new.order_id, old.order_id);
    if v_status = 'sent' and (tg_op <> 'UPDATE' or new.amount <> old.amount) then
        raise exception 'a sent order stays as it is';
    end if;
    return coalesce(new, old);
end $$;
create trigger guard_lines before insert or update or delete on public.order_lines
for each row execute function public.guard_lines();
alter table public.orders enable row level security;
alter table public.order_lines enable row level security;
revoke all on public.orders, public.order_lines from anon, authenticated, service_role;
grant select on public.orders to authenticated;
grant select, insert (order_id, amount, note), update (amount, note), delete
on public.order_lines to authenticated;
create policy "own" on public.orders for select to authenticated
using (user_id = (select auth.uid()));
create policy "own" on public.order_lines for all to authenticated
using (exists (select from public.orders o where o.id = order_id and o.user_id = auth.uid()))
with check (exists (select from public.orders o where o.id = order_id and o.user_id = auth.uid()));
"""


def test_what_a_trigger_keeps_in_a_state_of_the_parent_is_held(target: Target) -> None:
    held = hold(target, ORDERS)
    sent = "order_lines", "owner", "own [orders.status=sent]"
    assert held.contract.facts.frozen == {(*sent, "update"): ("amount",)}
    assert held.contract.facts.shut == {(*sent, "insert"), (*sent, "delete")}
    assert held.after("drop trigger guard_lines on public.order_lines") == {
        "Owners can now delete order_lines on their own rows where orders.status=sent.",
        (
            "Owners can now insert into order_lines.order_id, order_lines.amount, order_lines.note"
            " for themselves where orders.status=sent."
        ),
        "Owners can now update order_lines.amount on their own rows where orders.status=sent.",
    }


LOCKED = """
create table public.orders (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    status text not null default 'cart' check (status in ('cart', 'open'))
);
create table public.order_lines (
    id uuid primary key default gen_random_uuid(),
    order_id uuid not null references public.orders (id) on delete cascade,
    amount integer not null default 1,
    note text not null,
    locked boolean not null default false
);
create function public.guard_lines() returns trigger language plpgsql set search_path = '' as $$
begin
    if old.locked and new.amount <> old.amount then raise exception 'it is locked'; end if;
    return new;
end $$;
create trigger guard_lines before update on public.order_lines
for each row execute function public.guard_lines();
alter table public.orders enable row level security;
alter table public.order_lines enable row level security;
revoke all on public.orders, public.order_lines from anon, authenticated, service_role;
grant select on public.orders, public.order_lines to authenticated;
grant update (amount, note) on public.order_lines to authenticated;
create policy "own" on public.orders for select to authenticated
using (user_id = (select auth.uid()));
create policy "own" on public.order_lines for select to authenticated
using (exists (select from public.orders o where o.id = order_id));
create policy "open" on public.order_lines for update to authenticated
using (exists (select from public.orders o where o.id = order_id and o.status = 'open'));
"""


def test_what_stays_where_only_a_state_lets_a_row_be_changed_is_held(target: Target) -> None:
    held = hold(target, LOCKED)
    both = "own [orders.status=open, locked=true]"
    assert held.contract.facts.frozen == {("order_lines", "owner", both, "update"): ("amount",)}
    assert held.after("drop trigger guard_lines on public.order_lines") == {
        (
            "Owners can now update order_lines.amount on their own rows where orders.status=open,"
            " locked=true."
        )
    }


def test_what_stays_has_a_witness(target: Target) -> None:
    run(target, CAMPAIGNS)
    with prepared(target) as observation:
        why = explain(
            observation,
            "campaigns",
            persona="owner",
            command="update",
            column="goal",
            rows="own [status=live]",
        )
    assert (why.verdict, why.row["status"]) == ("refused", "live")
    assert why.reason == (
        "the goal of a live campaign stays (PL/pgSQL function public.guard() line 7 at RAISE)"
    )


def test_a_trigger_that_passes_over_a_row_without_an_error_is_held(target: Target) -> None:
    over = _guarding("if old.status = 'cancelled' then return null; end if;")
    held = hold(target, CAMPAIGNS + over)
    assert any("where status=cancelled" in sentence for sentence in held.after(_guarding()))
