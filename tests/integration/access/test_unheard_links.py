"""Favourites of listings that may be drafts: links that nobody else learns of."""

from __future__ import annotations

import pytest

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import run

FAVOURITES = """
create table public.listings (
    id uuid primary key default gen_random_uuid(),
    seller_id uuid not null references auth.users (id) on delete cascade,
    status text not null default 'draft' check (status in ('draft', 'published'))
);
create table public.favourites (
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    listing_id uuid not null references public.listings (id) on delete cascade,
    primary key (user_id, listing_id)
);
alter table public.listings enable row level security;
alter table public.favourites enable row level security;
create policy see on public.listings for select to authenticated
    using (status = 'published' or seller_id = (select auth.uid()));
create policy see on public.favourites for select to authenticated
    using (user_id = (select auth.uid()));
create policy make on public.favourites for insert to authenticated
    with check (user_id = (select auth.uid()));
revoke all on public.listings, public.favourites from anon, authenticated;
grant select on public.listings, public.favourites to authenticated;
grant insert (listing_id) on public.favourites to authenticated;
"""


def _found(target: Target, schema: str, severity: str) -> set[str]:
    run(target, schema)
    return {f.rule for f in judge(observe(target)) if f.severity == severity}


def test_what_is_shown_to_nobody_else_may_refer_to_what_is_not_shown_yet(target: Target) -> None:
    run(target, FAVOURITES)
    found = judge(observe(target))
    assert [f.sentence for f in found if f.severity == "error"] == []
    assert {f.relation for f in found if f.rule == "link-unheard"} == {"favourites"}


@pytest.mark.parametrize(
    "change",
    [
        # Its seller sees who has it.
        """create policy sellers on public.favourites for select to authenticated using (exists (
            select 1 from public.listings as l
            where l.id = listing_id and l.seller_id = (select auth.uid())));""",
        # Whoever has it sees it: to have it is a way in.
        """alter policy see on public.listings using (status = 'published' or exists (
            select 1 from public.favourites as f
            where f.listing_id = listings.id and f.user_id = (select auth.uid())));""",
        # It is counted.
        """create function public.popularity(listing uuid) returns bigint language sql stable
            security definer set search_path = ''
            as $$ select count(*) from public.favourites as f where f.listing_id = listing $$;""",
        # It is in the way of whoever deletes the draft.
        """alter table public.favourites drop constraint favourites_listing_id_fkey,
            add foreign key (listing_id) references public.listings (id);""",
        # Nobody else is ever meant to see one.
        "alter policy see on public.listings using (seller_id = (select auth.uid()));",
    ],
)
def test_what_somebody_learns_of_is_still_a_link_across_owners(change: str, target: Target) -> None:
    assert "link" in _found(target, FAVOURITES + change, "error")
