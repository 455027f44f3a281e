# ruff: noqa: E501 - schemas read better in long lines
"""What triggers leave in other tables: that a change is logged, who is named, and what is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.contract.text import render
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold

LOG = """
create table public.invoices (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    title text not null, total int not null default 0);
create table public.audit_log (
    id bigint generated always as identity primary key,
    actor_id uuid references auth.users (id) on delete set null,
    table_name text not null, row_id uuid not null, action text not null,
    old_row jsonb, new_row jsonb, at timestamptz not null default now());
create table public.staff (user_id uuid primary key references auth.users (id) on delete cascade, role text not null check (role in ('auditor', 'support')));
create function public.log_change() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.audit_log (actor_id, table_name, row_id, action, old_row, new_row)
    values (auth.uid(), tg_table_name, coalesce(new.id, old.id), tg_op,
        case when tg_op <> 'INSERT' then to_jsonb(old) end, case when tg_op <> 'DELETE' then to_jsonb(new) end);
    return coalesce(new, old);
end $$;
revoke execute on function public.log_change() from public, anon, authenticated;
create trigger log_invoices after insert or update or delete on public.invoices for each row execute function public.log_change();
alter table public.invoices enable row level security;
alter table public.audit_log enable row level security;
alter table public.staff enable row level security;
revoke all on public.invoices, public.audit_log, public.staff from anon, authenticated;
grant select, insert, update, delete on public.invoices to authenticated;
grant select on public.audit_log, public.staff to authenticated;
create policy own on public.invoices for all to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy own on public.staff for select to authenticated using (user_id = (select auth.uid()));
create policy auditors on public.audit_log for select to authenticated using (exists (select 1 from public.staff s where s.user_id = (select auth.uid()) and s.role = 'auditor'));
"""
TRIGGER = "trigger log_invoices after insert or update or delete on public.invoices for each row execute function public.log_change()"


def body(change: tuple[str, str]) -> str:
    """Return the trigger's function with something said otherwise."""
    start = LOG.index("create function public.log_change")
    text = LOG[start : LOG.index("end $$;", start) + 7]
    assert change[0] in text
    return text.replace(*change).replace("create function", "create or replace function")


CHANGES = {
    "the trigger goes": (f"drop {TRIGGER.partition(' after')[0]} on public.invoices;", {"Owners can no longer leave a row in audit_log on DELETE, a row in audit_log on INSERT and a row in audit_log on UPDATE, by what they do on their own rows."}),
    "deletes are not logged": (f"create or replace {TRIGGER.replace(' or delete', '')};", {"Owners can no longer leave a row in audit_log on DELETE, by what they do on their own rows."}),
    "only one column is logged": (f"create or replace {TRIGGER.replace('update', 'update of total')};", {"Owners can no longer leave a row in audit_log on UPDATE, by what they do on their own rows.", "Owners can now leave a row in audit_log on UPDATE of total, by what they do on their own rows."}),
    "what was there is not kept": (body(("case when tg_op <> 'INSERT' then to_jsonb(old) end", "null")), {"Owners can no longer leave something in audit_log.old_row on DELETE and something in audit_log.old_row on UPDATE, by what they do on their own rows."}),
    "who owns it, and not who did it": (body(("values (auth.uid()", "values (coalesce(new.user_id, old.user_id)")), {
        "Owners can no longer leave their id in audit_log.actor_id on DELETE, their id in audit_log.actor_id on INSERT and their id in audit_log.actor_id on UPDATE, by what they do on their own rows.",
        "Owners can now leave the owner's id in audit_log.actor_id on DELETE, the owner's id in audit_log.actor_id on INSERT and the owner's id in audit_log.actor_id on UPDATE, by what they do on their own rows.",
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_logged_no_more_or_otherwise_is_red(name: str, target: Target) -> None:
    change, expected = CHANGES[name]
    assert hold(target, LOG).after(change) == expected


def test_another_spelling_of_a_log_is_the_same(target: Target) -> None:
    held = hold(target, LOG)
    two = [TRIGGER.replace("insert or update or ", ""), TRIGGER.replace(" or delete", "")]
    spelled = "; ".join(
        f"create {one.replace('log_invoices', f'log_{n}')}" for n, one in enumerate(two)
    )
    change = body(("values (auth.uid()", "values ((select auth.jwt() ->> 'sub')::uuid"))
    assert held.after(f"{change} drop trigger log_invoices on public.invoices; {spelled};") == set()


def test_an_older_contract_is_told_in_one_warning_what_is_left(target: Target) -> None:
    held = hold(target, LOG)
    facts = held.contract.facts
    allowed = {entry: columns for entry, columns in facts.allowed.items() if entry[3] != "leave"}
    assert allowed != facts.allowed
    older = Held(target, render(replace(facts, allowed=allowed, covers=frozenset()), accepted={}))
    assert older.errors() == set()
    assert any("which rows triggers of invoices leave" in line for line in older.warnings())
