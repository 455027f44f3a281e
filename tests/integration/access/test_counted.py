"""How many rows somebody may have is tried with as many as a policy or trigger counts."""

from __future__ import annotations

from dataclasses import replace

from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import COUNTED, FULL, LIMITS_APART
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold

LIMITED = """
create schema private;
grant usage on schema private to authenticated;
create table public.todos (
    id bigint generated always as identity primary key,
    user_id uuid not null references auth.users (id) on delete cascade,
    task text not null
);
create table public.notes (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    title text not null,
    unique (user_id, title)
);
create function private.todos() returns bigint
language sql stable security definer set search_path = ''
as $$ select count(*) from public.todos as t where t.user_id = (select auth.uid()) $$;
create function private.has_room() returns boolean
language sql stable security definer set search_path = ''
as $$ select count(*) <= 2 from public.todos as t where t.user_id = (select auth.uid()) $$;
create function private.limit_notes() returns trigger
language plpgsql security definer set search_path = '' as $$
declare n integer;
begin
    select count(*) into n from public.notes where user_id = new.user_id;
    if n >= 5 then raise exception 'five notes are enough'; end if;
    return new;
end $$;
create trigger limited before insert on public.notes
for each row execute function private.limit_notes();
alter table public.todos enable row level security;
alter table public.notes enable row level security;
create policy few on public.todos for insert to authenticated
with check (user_id = (select auth.uid()) and private.todos() < 3);
create policy own on public.notes for insert to authenticated
with check (user_id = (select auth.uid()));
revoke all on all tables in schema public from anon, authenticated;
grant insert on all tables in schema public to authenticated;
"""
FEW = "alter policy few on public.todos with check (user_id = (select auth.uid()){});"
ADD = "insert into {} (every column) for themselves where rows of {}"


def test_a_limit_is_held_however_it_is_written(target: Target) -> None:
    held = hold(target, LIMITED)
    assert '"own [rows of todos=3]"]\ninsert = false' in held.text
    assert held.after(FEW.format(" and 2 >= private.todos()")) == set()
    assert held.after(FEW.format(" and (select private.has_room())")) == set()
    more = {f"Owners can now {ADD.format('todos', 'todos=3')}."}
    assert held.after(FEW.format(" and private.todos() < 4")) == more
    assert held.after(FEW.format("")) == more
    trigger = "drop trigger limited on public.notes;"
    assert f"Owners can now {ADD.format('notes', 'notes=5')}." in held.after(trigger)
    fewer = held.after(FEW.format(" and private.todos() < 2"))
    assert any(f"no longer {ADD.format('todos', 'todos=2')}" in sentence for sentence in fewer)


def test_an_older_contract_is_told_of_it_in_one_warning(target: Target) -> None:
    facts = hold(target, LIMITED).contract.facts
    shut = frozenset(entry for entry in facts.shut if "rows of" not in entry[2])
    known = replace(facts, shut=shut, states={}, covers=facts.covers - {COUNTED})
    older = Held(target, render(known, accepted={}))
    assert older.errors() == set()
    say = "The contract does not say yet how many rows of todos somebody may add"
    assert f"{say}: let `access write` add it." in older.warnings()


BOARDS = """
create table public.boards (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    name text not null
);
alter table public.boards enable row level security;
revoke all on public.boards from anon, authenticated;
grant select on public.boards to authenticated;
create policy own on public.boards for select to authenticated using (user_id = auth.uid());
"""
ADDING = """
create or replace function public.add_board(p_name text) returns void language plpgsql
security definer set search_path = '' as $$
declare n integer;
begin
    select count(*) into n from public.boards b where b.user_id = auth.uid();
    if {} then raise exception 'three boards are enough'; end if;
    insert into public.boards (user_id, name) values (auth.uid(), p_name);
end $$;
revoke all on function public.add_board(text) from public, anon;
grant execute on function public.add_board(text) to authenticated;
"""


