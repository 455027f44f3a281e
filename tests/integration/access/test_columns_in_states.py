"""Columns that a trigger keeps from whoever may change a row in a state only."""

from __future__ import annotations

from prospectr_db.database import Target
from tests.integration.access.held import red, run, written

WIKI = """
create table public.pages (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    body text not null,
    title text not null,
    is_wiki boolean not null default false
);
create function public.keep_title() returns trigger language plpgsql set search_path = '' as $$
begin
    if new.title <> old.title and auth.uid() <> old.user_id then
        raise exception 'the title is its author''s';
    end if;
    return new;
end $$;
create trigger keep_title before update on public.pages
for each row execute function public.keep_title();
alter table public.pages enable row level security;
revoke all on public.pages from anon, authenticated, service_role;
grant select, update (body, title) on public.pages to authenticated;
create policy "own" on public.pages for all to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "wikis are read" on public.pages for select to authenticated using (is_wiki);
create policy "wikis are written" on public.pages for update to authenticated using (is_wiki);
"""


def test_that_a_trigger_keeps_a_column_no_more_is_a_leak(target: Target) -> None:
    run(target, WIKI)
    contract = written(target)
    assert red(target, contract) == {}
    run(target, "drop trigger keep_title on public.pages")
    found = red(target, contract)
    told = "can now update pages.title on other people's rows where is_wiki=true."
    assert any(told in sentence for sentence in found), found
