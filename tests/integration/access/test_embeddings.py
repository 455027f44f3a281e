# ruff: noqa: E501 - schemas read better in long lines
"""Searches by likeness are called with vectors of the width that the project's columns have."""

from __future__ import annotations

import pytest

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator

DOCUMENTS = """
create extension if not exists vector with schema extensions;
create table public.documents (
    id bigserial primary key, user_id uuid not null references auth.users, content text not null,
    embedding extensions.{type}(384));
alter table public.documents enable row level security;
create policy own on public.documents for select to authenticated using (user_id = (select auth.uid()));
create function public.match_documents(query extensions.{type}, threshold double precision)
returns table (id bigint, content text) language sql stable security {rights} set search_path = '' as $$
    select d.id, d.content from public.documents as d
    where 1 - (d.embedding operator(extensions.<=>) query) > threshold
    order by d.embedding operator(extensions.<=>) query limit 5 $$;
revoke all on public.documents from anon, authenticated;
grant select on public.documents to authenticated;
revoke all on function public.match_documents from public, anon;
grant execute on function public.match_documents to authenticated;
"""


@pytest.mark.parametrize(
    ("embedding", "rights"),
    [
        ("vector", "invoker"),
        ("vector", "definer"),
        ("halfvec", "definer"),
        ("sparsevec", "definer"),
    ],
)
def test_a_search_that_shows_the_documents_of_others_is_seen(
    embedding: str, rights: str, target: Target
) -> None:
    with connect_as_migrator(target) as connection:
        sql = DOCUMENTS.format(type=embedding, rights=rights)
        connection.execute(sql)  # type: ignore[call-overload]
    found = [f for f in judge(observe(target)) if "match_documents" in f.relation]
    assert [f.sentence for f in found if f.kind == "vacuous"] == []
    leaks = {f.persona for f in found if (f.severity, f.command) == ("error", "select")}
    assert leaks == ({"stranger", "newcomer"} if rights == "definer" else set())