def test_a_limit_in_a_call_is_held(target: Target) -> None:
    held = hold(target, BOARDS + ADDING.format("n >= 3"))
    assert held.after(ADDING.format("not n < 3")) == set()
    assert held.after(ADDING.format("n > 3")) == {
        "Owners can now call public.add_board(text) where rows of boards=3."
    }
    (fewer,) = held.after(ADDING.format("n > 1"))
    assert fewer.startswith(
        "Owners can no longer call public.add_board(text) where rows of boards=2"
    )


def test_an_older_contract_is_told_of_limits_in_calls_in_one_warning(target: Target) -> None:
    facts = hold(target, BOARDS + ADDING.format("n >= 3")).contract.facts
    known = replace(facts, shut=frozenset(), states={}, covers=facts.covers - {FULL})
    older = Held(target, render(known, accepted={}))
    assert older.errors() == set()
    say = "The contract does not say yet what public.add_board(text) does for whoever has as many"
    assert any(warning.startswith(say) for warning in older.warnings())


OWNED = """
create table public.{0} (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    name text not null
);
alter table public.{0} enable row level security;
revoke all on public.{0} from anon, authenticated;
grant insert on public.{0} to authenticated;
create policy own on public.{0} for insert to authenticated
with check (user_id = (select auth.uid()));
"""
OTHERWISE = """
create or replace function private.has_room(u uuid, most integer) returns boolean
language sql stable security definer set search_path = ''
as $$ select count(*) < most from public.maps as m where m.user_id = u $$;
alter policy own on public.maps
with check (user_id = (select auth.uid()) and private.has_room(user_id, {n}));
create or replace function private.is_free() returns boolean
language sql stable security definer set search_path = ''
as $$ select not exists (
    select 1 from public.pins as p where p.user_id = (select auth.uid()) offset {less}
) $$;
alter policy own on public.pins with check (user_id = (select auth.uid()) and private.is_free());
create or replace function private.few_trips() returns trigger
language plpgsql security definer set search_path = '' as $$
declare most integer default {n};
begin
    return case when most > (
        select count(*) from (select from public.trips as t where t.user_id = new.user_id) as mine
    ) then new end;
end $$;
create or replace trigger few before insert on public.trips
for each row execute function private.few_trips();
create or replace function private.tags(u uuid) returns bigint
language sql stable security definer set search_path = ''
as $$ select count(*) from public.tags as t where t.user_id = u $$;
create or replace function private.few_tags() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if private.tags(new.user_id) > tg_argv[0]::integer then raise exception 'too many tags'; end if;
    return null;
end $$;
create or replace trigger few after insert on public.tags
for each row execute function private.few_tags('{n}');
create or replace function private.few_stars() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform from public.stars as s where s.user_id = new.user_id having count(*) > {n};
    if found then raise exception 'too many stars'; end if;
    return null;
end $$;
create or replace trigger few after insert on public.stars
for each row execute function private.few_stars();
"""
NAMES = ("maps", "pins", "trips", "tags", "stars")
APART = "create schema private; grant usage on schema private to authenticated;"
APART += "".join(map(OWNED.format, NAMES)) + OTHERWISE.format(n=3, less=2)


def test_a_limit_that_does_not_stand_beside_its_count_is_held(target: Target) -> None:
    held = hold(target, APART)
    more = {f"Owners can now {ADD.format(name, f'{name}=3')}." for name in NAMES}
    assert held.after(OTHERWISE.format(n=4, less=3)) == more


def test_an_older_contract_is_told_of_such_limits_in_warnings(target: Target) -> None:
    facts = hold(target, APART).contract.facts
    shut = frozenset(entry for entry in facts.shut if "rows of" not in entry[2])
    known = replace(facts, shut=shut, states={}, covers=facts.covers - {LIMITS_APART})
    older = Held(target, render(known, accepted={}))
    assert older.errors() == set()
    say = "The contract does not say yet how many rows of maps somebody may add"
    assert f"{say}: let `access write` add it." in older.warnings()
