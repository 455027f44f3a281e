-- What every schema of benchmarks/access_growth.py has once: teams, and who belongs to them.
create type public.standing as enum ('admin', 'member');
create table public.teams (
    id uuid primary key default gen_random_uuid(),
    name text not null check (char_length(name) > 0),
    created_at timestamptz not null default now()
);
create table public.memberships (
    team_id uuid not null references public.teams (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role public.standing not null default 'member',
    primary key (team_id, user_id)
);
create index memberships_user_id on public.memberships (user_id);
alter table public.teams enable row level security;
alter table public.memberships enable row level security;
grant select, update on public.teams to authenticated;
grant select on public.memberships to authenticated;
create function public.is_member(team uuid) returns boolean
language sql stable security definer set search_path = '' as $$
select exists (
    select 1 from public.memberships as m where m.team_id = team and m.user_id = (select auth.uid())
)
$$;
create function public.is_admin(team uuid) returns boolean
language sql stable security definer set search_path = '' as $$
select exists (
    select 1 from public.memberships as m
    where m.team_id = team and m.user_id = (select auth.uid()) and m.role = 'admin'
)
$$;
create policy "Members read their teams." on public.teams for select to authenticated
using (public.is_member(id));
create policy "Admins rename their teams." on public.teams for update to authenticated
using (public.is_admin(id)) with check (public.is_admin(id));
create policy "Users see their memberships." on public.memberships for select to authenticated
using (user_id = auth.uid());

-- one group

-- Six tables of one subject, {n}; every second subject points at the one before it, {before}.
create table public.topics_{n} (code text primary key, name text not null);
create table public.notes_{n} (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    topic text not null references public.topics_{n} (code),
    title text not null,
    state text not null default 'draft' check (state in ('draft', 'sent')),
    body text,
    amount integer check (amount >= 0),
    created_at timestamptz not null default now(),
    unique (user_id, title)
);
create table public.parts_{n} (
    id bigint generated always as identity primary key,
    note_id uuid not null references public.notes_{n} (id) on delete cascade,
    label text not null,
    place integer not null default 0
);
create index parts_{n}_note_id on public.parts_{n} (note_id);
create table public.projects_{n} (
    id uuid primary key default gen_random_uuid(),
    team_id uuid not null references public.teams (id) on delete cascade,
    name text not null,
    budget numeric(10, 2),
    follows uuid references public.projects_{before} (id)
);
create index projects_{n}_team_id on public.projects_{n} (team_id);
create table public.tasks_{n} (
    id uuid primary key default gen_random_uuid(),
    project_id uuid not null references public.projects_{n} (id) on delete cascade,
    assignee uuid references auth.users (id) on delete set null,
    title text not null,
    done boolean not null default false
);
create index tasks_{n}_project_id on public.tasks_{n} (project_id);
create table public.audit_{n} (
    id bigint generated always as identity primary key,
    task_id uuid references public.tasks_{n} (id) on delete set null,
    message text not null
);
create function public.may_read_{n}(project uuid) returns boolean
language sql stable security definer set search_path = '' as $$
select exists (
    select 1 from public.projects_{n} as p
    inner join public.memberships as m on p.team_id = m.team_id
    where p.id = project and m.user_id = (select auth.uid())
)
$$;
alter table public.topics_{n} enable row level security;
alter table public.notes_{n} enable row level security;
alter table public.parts_{n} enable row level security;
alter table public.projects_{n} enable row level security;
alter table public.tasks_{n} enable row level security;
alter table public.audit_{n} enable row level security;
grant select on public.topics_{n} to anon, authenticated;
grant select, insert, delete on public.notes_{n} to authenticated;
grant update (title, body, amount) on public.notes_{n} to authenticated;
grant select, insert, update, delete on public.parts_{n}, public.projects_{n}, public.tasks_{n}
to authenticated;
create policy "Everyone reads topics." on public.topics_{n} for select to anon, authenticated
using (true);
create policy "Users read their notes." on public.notes_{n} for select to authenticated
using ((select auth.uid()) = user_id);
create policy "Users write notes." on public.notes_{n} for insert to authenticated
with check (auth.uid() = user_id);
create policy "Users change drafts." on public.notes_{n} for update to authenticated
using (user_id = (select auth.uid()) and state = 'draft')
with check (user_id = (select auth.uid()));
create policy "Users delete their notes." on public.notes_{n} for delete to authenticated
using (((select auth.jwt()) ->> 'sub')::uuid = user_id);
create policy "Users own the parts of their notes." on public.parts_{n} for all to authenticated
using (exists (
    select 1 from public.notes_{n} as o where o.id = note_id and o.user_id = (select auth.uid())
));
create policy "Members read projects." on public.projects_{n} for select to authenticated
using (public.is_member(team_id));
create policy "Admins write projects." on public.projects_{n} for all to authenticated
using (public.is_admin(team_id)) with check (public.is_admin(team_id));
create policy "Members read tasks." on public.tasks_{n} for select to authenticated
using (public.may_read_{n}(project_id));
create policy "Members write tasks." on public.tasks_{n} for all to authenticated
using (project_id in (
    select p.id from public.projects_{n} as p
    inner join public.memberships as m on p.team_id = m.team_id
    where m.user_id = auth.uid()
));
