# ruff: noqa: E501, S608 - schemas read better in long lines, and nothing of them is input
"""Small schemas: a right one, and ways of spoiling or respelling it."""

from __future__ import annotations

from dataclasses import dataclass

CAMPAIGNS = """
create table public.campaigns (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    title text not null,
    goal integer not null default 100,
    status text not null default 'draft' check (status in ('draft', 'live', 'cancelled'))
);
create function public.guard() returns trigger language plpgsql set search_path = '' as $$
begin
    if old.status = 'cancelled' and new.status <> 'cancelled' then
        raise exception 'cancelled is cancelled';
    end if;
    if old.status = 'live' and new.goal is distinct from old.goal then
        raise exception 'the goal of a live campaign stays';
    end if;
    return new;
end $$;
create trigger guard before update on public.campaigns
for each row execute function public.guard();
alter table public.campaigns enable row level security;
revoke all on public.campaigns from anon, authenticated, service_role;
grant select, insert (title, goal), update (title, goal, status), delete
on public.campaigns to authenticated;
create policy "own" on public.campaigns for all to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
"""

NOTES = """
create table public.notes (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    title text not null,
    body text,
    is_pro boolean not null default false
);
alter table public.notes enable row level security;
revoke all on public.notes from anon, authenticated;
grant select, delete on public.notes to authenticated;
grant insert (user_id, title, body) on public.notes to authenticated;
grant update (title, body) on public.notes to authenticated;
create policy "see own" on public.notes for select to authenticated
    using ((select auth.uid()) = user_id);
create policy "add own" on public.notes for insert to authenticated
    with check ((select auth.uid()) = user_id);
create policy "change own" on public.notes for update to authenticated
    using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy "drop own" on public.notes for delete to authenticated
    using ((select auth.uid()) = user_id);
"""

TREE = """
create table public.lists (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    name text not null
);
create table public.items (
    id bigint generated always as identity primary key,
    list_id uuid not null references public.lists (id) on delete cascade,
    label text not null,
    done boolean not null default false
);
alter table public.lists enable row level security;
alter table public.items enable row level security;
revoke all on public.lists, public.items from anon, authenticated;
grant select, insert, update (name), delete on public.lists to authenticated;
grant select, insert, update (label, done), delete on public.items to authenticated;
create policy "own lists" on public.lists for all to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "items of own lists" on public.items for all to authenticated
    using (exists (select 1 from public.lists as l
                   where l.id = list_id and l.user_id = (select auth.uid())))
    with check (exists (select 1 from public.lists as l
                        where l.id = list_id and l.user_id = (select auth.uid())));
"""

TEAMS = """
create table public.teams (
    id uuid primary key default gen_random_uuid(),
    name text not null
);
create table public.members (
    team_id uuid not null references public.teams (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role text not null default 'member' check (role in ('admin', 'member')),
    primary key (team_id, user_id)
);
create table public.projects (
    id uuid primary key default gen_random_uuid(),
    team_id uuid not null references public.teams (id) on delete cascade,
    title text not null
);
create schema private;
grant usage on schema private to authenticated;
create function private.my_role(team uuid) returns text
language sql stable security definer set search_path = ''
as $$ select m.role from public.members as m
      where m.team_id = team and m.user_id = (select auth.uid()) $$;
revoke execute on function private.my_role(uuid) from public, anon;
grant execute on function private.my_role(uuid) to authenticated;
alter table public.teams enable row level security;
alter table public.members enable row level security;
alter table public.projects enable row level security;
revoke all on public.teams, public.members, public.projects from anon, authenticated;
grant select, update (name) on public.teams to authenticated;
grant select, insert, update (role), delete on public.members to authenticated;
grant select, insert, update (title), delete on public.projects to authenticated;
create policy "members see their team" on public.teams for select to authenticated
    using (private.my_role(id) is not null);
create policy "admins rename" on public.teams for update to authenticated
    using (private.my_role(id) = 'admin') with check (private.my_role(id) = 'admin');
create policy "members see members" on public.members for select to authenticated
    using (private.my_role(team_id) is not null);
create policy "admins add" on public.members for insert to authenticated
    with check (private.my_role(team_id) = 'admin');
create policy "admins change" on public.members for update to authenticated
    using (private.my_role(team_id) = 'admin') with check (private.my_role(team_id) = 'admin');
create policy "admins remove" on public.members for delete to authenticated
    using (private.my_role(team_id) = 'admin');
create policy "team projects" on public.projects for select to authenticated
    using (private.my_role(team_id) is not null);
create policy "team adds projects" on public.projects for insert to authenticated
    with check (private.my_role(team_id) is not null);
create policy "team changes projects" on public.projects for update to authenticated
    using (private.my_role(team_id) is not null)
    with check (private.my_role(team_id) is not null);
create policy "admins drop projects" on public.projects for delete to authenticated
    using (private.my_role(team_id) = 'admin');
"""

