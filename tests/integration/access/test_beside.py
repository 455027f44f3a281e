"""Numbers that are compared with another of the same row: used up, full, over the limit."""

from __future__ import annotations

from dataclasses import replace

from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import BESIDE
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold

INVITES = """
create table public.invites (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null references auth.users (id) on delete cascade,
    code uuid not null unique default gen_random_uuid(),
    max_uses integer not null default 5,
    uses integer not null default 0 check (uses >= 0)
);
create table public.coupons (
    id uuid primary key default gen_random_uuid(),
    used_count integer not null default 0,
    usage_limit integer,
    check (used_count <= usage_limit)
);
alter table public.invites enable row level security;
alter table public.coupons enable row level security;
create policy own on public.invites for select to authenticated
using (owner_id = (select auth.uid()));
create policy usable on public.coupons for select to authenticated
using (usage_limit is null or used_count < usage_limit);
create function public.redeem(invite_code uuid) returns uuid
language plpgsql security definer set search_path = '' as $$
declare i public.invites;
begin
    select * into i from public.invites where code = invite_code;
    if i.id is null or {} then raise exception 'used up'; end if;
    update public.invites set uses = uses + 1 where id = i.id;
    return i.id;
end $$;
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
revoke execute on function public.redeem from public, anon;
grant execute on function public.redeem to authenticated;
"""
USABLE = "alter policy usable on public.coupons using ({});"
READ = "Authenticated strangers can now read coupons (every column) on any row where {}."
CALL = "Authenticated strangers can now call public.redeem(uuid) where invites.{}."


def redeem(condition: str) -> str:
    """Return the schema's function again, with another condition."""
    text = INVITES[INVITES.index("create function") : INVITES.index("revoke all")]
    return text.replace("create", "create or replace", 1).format(condition)


def test_what_is_used_up_is_held(target: Target) -> None:
    held = hold(target, INVITES.format("i.uses >= i.max_uses"))
    assert '"any [used_count=usage_limit]"]\nselect = false' in held.text
    other = USABLE.format("coalesce(usage_limit > used_count, true)")
    assert held.after(other + redeem("not i.max_uses > i.uses")) == set()
    found = held.after(USABLE.format("true"))
    assert READ.format("used_count=usage_limit") in found
    assert not any("usage_limit+1" in sentence for sentence in found)  # a check forbids such rows
    found = held.after(other + redeem("i.uses > i.max_uses"))
    assert CALL.format("uses=max_uses") in found
    assert CALL.format("uses=max_uses+1") not in found
    assert CALL.format("uses=max_uses+1") in held.after(redeem("false"))


def test_an_older_contract_is_told_of_them_in_one_warning(target: Target) -> None:
    facts = hold(target, INVITES.format("i.uses >= i.max_uses")).contract.facts
    shut = frozenset(e for e in facts.shut if "_limit" not in e[2] and "max_" not in e[2])
    known = replace(facts, shut=shut, states={}, covers=facts.covers - {BESIDE})
    older = Held(target, render(known, accepted={}))
    assert older.errors() == set()
    say = "The contract does not say yet what is reached through {} by one number beside another"
    for name in ("coupons", "public.redeem(uuid)"):
        assert f"{say.format(name)}: let `access write` add it." in older.warnings()
