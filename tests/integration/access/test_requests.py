"""What the Data API says of the request itself: its headers, its method and its path."""

from __future__ import annotations

from prospectr_db.database import Target
from tests.integration.access.held import hold

SECTIONS = """
create table public.sections (
    id bigint primary key generated always as identity,
    user_id uuid not null references auth.users (id), content text
);
alter table public.sections enable row level security;
revoke all on public.sections from anon, authenticated;
grant select, insert, update on public.sections to authenticated;
create policy s on public.sections for select to authenticated
    using (user_id = (select auth.uid()) and current_setting('request.path') = '/sections');
create policy i on public.sections for insert to authenticated
    with check (user_id = (select auth.uid()) and current_setting('request.method') = 'POST');
create policy u on public.sections for update to authenticated
    using (user_id = (select auth.uid()) and current_setting('request.method') = 'PATCH');
create table public.calls (id bigint primary key generated always as identity, token text not null);
alter table public.calls enable row level security;
revoke all on public.calls from anon, authenticated;
create function public.embed() returns trigger language plpgsql security definer
set search_path = '' as $$ begin
    insert into public.calls (token)
    values (current_setting('request.headers')::json ->> 'authorization');
    return new;
end $$;
create trigger embed after insert on public.sections
    for each row execute function public.embed();
"""


def test_a_trigger_finds_the_token_and_policies_the_request(target: Target) -> None:
    held = hold(target, SECTIONS)
    said = {e[3] for e in held.contract.facts.allowed if e[:3] == ("sections", "owner", "own")}
    assert {"select", "insert", "update"} <= said
    change = """
        alter policy i on public.sections with check (current_setting('request.method') = 'POST')
    """
    assert any("can now insert" in sentence for sentence in held.after(change))
