# ruff: noqa: E501 - schemas read better in long lines
"""Secrets of which only a hash is kept, and codes that are numbers: what opens by them, and what without."""

from __future__ import annotations

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import hold

TABLES = """
create table public.teams (id uuid primary key default gen_random_uuid(), name text not null, owner_id uuid not null references auth.users (id) on delete cascade);
create table public.api_keys (
    id uuid primary key default gen_random_uuid(), team_id uuid not null references public.teams (id) on delete cascade,
    token_hash text not null unique, revoked_at timestamptz
);
create table public.shares (
    id uuid primary key default gen_random_uuid(), owner_id uuid not null references auth.users (id) on delete cascade,
    title text not null, password_hash text not null, expires_at timestamptz not null default now() + interval '7 days'
);
create table public.pairings (
    id uuid primary key default gen_random_uuid(), owner_id uuid not null references auth.users (id) on delete cascade,
    code int not null, device text not null, used_at timestamptz
);
alter table public.teams enable row level security;
alter table public.api_keys enable row level security;
alter table public.shares enable row level security;
alter table public.pairings enable row level security;
create policy r on public.teams for select to authenticated using (owner_id = (select auth.uid()));
revoke all on all tables in schema public from anon, authenticated;
grant select on public.teams to authenticated;
"""
KEY = """
create or replace function public.team_by_key(p_token text) returns table (name text) language sql stable security definer set search_path = ''
as $$ select t.name from public.api_keys as k join public.teams as t on t.id = k.team_id where {} $$;
"""
SHARE = """
create or replace function public.open_share(p_id uuid, p_password text) returns table (title text) language sql stable security definer set search_path = ''
as $$ select s.title from public.shares as s where s.id = p_id and {} $$;
"""
PAIR = """
create or replace function public.pair(p_code int) returns void language plpgsql security definer set search_path = ''
as $$ begin
    update public.pairings as p set used_at = now() where {};
    if not found then raise exception 'wrong code'; end if;
end $$;
"""
GRANTS = """
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
"""
HASHED = "k.token_hash = encode(sha256(p_token::bytea), 'hex') and k.revoked_at is null"
CRYPTED = "s.password_hash = extensions.crypt(p_password, s.password_hash) and s.expires_at > now()"
CODE = "p.code = p_code and p.used_at is null and p.owner_id <> auth.uid()"
SCHEMA = TABLES + KEY.format(HASHED) + SHARE.format(CRYPTED) + PAIR.format(CODE) + GRANTS
OTHER = (
    KEY.format("k.revoked_at is null and encode(extensions.digest(p_token, 'sha256'), 'hex') = k.token_hash")
    + SHARE.format("now() < s.expires_at and extensions.crypt(p_password, s.password_hash) = s.password_hash")
    + PAIR.format("not p.owner_id = auth.uid() and p.used_at is null and p_code = p.code")
)  # fmt: skip
GET, CHANGE = "get other people's rows by calling", "change other people's rows by calling"


def test_what_opens_by_what_was_hashed_is_a_note_and_its_conditions_are_held(
    target: Target,
) -> None:
    held = hold(target, SCHEMA)
    found = [f for f in judge(observe(target)) if f.persona == "stranger" and f.rule == "function"]
    assert {f.severity for f in found} == {"note"}
    assert {f.sentence.rpartition(", knowing ")[2] for f in found} == {
        "api_keys.token_hash before hashing.",
        "shares.password_hash before hashing.",
        "pairings.code.",
    }
    assert held.after(OTHER) == set()
    told = held.after(
        KEY.format(HASHED.replace(" and k.revoked_at is null", ""))
        + SHARE.format(CRYPTED.replace(" and s.expires_at > now()", ""))
        + PAIR.format(CODE.replace(" and p.owner_id <> auth.uid()", ""))
    )
    assert told >= {
        f"Authenticated strangers can now {GET} public.team_by_key(text) where api_keys.revoked_at=2020-01-01, knowing api_keys.token_hash before hashing.",
        f"Authenticated strangers can now {GET} public.open_share(uuid, text) where shares.expires_at=2020-01-01, knowing shares.password_hash before hashing.",
        "Owners can now change rows of their own by calling public.pair(integer).",
    }


def test_what_opens_without_the_secret_is_a_leak(target: Target) -> None:
    held = hold(target, SCHEMA)
    told = held.after(
        KEY.format(HASHED.replace("encode(sha256(p_token::bytea), 'hex')", "p_token"))
        + SHARE.format(f"(p_password is null or {CRYPTED})")
        + PAIR.format(CODE.replace("p.code = p_code", "(p.code = p_code or p_code is null)"))
    )
    assert told >= {
        f"Authenticated strangers can now {GET} public.team_by_key(text), knowing api_keys.token_hash.",
        f"Authenticated strangers can now {GET} public.open_share(uuid, text).",
        f"Authenticated strangers can now {CHANGE} public.pair(integer).",
    }
