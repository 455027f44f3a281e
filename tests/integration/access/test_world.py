"""Rows are built for whatever the catalog allows: cycles, exclusions, domains, partitions …"""

from __future__ import annotations

import pytest

from prospectr_db.access.check import check
from prospectr_db.access.observation import prepared
from prospectr_db.access.observe import observe
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator

ODD = """
create extension if not exists btree_gist with schema extensions;
create domain public.email_address as text check (value ~ '^[^@]+@[^@]+$');
create type public.pair as (a integer, b text);
create table public.a (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users,
    b_id uuid, mail public.email_address not null,
    full_text text generated always as (mail::text || '!') stored,
    p public.pair, tags text[] not null default '{}', iv interval not null,
    r int4range not null, unique (user_id, mail),
    exclude using gist (user_id with =, r with &&));
create table public.b (
    id uuid primary key default gen_random_uuid(),
    a_id uuid not null references public.a deferrable initially deferred,
    user_id uuid not null references auth.users,
    starts_at timestamptz not null, ends_at timestamptz not null, check (ends_at > starts_at),
    price numeric(6, 2) not null check (price between 1 and 10),
    j jsonb not null, v varchar(4) not null unique, cc char(2) not null);
alter table public.a add foreign key (b_id) references public.b;
create table public.tree (
    id bigserial primary key, parent_id bigint references public.tree,
    user_id uuid references auth.users, name text not null);
create table public.cats (id smallint primary key, name text);
create table public.things (
    id uuid primary key default gen_random_uuid(), owner uuid not null references auth.users,
    cat_id smallint not null references public.cats,
    kind text not null check (kind in ('p', 'q')), p_value integer, q_value integer,
    check ((kind = 'p' and p_value is not null and q_value is null)
        or (kind = 'q' and q_value is not null and p_value is null)));
create table public.parent_t (
    id uuid primary key default gen_random_uuid(), user_id uuid not null references auth.users);
create table public.child_t (y text) inherits (public.parent_t);
create table public.parts (
    id uuid default gen_random_uuid(), user_id uuid not null references auth.users,
    region text not null, primary key (id, region)) partition by list (region);
create table public.parts_eu partition of public.parts for values in ('eu');
create table public.parts_rest partition of public.parts default;
create table public.nopk (user_id uuid not null references auth.users, note text);
do $$ declare t text; begin
    foreach t in array array['a', 'b', 'tree', 'cats', 'things', 'parent_t', 'child_t', 'parts',
                             'parts_eu', 'parts_rest', 'nopk'] loop
        execute format('alter table public.%I enable row level security', t);
        execute format('revoke all on public.%I from anon, authenticated', t);
        if t not in ('parts_eu', 'parts_rest', 'cats') then
            execute format(
                'grant select, insert, update, delete on public.%I to authenticated', t);
            execute format('create policy own on public.%I for all to authenticated using '
                           '(%I = (select auth.uid()))', t,
                           case when t = 'things' then 'owner' else 'user_id' end);
        end if;
    end loop;
end $$;
grant usage on sequence public.tree_id_seq to authenticated;
"""


@pytest.fixture
def odd(target: Target) -> Target:
    with connect_as_migrator(target) as connection:
        connection.execute(ODD)
    return target


def test_nothing_is_left_unbuilt_or_unproven(odd: Target) -> None:
    assert [f.sentence for f in check(observe(odd), None) if f.kind == "vacuous"] == []


def test_only_links_between_users_are_wrong_with_it(odd: Target) -> None:
    rules = {f.rule for f in check(observe(odd), None) if f.severity == "error"}
    assert rules == {"link", "re-parent"}


def test_cycles_are_closed_and_triggers_fired_as_in_life(odd: Target) -> None:
    with prepared(odd) as observation:
        a, b = (observation.catalog.by_label[name] for name in "ab")
        row_a, row_b = observation.world.row(a, "A"), observation.world.row(b, "A")
    assert row_a is not None
    assert row_b is not None
    assert row_a.values["b_id"] == row_b.values["id"]
    assert row_b.values["a_id"] == row_a.values["id"]


def test_rows_that_a_sign_up_trigger_makes_are_adopted(target: Target) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute("""
create table public.people (id uuid primary key references auth.users, nick text);
alter table public.people enable row level security;
create function public.greet() returns trigger language plpgsql security definer
set search_path = '' as $$ begin
insert into public.people (id, nick) values (new.id, 'new'); return new; end $$;
create trigger greet after insert on auth.users for each row execute function public.greet();
""")
    with prepared(target) as observation:
        people = observation.catalog.by_label["people"]
        row = observation.world.row(people, "A")
        count = observation.connection.execute("select count(*) from public.people").fetchone()
        users = observation.connection.execute("select count(*) from auth.users").fetchone()
    assert row is not None
    assert row.adopted
    assert count == users
