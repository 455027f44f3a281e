"""Rows that come with a sign-up, and rows that go with others: both belong to the contract."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prospectr_db.access.observe import observe
from prospectr_db.database import Target
from prospectr_db.errors import SqlError
from tests.integration.access.holding import Held, run

FORUM = """
create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    handle text not null unique
);
create function public.handle_new_user() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    insert into public.profiles (id, handle) values (new.id, 'user_' || new.id::text);
    return new;
end
$$;
revoke execute on function public.handle_new_user() from public, anon, authenticated;
create trigger on_auth_user_created after insert on auth.users
for each row execute function public.handle_new_user();
create table public.topics (
    id bigint generated always as identity primary key,
    user_id uuid not null references auth.users (id) on delete cascade,
    title text not null
);
create table public.replies (
    id bigint generated always as identity primary key,
    topic_id bigint not null references public.topics (id),
    user_id uuid not null references auth.users (id) on delete cascade,
    body text not null
);
alter table public.profiles enable row level security;
alter table public.topics enable row level security;
alter table public.replies enable row level security;
create policy "own" on public.profiles for select to authenticated
using (id = (select auth.uid()));
create policy "own" on public.topics for select to authenticated
using (user_id = (select auth.uid()));
create policy "end" on public.topics for delete to authenticated
using (user_id = (select auth.uid()));
create policy "own" on public.replies for select to authenticated
using (user_id = (select auth.uid()));
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on all tables in schema public to authenticated;
grant delete on public.topics to authenticated;
"""


def test_a_sign_up_that_makes_no_profile_any_more_is_told(held: Callable[[str], Held]) -> None:
    after = held(FORUM)
    found = after("drop trigger on_auth_user_created on auth.users")
    assert "A sign-up no longer makes a row in profiles." in found


def test_rows_that_now_go_with_others_are_told(held: Callable[[str], Held]) -> None:
    after = held(FORUM)
    found = after(
        "alter table public.replies drop constraint replies_topic_id_fkey,"
        " add foreign key (topic_id) references public.topics (id) on delete cascade"
    )
    assert [sentence.partition(": ")[0] for sentence in found] == [
        "Rows of replies now go with topics by topic_id"
    ]


def test_a_key_that_is_made_anew_is_no_difference(held: Callable[[str], Held]) -> None:
    after = held(FORUM)
    found = after(
        "alter table public.replies drop constraint replies_topic_id_fkey,"
        " add constraint replies_of_topics foreign key (topic_id) references public.topics (id)"
    )
    assert found == set()


HANDLES = """
create or replace function public.handle_new_user() returns trigger
language plpgsql security definer set search_path = ''
as $$ begin insert into public.profiles {}; return new; end $$;
"""


def test_a_trigger_that_leaves_out_what_must_be_there_refuses_everybody(target: Target) -> None:
    run(target, FORUM)
    run(target, HANDLES.format("(id) values (new.id)"))
    with pytest.raises(SqlError, match=r'Nobody can sign up: .*"handle"'):
        observe(target)


def test_what_users_say_of_themselves_is_given_where_a_trigger_must_have_it(
    target: Target,
) -> None:
    run(target, FORUM)
    said = "new.raw_user_meta_data ->> 'handle'"
    run(target, HANDLES.format(f"(id, handle) values (new.id, {said})"))
    table = observe(target).table("profiles")
    assert table is not None
    own = table.find("owner", "own", "select")
    assert own is not None
    assert own.succeeds
