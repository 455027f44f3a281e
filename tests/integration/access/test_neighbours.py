# ruff: noqa: E501 - schemas read better in long lines
"""Guests of one project, who are no members of its workspace, and of another one beside it."""

from __future__ import annotations

import pytest

from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.observe import observe
from prospectr_db.database import Target
from tests.integration.access.held import hold, run

GUESTS = """
create table public.workspaces (id uuid primary key default gen_random_uuid(), name text not null);
create table public.workspace_members (
    workspace_id uuid not null references public.workspaces (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade, primary key (workspace_id, user_id));
create table public.projects (
    id uuid primary key default gen_random_uuid(),
    workspace_id uuid not null references public.workspaces (id) on delete cascade, name text not null);
create table public.project_guests (
    project_id uuid not null references public.projects (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role text not null default 'viewer' check (role in ('viewer', 'editor')), primary key (project_id, user_id));
create table public.tasks (
    id uuid primary key default gen_random_uuid(),
    project_id uuid not null references public.projects (id) on delete cascade, title text not null,
    made_by uuid not null default auth.uid() references auth.users (id) on delete cascade);
create schema private;
grant usage on schema private to authenticated;
create function private.is_member(project uuid) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.projects as p join public.workspace_members as m using (workspace_id)
    where p.id = project and m.user_id = (select auth.uid())) $$;
create function private.is_guest(project uuid, roles text[]) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.project_guests as g
    where g.project_id = project and g.user_id = (select auth.uid()) and g.role = any (roles)) $$;
create function private.is_near(project uuid, roles text[]) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.project_guests as g join public.projects as mine on mine.id = g.project_id
    join public.projects as p using (workspace_id)
    where p.id = project and g.user_id = (select auth.uid()) and g.role = any (roles)) $$;
alter table public.workspaces enable row level security;
alter table public.workspace_members enable row level security;
alter table public.projects enable row level security;
alter table public.project_guests enable row level security;
alter table public.tasks enable row level security;
create policy own on public.workspace_members for select to authenticated using (user_id = (select auth.uid()));
create policy own on public.project_guests for select to authenticated using (user_id = (select auth.uid()));
create policy see on public.workspaces for select to authenticated using (id in (
    select m.workspace_id from public.workspace_members as m where m.user_id = (select auth.uid())));
create policy guests on public.workspaces for select to authenticated using (exists (
    select from public.projects as p where p.workspace_id = workspaces.id and private.is_guest(p.id, '{viewer,editor}')));
create policy see on public.projects for select to authenticated
    using (private.is_member(id) or private.is_guest(id, '{viewer,editor}'));
create policy see on public.tasks for select to authenticated
    using (private.is_member(project_id) or private.is_guest(project_id, '{viewer,editor}'));
create policy change on public.tasks for update to authenticated
    using (private.is_member(project_id) or private.is_guest(project_id, '{editor}'));
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant update (title) on public.tasks to authenticated;
create view public.other_tasks with (security_invoker = true) as select t.* from public.tasks as t
    where not exists (select from public.workspace_members as m where m.user_id = (select auth.uid()));
grant select on public.other_tasks to authenticated;
"""

NEAR = "role=editor of neighbouring projects"
_SEE = "alter policy see on public.tasks using (private.is_member(project_id) or {});"
_CHANGE = "alter policy change on public.tasks using (private.is_member(project_id) or {});"
_HERE = "private.is_guest(project_id, '{viewer,editor}')"

READ = "can now read tasks on other people's rows."
TASKS = "can now update tasks.title on other people's rows."
BOTH = "users with role=viewer who are role=editor of neighbouring projects"

FAULTS = {
    "guests of one project see those of the whole workspace": (
        _SEE.format("private.is_near(project_id, '{viewer,editor}')"),
        {
            f"Users with role=editor of neighbouring projects {READ}",
            f"Users with role=editor of neighbouring projects {READ.replace('tasks', 'other_tasks (every column)')}",
        },
    ),
    "editors of one change what they read in another": (
        _CHANGE.format(f"({_HERE} and private.is_near(project_id, '{{editor}}'))"),
        {f"U{BOTH.removeprefix('u')} {TASKS}"},
    ),
    "editors of any project": (
        _CHANGE.format("private.is_near(project_id, '{editor}')"),
        {
            f"Users with role=editor of neighbouring projects {TASKS}",
            f"U{BOTH.removeprefix('u')} {TASKS}",
        },
    ),
    "guests change what they should see": (
        _CHANGE.format(_HERE),
        {f"Users with role=viewer {TASKS}"},
    ),
    "whoever has made a task is a guest for ever": (
        _SEE.format(f"{_HERE} or made_by = (select auth.uid())"),
        {
            f"Removed members{of} can now read {what}"
            for of in ("", " of project_guests")
            for what in ("tasks (every column) on their own rows.", "other_tasks on any row.")
        },
    ),
}


def test_guests_see_one_project_and_those_of_the_next_one_no_more_than_anybody(
    target: Target,
) -> None:
    held = hold(target, GUESTS)
    matrix = observe(target, given=held.contract.given)
    allowed = facts_of(matrix).allowed
    assert {NEAR, f"role=viewer, {NEAR}", f"member, {NEAR}"} <= set(matrix.personas)
    assert ("tasks", "role=viewer", "other", "select") in allowed
    assert ("tasks", "role=viewer", "other", "update") not in allowed
    assert not [entry for entry in allowed if "neighbouring" in entry[1]]


def test_who_is_a_guest_may_be_said_otherwise(target: Target) -> None:
    held = hold(target, GUESTS)
    listed = "project_id in (select g.project_id from public.project_guests as g where g.user_id = auth.uid())"
    run(target, _SEE.format(listed))
    run(target, _CHANGE.format(f"({listed} and private.is_guest(project_id, '{{editor}}'))"))
    assert held.errors() == set()


@pytest.mark.parametrize("fault", FAULTS)
def test_what_lets_in_the_wrong_guests_is_told(fault: str, target: Target) -> None:
    change, sentences = FAULTS[fault]
    assert hold(target, GUESTS).after(change) == sentences


SHARED = """
create table public.documents (
    id uuid primary key default gen_random_uuid(), owner_id uuid not null references auth.users (id));
create table public.shares (
    document_id uuid not null references public.documents (id) on delete cascade,
    user_id uuid not null references auth.users (id), primary key (document_id, user_id));
create schema private;
grant usage on schema private to authenticated;
create function private.is_shared(document uuid) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.shares as s where s.document_id = document and s.user_id = (select auth.uid())) $$;
create function private.knows(owner uuid) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.documents as d where d.owner_id = owner and private.is_shared(d.id)) $$;
alter table public.documents enable row level security;
alter table public.shares enable row level security;
create policy see on public.documents for select to authenticated
    using (owner_id = (select auth.uid()) or private.is_shared(id));
create policy own on public.shares for select to authenticated using (user_id = (select auth.uid()));
revoke all on public.documents, public.shares from anon, authenticated;
grant select on public.documents, public.shares to authenticated;
"""


def test_with_whom_one_document_was_shared_is_told_when_he_sees_all_of_its_owner(
    target: Target,
) -> None:
    change = "alter policy see on public.documents using (owner_id = (select auth.uid()) or private.knows(owner_id));"
    assert hold(target, SHARED).after(change) == {
        "Plain members of neighbouring documents can now read documents on other people's rows."
    }