FILES = """
insert into storage.buckets (id, name, public) values ('papers', 'papers', false);
create policy "read own papers" on storage.objects for select to authenticated
    using (bucket_id = 'papers' and (storage.foldername(name))[1] = (select auth.uid())::text);
create policy "add own papers" on storage.objects for insert to authenticated
    with check (bucket_id = 'papers' and (storage.foldername(name))[1] = (select auth.uid())::text);
create policy "drop own papers" on storage.objects for delete to authenticated
    using (bucket_id = 'papers' and (storage.foldername(name))[1] = (select auth.uid())::text);
"""


CLAIMED = """
create table public.papers (
    id uuid primary key default gen_random_uuid(), org_id uuid not null, title text not null);
alter table public.papers enable row level security;
revoke all on public.papers from anon, authenticated;
grant select, insert (org_id, title), delete on public.papers to authenticated;
create policy "own tenant" on public.papers for all to authenticated
    using (org_id = ((select auth.jwt()) -> 'app_metadata' ->> 'org_id')::uuid)
    with check (org_id = ((select auth.jwt()) -> 'app_metadata' ->> 'org_id')::uuid);
"""

CLAIMED_FAULT = CLAIMED.replace("app_metadata", "user_metadata")


@dataclass(frozen=True)
class Fault:
    """A spoilt schema, and the rule that must object to which relation."""

    name: str
    sql: str
    rule: str
    relation: str


