# ruff: noqa: E501, S608 - schemas read better in long lines, and nothing of them is input
"""Restrictions on the token, each right as it is, with the change that drops it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.integration.access.schemas import FILES, NOTES

PRIVATE = """
create schema private;
grant usage on schema private to authenticated;
"""

AAL = "(select auth.jwt() ->> 'aal') = 'aal2'"
OPTED_IN = """array[(select auth.jwt() ->> 'aal')] <@ (
    select case when count(id) > 0 then array['aal2'] else array['aal1', 'aal2'] end
    from auth.mfa_factors where (select auth.uid()) = user_id and status = 'verified')"""
CALLS = """
create function public.burn(note uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
    {check}
    delete from public.notes where id = note and user_id = (select auth.uid());
end $$;
revoke execute on function public.burn(uuid) from public, anon;
grant execute on function public.burn(uuid) to authenticated;
"""
READS = """
create function public.titles() returns setof text language sql stable security definer set search_path = '' as $$
    select title from public.notes where user_id = (select auth.uid()) {check} $$;
revoke execute on function public.titles() from public, anon;
grant execute on function public.titles() to authenticated;
"""
GUARD = "if (select auth.jwt() ->> 'aal') is distinct from 'aal2' then raise exception 'sign in again'; end if;"


def restrict(condition: str, *, command: str = "all", name: str = "gate") -> str:
    """Return a restrictive policy on the notes."""
    kinds = {"insert": f"with check ({condition})"}
    body = kinds.get(command, f"using ({condition})")
    return f"create policy {name} on public.notes as restrictive for {command} to authenticated {body};"


DROPPED = "drop policy gate on public.notes;"
OPENED = 'alter policy "see own" on public.notes using ((select auth.uid()) = user_id);'


@dataclass(frozen=True)
class Restriction:
    """A right schema, what drops its restriction, and the sentence that must be said then."""

    name: str
    schema: str
    dropped: str
    says: str


RESTRICTIONS = [
    Restriction(
        "a second factor, restrictive",
        NOTES + restrict(AAL),
        DROPPED,
        "Owners without a second factor can now delete notes on their own rows.",
    ),
    Restriction(
        "a second factor, in an ordinary policy",
        NOTES
        + f'alter policy "see own" on public.notes using ((select auth.uid()) = user_id and {AAL});',
        OPENED,
        "Owners without a second factor can now read notes (every column) on their own rows.",
    ),
    Restriction(
        "a second factor, in a helper",
        NOTES
        + PRIVATE
        + "create function private.is_aal2() returns boolean language sql stable set search_path = ''"
        " as $$ select coalesce(auth.jwt() ->> 'aal', 'aal1') = 'aal2' $$;"
        + restrict("(select private.is_aal2())"),
        "create or replace function private.is_aal2() returns boolean language sql stable set search_path = ''"
        " as $$ select true $$;",
        "Owners without a second factor can now read notes (every column) on their own rows.",
    ),
    Restriction(
        "a second factor of whoever has one, as documented",
        "grant select on auth.mfa_factors to authenticated;"
        "create policy mine on auth.mfa_factors for select to authenticated using ((select auth.uid()) = user_id);"
        + NOTES
        + restrict(OPTED_IN),
        DROPPED,
        "Owners without a second factor can now read notes (every column) on their own rows.",
    ),
    Restriction(
        "a second factor of whoever has one, in a helper",
        NOTES
        + PRIVATE
        + "create function private.is_strong() returns boolean language sql stable security definer"
        f" set search_path = '' as $$ select {OPTED_IN} $$;"
        + restrict("(select private.is_strong())"),
        DROPPED,
        "Owners without a second factor can now read notes (every column) on their own rows.",
    ),
    Restriction(
        "a second factor, in a function",
        NOTES + CALLS.format(check=GUARD),
        CALLS.format(check="").replace("create function", "create or replace function"),
        "Owners without a second factor can now call public.burn(uuid).",
    ),
    Restriction(
        "a second factor, for what a function answers",
        NOTES + READS.format(check=f"and {AAL}"),
        READS.format(check="").replace("create function", "create or replace function"),
        "Owners without a second factor can now get rows of their own by calling public.titles().",
    ),
    Restriction(
        "a second factor, in a trigger",
        NOTES
        + PRIVATE
        + "create function private.guard() returns trigger language plpgsql set search_path = '' as $$"
        f" begin {GUARD} return old; end $$;"
        "create trigger guard before delete on public.notes for each row execute function private.guard();",
        "drop trigger guard on public.notes;",
        "Owners without a second factor can now delete notes on their own rows.",
    ),
    Restriction(
        "a second factor, in a view",
        NOTES
        + f"create view public.mine with (security_invoker) as select * from public.notes where {AAL};"
        "grant select on public.mine to authenticated;",
        "create or replace view public.mine with (security_invoker) as select * from public.notes;",
        "Owners without a second factor can now read mine (every column) on their own rows.",
    ),
    Restriction(
        "a second factor of admins",
        NOTES + 'create policy "admins see" on public.notes for select to authenticated using'
        f" ((select auth.jwt() -> 'app_metadata' ->> 'role') = 'admin' and {AAL});",
        "alter policy \"admins see\" on public.notes using ((select auth.jwt() -> 'app_metadata' ->> 'role') = 'admin');",
        "Users with app_metadata.role=admin without a second factor can now read notes (every column) on other people's rows.",
    ),
    Restriction(
        "no anonymous sign-in, restrictive",
        NOTES + restrict("(select (auth.jwt() ->> 'is_anonymous')::boolean) is false"),
        DROPPED,
        "Owners signed in anonymously can now read notes (every column) on their own rows.",
    ),
    Restriction(
        "no anonymous sign-in, for new rows",
        NOTES
        + restrict("(select (auth.jwt() ->> 'is_anonymous')::boolean) is false", command="insert"),
        DROPPED,
        "Owners signed in anonymously can now insert into notes.user_id, notes.title, notes.body for themselves.",
    ),
    Restriction(
        "no anonymous sign-in, by the account",
        NOTES
        + PRIVATE
        + "create function private.is_known() returns boolean language sql stable security definer"
        " set search_path = '' as $$ select exists (select 1 from auth.users where id = (select auth.uid())"
        " and not is_anonymous) $$;" + restrict("(select private.is_known())"),
        DROPPED,
        "Owners signed in anonymously can now read notes (every column) on their own rows.",
    ),
    Restriction(
        "no anonymous sign-in, for what everybody reads",
        NOTES
        + "create policy shared on public.notes for select to authenticated using (is_pro and not"
        " (select (auth.jwt() ->> 'is_anonymous')::boolean));",
        "alter policy shared on public.notes using (is_pro);",
        "Authenticated users signed in anonymously can now read notes on other people's rows where is_pro=true.",
    ),
    Restriction(
        "a confirmed address, by the token",
        NOTES + restrict("(select (auth.jwt() -> 'user_metadata' ->> 'email_verified')::boolean)"),
        DROPPED,
        "Owners with an unverified e-mail can now read notes (every column) on their own rows.",
    ),
    Restriction(
        "a confirmed address, by the account",
        NOTES
        + PRIVATE
        + "create function private.is_confirmed() returns boolean language sql stable security definer"
        " set search_path = '' as $$ select email_confirmed_at is not null from auth.users"
        " where id = (select auth.uid()) $$;" + restrict("(select private.is_confirmed())"),
        DROPPED,
        "Owners with an unverified e-mail can now read notes (every column) on their own rows.",
    ),
    Restriction(
        "an address of the company's, restrictive",
        NOTES + restrict("(select auth.jwt() ->> 'email') like '%@acme.com'"),
        DROPPED,
        "Owners with an e-mail of another domain can now read notes (every column) on their own rows.",
    ),
    Restriction(
        "an address of the company's, in an ordinary policy",
        NOTES + 'alter policy "see own" on public.notes using ((select auth.uid()) = user_id'
        " and split_part((select auth.email()), '@', 2) = 'acme.com');",
        OPENED,
        "Owners can now read notes (every column) on their own rows.",
    ),
    Restriction(
        "a plan, restrictive",
        NOTES + restrict("(select auth.jwt() -> 'app_metadata' ->> 'plan') in ('pro', 'team')"),
        DROPPED,
        "Owners without app_metadata.plan can now read notes (every column) on their own rows.",
    ),
    Restriction(
        "a plan, in an ordinary policy",
        NOTES + 'alter policy "see own" on public.notes using ((select auth.uid()) = user_id'
        " and (select auth.jwt() -> 'app_metadata' ->> 'plan') = 'pro');",
        OPENED,
        "Owners can now read notes (every column) on their own rows.",
    ),
    Restriction(
        "no ban",
        NOTES
        + restrict(
            "coalesce((select auth.jwt() -> 'app_metadata' ->> 'standing'), '') <> 'banned'"
        ),
        DROPPED,
        "Owners with app_metadata.standing=banned can now read notes (every column) on their own rows.",
    ),
    Restriction(
        "a way of signing in",
        NOTES + restrict("(select auth.jwt() -> 'amr') @> '[{\"method\": \"totp\"}]'"),
        DROPPED,
        "Owners signed in by another method can now read notes (every column) on their own rows.",
    ),
    Restriction(
        "files",
        FILES + "create policy gate on storage.objects as restrictive for insert to authenticated"
        " with check ((select (auth.jwt() ->> 'is_anonymous')::boolean) is false);",
        "drop policy gate on storage.objects;",
        "Owners signed in anonymously can now upload files to papers/user.",
    ),
    Restriction(
        "a private channel",
        NOTES + "create policy talk on realtime.messages for select to authenticated using"
        " ((select realtime.topic()) = 'lobby' and (select (auth.jwt() ->> 'is_anonymous')::boolean) is false);",
        "alter policy talk on realtime.messages using ((select realtime.topic()) = 'lobby');",
        "Owners signed in anonymously can now receive broadcast and presence from the private channel lobby.",
    ),
]
