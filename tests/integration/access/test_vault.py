"""Secrets that triggers look up in the vault, where no migration puts them."""

from __future__ import annotations

import pytest

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import hold, run

SECTIONS = """
create table public.sections (
    id bigint primary key generated always as identity,
    user_id uuid not null references auth.users (id), content text
);
alter table public.sections enable row level security;
revoke all on public.sections from anon, authenticated;
grant select, insert on public.sections to authenticated;
create policy s on public.sections for select to authenticated
    using (user_id = (select auth.uid()));
create policy i on public.sections for insert to authenticated
    with check (user_id = (select auth.uid()));
create table public.calls (id bigint primary key generated always as identity, url text not null);
alter table public.calls enable row level security;
revoke all on public.calls from anon, authenticated;
create schema private;
create function private.secret(wanted text) returns text language sql stable security definer
set search_path = ''
as $$ select s.decrypted_secret from vault.decrypted_secrets as s where s.name = wanted $$;
create function private.embed() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
    found_url text;
    secret_name constant text := 'project_url';
begin
    {lookup}
    insert into public.calls (url) values (found_url || '/functions/v1/embed');
    return new;
end $$;
create trigger embed after insert on public.sections
    for each row execute function private.embed();
"""
NAMED = """select decrypted_secret into found_url from vault.decrypted_secrets
    where name = 'project_url';"""
LOOKUPS = {
    "by a name": NAMED,
    "in a list": NAMED.replace("= 'project_url'", "in ('project_url', 'url') limit 1"),
    "through a helper": "found_url := private.secret('project_url');",
    "by a variable": NAMED.replace("'project_url'", "secret_name"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_trigger_that_needs_a_secret_keeps_nobody_out(name: str, target: Target) -> None:
    run(target, SECTIONS.replace("{lookup}", LOOKUPS[name]))
    assert [f.sentence for f in judge(observe(target)) if f.severity == "error"] == []


def test_who_adds_rows_past_such_a_trigger_is_told(target: Target) -> None:
    held = hold(target, SECTIONS.replace("{lookup}", NAMED))
    sentences = held.after("alter policy i on public.sections with check (true);")
    assert any("can now insert" in sentence for sentence in sentences)