FAULTS = [
    Fault("rls off", NOTES + "alter table public.notes disable row level security;", "other-rows", "notes"),
    Fault("select using true", NOTES + 'alter policy "see own" on public.notes using (true);',
          "other-rows", "notes"),
    Fault("a second, open policy", NOTES +
          "create policy extra on public.notes for select to authenticated using (title is not null);",
          "other-rows", "notes"),
    Fault("select for anon", NOTES + "grant select on public.notes to anon;"
          "create policy extra on public.notes for select to anon using (true);", "other-rows", "notes"),
    Fault("any signed-in user", NOTES + 'alter policy "see own" on public.notes'
          " using ((select auth.uid()) is not null);", "other-rows", "notes"),
    Fault("role instead of identity", NOTES + 'alter policy "see own" on public.notes'
          " using ((select auth.role()) = 'authenticated');", "other-rows", "notes"),
    Fault("insert check true", NOTES + 'alter policy "add own" on public.notes with check (true);',
          "insert-for-others", "notes"),
    Fault("update without check", NOTES + 'alter policy "change own" on public.notes with check (true);'
          "grant update (user_id) on public.notes to authenticated;", "transfer", "notes"),
    Fault("update using true", NOTES + 'alter policy "change own" on public.notes'
          " using (true) with check (true);", "other-rows", "notes"),
    Fault("steal by update", NOTES + 'alter policy "change own" on public.notes using (true);'
          "grant update (user_id) on public.notes to authenticated;", "other-rows", "notes"),
    Fault("delete using true, hidden by the select policy", NOTES +
          'alter policy "drop own" on public.notes using (true);', "other-rows", "notes"),
    Fault("truncate", NOTES + TREE + "grant truncate on public.notes to authenticated;", "truncate", "notes"),
    Fault("definer view", NOTES + "create view public.all_notes as select * from public.notes;"
          "grant select on public.all_notes to authenticated;", "other-rows", "all_notes"),
    Fault("writable definer view", NOTES +
          "create view public.titles as select id, title from public.notes;"
          "grant update on public.titles to authenticated;", "other-rows", "titles"),
    Fault("materialized view", NOTES +
          "create materialized view public.note_copy as select id, title from public.notes;"
          "grant select on public.note_copy to anon;", "other-rows", "note_copy"),
    Fault("definer function reads", NOTES +
          "create function public.note(p_id uuid) returns setof public.notes language sql"
          " security definer set search_path = ''"
          " as $$ select * from public.notes where id = p_id $$;"
          "grant execute on function public.note(uuid) to authenticated;",
          "function", "public.note(uuid)"),
    Fault("definer function writes", NOTES +
          "create function public.wipe(p_id uuid) returns void language plpgsql"
          " security definer set search_path = ''"
          " as $$ begin delete from public.notes where id = p_id; end $$;"
          "grant execute on function public.wipe(uuid) to authenticated;",
          "function", "public.wipe(uuid)"),
    Fault("user_metadata is believed", NOTES + 'alter policy "see own" on public.notes'
          " using ((select auth.uid()) = user_id or"
          " (select auth.jwt() -> 'user_metadata' ->> 'role') = 'admin');", "claims", "notes"),
    Fault("sign-up metadata is believed", NOTES + """
create table public.people (
    id uuid primary key references auth.users (id) on delete cascade, role text not null default 'user');
alter table public.people enable row level security;
revoke all on public.people from anon, authenticated;
grant select on public.people to authenticated;
create policy own on public.people for select to authenticated using (id = (select auth.uid()));
create function public.greet() returns trigger language plpgsql security definer set search_path = ''
as $$ begin insert into public.people (id, role)
values (new.id, coalesce(new.raw_user_meta_data ->> 'role', 'user')); return new; end $$;
revoke execute on function public.greet() from public, anon, authenticated;
create trigger greet after insert on auth.users for each row execute function public.greet();
create policy staff on public.notes for select to authenticated using (exists (
    select 1 from public.people as p where p.id = (select auth.uid()) and p.role = 'admin'));
""", "claims", "notes"),
    Fault("a missing sub matches", NOTES + 'alter policy "see own" on public.notes'
          " using (user_id = coalesce((select auth.uid()), user_id));", "claims", "notes"),
    Fault("a user raises himself", NOTES + """
create table public.people (
    id uuid primary key references auth.users (id) on delete cascade,
    is_admin boolean not null default false, nick text);
alter table public.people enable row level security;
revoke all on public.people from anon, authenticated;
grant select, update on public.people to authenticated;
create policy own on public.people for select to authenticated using (id = (select auth.uid()));
create policy change on public.people for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy staff on public.notes for select to authenticated using (exists (
    select 1 from public.people as p where p.id = (select auth.uid()) and p.is_admin));
""", "escalation", "people"),
    Fault("child under another's parent", TREE + """
drop policy "items of own lists" on public.items;
create policy see on public.items for select to authenticated using (exists (
    select 1 from public.lists as l where l.id = list_id and l.user_id = (select auth.uid())));
create policy add on public.items for insert to authenticated with check (true);
""", "insert-for-others", "items"),
    Fault("the second document's link", """
create table public.user_profile (
    id uuid primary key default gen_random_uuid(),
    user_id_auth uuid not null references auth.users (id));
create table public.provider_data (
    id uuid primary key default gen_random_uuid(),
    provider_id_ref uuid not null references public.user_profile (id),
    auth_provider_id uuid not null references auth.users (id), token text);
alter table public.user_profile enable row level security;
alter table public.provider_data enable row level security;
revoke all on public.user_profile, public.provider_data from anon, authenticated;
grant select on public.user_profile to authenticated;
grant select, insert on public.provider_data to authenticated;
create policy own on public.user_profile for select to authenticated
    using (user_id_auth = (select auth.uid()));
create policy see on public.provider_data for select to authenticated
    using (auth_provider_id = (select auth.uid()));
create policy add on public.provider_data for insert to authenticated
    with check (auth_provider_id = (select auth.uid()));
""", "link", "provider_data"),
    Fault("re-parenting", TREE + 'alter policy "items of own lists" on public.items with check (true);'
          "grant update on public.items to authenticated;", "re-parent", "items"),
    Fault("anyone joins a team", TEAMS + 'alter policy "admins add" on public.members'
          " with check (user_id = (select auth.uid()));", "link", "members"),
    Fault("members promote themselves", TEAMS + 'alter policy "admins change" on public.members'
          " using (private.my_role(team_id) is not null)"
          " with check (private.my_role(team_id) is not null);", "escalation", "members"),
    Fault("team check forgets the team", TEAMS + 'alter policy "team projects" on public.projects'
          " using (exists (select 1 from public.members as m where m.user_id = (select auth.uid())));",
          "other-rows", "projects"),
    Fault("a partition without policies", """
create table public.events (
    id uuid not null default gen_random_uuid(), user_id uuid not null references auth.users (id),
    at date not null, primary key (id, at)) partition by range (at);
create table public.events_2026 partition of public.events for values from ('2026-01-01') to ('2027-01-01');
alter table public.events enable row level security;
revoke all on public.events, public.events_2026 from anon, authenticated;
grant select on public.events, public.events_2026 to authenticated;
create policy own on public.events for select to authenticated using (user_id = (select auth.uid()));
""", "other-rows", "events_2026"),
    Fault("a policy that lets nobody through", NOTES + 'alter policy "see own" on public.notes'
          " using ((select auth.uid()) = id);", "idle-policy", "notes"),
    Fault("a bucket that everybody reads", FILES +
          'alter policy "read own papers" on storage.objects using (bucket_id = \'papers\');',
          "other-rows", "storage.objects"),
    Fault("uploads anywhere", FILES +
          'alter policy "add own papers" on storage.objects with check (bucket_id = \'papers\');',
          "insert-for-others", "storage.objects"),
    Fault("a tenant by the user's own metadata", CLAIMED_FAULT, "claims", "papers"),
    Fault("a missing grant", NOTES + "revoke select on public.notes from authenticated;",
          "idle-policy", "notes"),
]  # fmt: skip

