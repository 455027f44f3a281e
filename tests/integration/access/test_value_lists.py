# ruff: noqa: S608 - the policies are put together from their parts
"""Rows that say in a list who reads them, and that everybody reads who say nobody."""

from __future__ import annotations

from dataclasses import replace

from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import COVERS, LISTS
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold

ROLE = "(select public.my_role())"
NOBODY, MINE = "cardinality(allowed_roles) = 0", f"{ROLE} = any (allowed_roles)"
EDITED = f"{ROLE} = 'editor' and 'editor' = any (allowed_roles)"
ARTICLES = f"""
create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    role text not null default 'viewer' check (role in ('viewer', 'editor'))
);
create function public.handle_new_user() returns trigger
language plpgsql security definer set search_path = ''
as $$ begin insert into public.profiles (id) values (new.id); return new; end $$;
create trigger signed_up after insert on auth.users
for each row execute function public.handle_new_user();
create table public.articles (
    id uuid primary key default gen_random_uuid(),
    title text not null, allowed_roles text[] not null default '{{}}'
);
create table public.files (
    id uuid primary key default gen_random_uuid(), path text not null,
    article_id uuid not null references public.articles (id)
);
create function public.my_role() returns text
language sql stable security definer set search_path = ''
as $$ select p.role from public.profiles as p where p.id = (select auth.uid()) $$;
revoke execute on function public.my_role() from public, anon;
revoke execute on function public.handle_new_user() from public, anon, authenticated;
grant execute on function public.my_role() to authenticated;
alter table public.profiles enable row level security;
alter table public.articles enable row level security;
alter table public.files enable row level security;
create policy mine on public.profiles for select to authenticated using (id = (select auth.uid()));
create policy listed on public.articles for select to authenticated using ({NOBODY} or {MINE});
create policy edited on public.articles for update to authenticated
using ({EDITED}) with check ({EDITED});
create policy read on public.files for select to authenticated
using (exists (select 1 from public.articles as a where a.id = article_id));
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant update (title) on public.articles to authenticated;
"""
READ = "alter policy listed on public.articles using ({});"
OWNERS = "Owners can {} read {} (every column) on any row where {}."


def test_each_list_of_a_row_is_held_and_no_list(target: Target) -> None:
    held = hold(target, ARTICLES)
    looked_up = "(select p.role from public.profiles as p where p.id = auth.uid())"
    listed = f"exists (select 1 from unnest(allowed_roles) as x (role) where x.role = {looked_up})"
    assert held.after(READ.format(f"allowed_roles = '{{}}' or {listed}")) == set()
    assert held.after(READ.format(f"{NOBODY} or {looked_up} = any (allowed_roles)")) == set()
    found = held.after(READ.format(NOBODY))
    assert OWNERS.format("no longer", "articles", "allowed_roles={viewer}") in found
    assert OWNERS.format("no longer", "files", "articles.allowed_roles={viewer}") in found
    found = held.after(READ.format(f"cardinality(allowed_roles) >= 0 or {MINE}"))
    assert OWNERS.format("now", "articles", "allowed_roles={editor}") in found
    open_to_all = READ.format(f"{NOBODY} or {MINE}")
    found = held.after(
        open_to_all + f"alter policy edited on public.articles using ({ROLE} = 'editor');"
    )
    assert found == set()  # what the check asks of the new row, it asks of the old one as well
    facts = held.contract.facts
    older = Held(
        target,
        render(
            replace(
                facts,
                allowed={e: c for e, c in facts.allowed.items() if "={" not in e[2]},
                shut=frozenset(e for e in facts.shut if "={" not in e[2]),
                states={r: s for r, s in facts.states.items() if "allowed_roles" not in s},
                covers=frozenset(COVERS) - {LISTS},
            ),
            accepted={},
        ),
    )
    assert older.errors() == set()
