"""Who has one vote in each poll keeps one, whatever kind of key says so."""

from __future__ import annotations

from prospectr_db.database import Target
from tests.integration.access.held import hold

VOTES = """
create table public.polls (id bigint generated always as identity primary key, title text not null);
create table public.votes (
    id bigint generated always as identity primary key,
    poll_id bigint not null references public.polls (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    choice integer not null check (choice between 1 and 5), note text,
    constraint once unique (poll_id, user_id), unique (user_id, note)
);
alter table public.polls enable row level security;
alter table public.votes enable row level security;
create policy vote on public.votes for insert to authenticated
with check (user_id = (select auth.uid()));
create policy own on public.votes for select to authenticated
using (user_id = (select auth.uid()));
revoke all on all tables in schema public from anon, authenticated;
grant select, insert on public.votes to authenticated;
"""
ANYHOW = "alter table public.votes drop constraint if exists once; drop index if exists once_more;"


def test_a_key_that_allows_several_rows_where_one_was_all_is_told(target: Target) -> None:
    held = hold(target, VOTES)
    assert 'once = ["poll_id, user_id"]' in held.text
    index = "create unique index once_more on public.votes (user_id, poll_id)"
    assert held.after(f"{ANYHOW} {index};") == set()
    told = (
        "Several rows of votes can now have the same poll_id and user_id; the contract holds that "
        "one is all."
    )
    for wider in (
        f"{index} where choice < 3",
        "alter table public.votes add constraint once unique (poll_id, user_id, choice)",
    ):
        assert held.after(f"{ANYHOW} {wider};") == {told}
    assert told not in held.after(
        f"{ANYHOW} create unique index once_more on public.votes (user_id);"
    )