RIGHT = {
    "a tenant by the server's claim": CLAIMED,
    "a second factor": NOTES
    + """create policy mfa on public.notes as restrictive for all to authenticated
    using ((select auth.jwt() ->> 'aal') = 'aal2');""",
    "an email in the token": """
create table public.invites (
    id uuid primary key default gen_random_uuid(), email text not null, note text);
alter table public.invites enable row level security;
revoke all on public.invites from anon, authenticated;
grant select on public.invites to authenticated;
create policy mine on public.invites for select to authenticated
    using (email = (select auth.jwt() ->> 'email'));
""",
    "files": FILES,
    "notes": NOTES,
    "tree": TREE,
    "teams": TEAMS,
    "plain auth.uid()": NOTES.replace("(select auth.uid())", "auth.uid()"),
    "turned round": NOTES.replace("(select auth.uid()) = user_id", "user_id = auth.uid()"),
    "by the claim": NOTES.replace(
        "(select auth.uid())",
        "(nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub')::uuid",
    ),
    "one policy for all": NOTES.split("create policy", maxsplit=1)[0]
    + "create policy own on public.notes for all to authenticated using (auth.uid() = user_id);",
    "policies to public": NOTES.replace("to authenticated\n", "to public\n"),
    "a helper function": """
create schema private; grant usage on schema private to authenticated;
create function private.is_mine(owner uuid) returns boolean language sql stable
as $$ select owner = auth.uid() $$;
"""
    + NOTES.replace("((select auth.uid()) = user_id)", "(private.is_mine(user_id))"),
    "items by IN": TREE.split('create policy "items')[0]
    + """create policy i on public.items for all to authenticated
    using (list_id in (select l.id from public.lists as l where l.user_id = auth.uid()));""",
    "teams by IN": TEAMS.replace(
        'create policy "team projects" on public.projects for select to authenticated\n'
        "    using (private.my_role(team_id) is not null);",
        'create policy "team projects" on public.projects for select to authenticated using '
        "(team_id in (select m.team_id from public.members as m where m.user_id = auth.uid()));",
    ),
    "published posts": NOTES.replace("is_pro boolean", "published boolean").replace(
        'create policy "see own" on public.notes for select to authenticated\n'
        "    using ((select auth.uid()) = user_id);",
        'create policy "see own" on public.notes for select to authenticated\n'
        "    using (published or (select auth.uid()) = user_id);",
    ),
    "messages": """
create table public.messages (
    id bigint generated always as identity primary key,
    sender_id uuid not null references auth.users (id),
    recipient_id uuid not null references auth.users (id),
    body text not null, check (sender_id <> recipient_id));
alter table public.messages enable row level security;
revoke all on public.messages from anon, authenticated;
grant select, insert on public.messages to authenticated;
create policy see on public.messages for select to authenticated
    using ((select auth.uid()) in (sender_id, recipient_id));
create policy send on public.messages for insert to authenticated
    with check ((select auth.uid()) = sender_id);
""",
    "partitions": """
create table public.events (
    id uuid not null default gen_random_uuid(), user_id uuid not null references auth.users (id),
    at date not null, primary key (id, at)) partition by range (at);
create table public.events_2026 partition of public.events for values from ('2026-01-01') to ('2027-01-01');
alter table public.events enable row level security;
alter table public.events_2026 enable row level security;
revoke all on public.events, public.events_2026 from anon, authenticated;
grant select on public.events to authenticated;
create policy own on public.events for select to authenticated using (user_id = (select auth.uid()));
""",
    "invoker view and own function": NOTES
    + """
create view public.my_notes with (security_invoker = true) as select id, user_id, title from public.notes;
grant select on public.my_notes to authenticated;
create function public.count_notes() returns bigint language sql stable security invoker
    set search_path = '' as $$ select count(*) from public.notes $$;
create function public.drop_mine(p_id uuid) returns void language plpgsql security definer
    set search_path = ''
    as $$ begin delete from public.notes where id = p_id and user_id = auth.uid(); end $$;
grant execute on function public.count_notes(), public.drop_mine(uuid) to authenticated;
""",
    "profiles made by a trigger": """
create table public.people (
    id uuid primary key references auth.users (id) on delete cascade,
    is_admin boolean not null default false, nick text);
alter table public.people enable row level security;
revoke all on public.people from anon, authenticated;
grant select, update (nick) on public.people to authenticated;
create policy own on public.people for select to authenticated using (id = (select auth.uid()));
create policy change on public.people for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create function public.greet() returns trigger language plpgsql security definer set search_path = ''
as $$ begin insert into public.people (id, nick) values (new.id, new.raw_user_meta_data ->> 'name');
return new; end $$;
revoke execute on function public.greet() from public, anon, authenticated;
create trigger greet after insert on auth.users for each row execute function public.greet();
"""
    + NOTES
    + """
create policy staff on public.notes for select to authenticated using (exists (
    select 1 from public.people as p where p.id = (select auth.uid()) and p.is_admin));
""",
    "a claim of the server": NOTES
    + """create policy staff on public.notes for select to authenticated
    using ((select auth.jwt() -> 'app_metadata' ->> 'role') = 'admin');""",
    "a public list": """
create table public.countries (code text primary key check (code ~ '^[A-Z]{2}$'), name text not null);
alter table public.countries enable row level security;
revoke all on public.countries from anon, authenticated;
grant select on public.countries to anon, authenticated;
create policy everyone on public.countries for select to anon, authenticated using (true);
""",
}
