"""Every shape of project that Supabase takes migrates and seeds unchanged, in both eras."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from prospectr_db.database import connect
from prospectr_db.errors import SqlError
from prospectr_db.migrations.reset import reset
from prospectr_db.project import load
from prospectr_db.server.embedded import CHECKS, EmbeddedServer, ensure, stop
from prospectr_db.server.settings import ServerSettings

from . import layouts, services, statements
from .shape import Shape

SHAPES = (*services.SHAPES, *statements.SHAPES, *layouts.SHAPES)


@pytest.fixture(scope="module", params=["c", "s"])
def replayer(
    request: pytest.FixtureRequest,
    settings: ServerSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[EmbeddedServer]:
    """A server of one era. Not the shared one: there these states would push others out."""
    root = tmp_path_factory.mktemp(f"replay_{request.param}")
    era = replace(settings, profile=request.param)
    yield ensure(root, era, instance=CHECKS)
    stop(root, era, instance=CHECKS)


@pytest.mark.parametrize("shape", SHAPES, ids=[shape.name for shape in SHAPES])
def test_project_of_this_shape_builds_and_behaves(
    replayer: EmbeddedServer, shape: Shape, tmp_path: Path
) -> None:
    project = load(shape.write(tmp_path))

    reset(replayer, project)

    assert all(any(name in note for note in project.notes) for name in shape.skipped)
    *before, last = shape.questions()
    with connect(replayer.target()) as connection:
        for statement in before:
            connection.execute(statement)
        assert connection.execute(last).fetchall() == list(shape.answer)


FUNCTIONS_WITHOUT_A_PATH = """
    create extension unaccent with schema extensions;
    create function public.plain(text) returns text language sql immutable
        as $$ select lower(unaccent($1)) $$;
    create table public.words (word text);
    insert into public.words values ('Été');
    create function public.counted() returns bigint language plpgsql stable
        as $$ begin return (select count(*) from words); end $$;
    create unique index words_plain on public.words (plain(word));
    create materialized view public.totals as select counted() as total;
    insert into public.words values ('Hiver');
    create function public.renew() returns void language plpgsql
        as $$ begin refresh materialized view public.totals; end $$;
    select public.renew();
"""


def test_functions_in_indexes_and_materialized_views_see_the_path_that_their_era_shows_them(
    replayer: EmbeddedServer, tmp_path: Path
) -> None:
    shape = Shape("a path", {"migrations/20240101000000_a.sql": FUNCTIONS_WITHOUT_A_PATH}, (), ())
    project = load(shape.write(tmp_path))
    if replayer.record.profile == "c":  # PostgreSQL 17 refuses
        with pytest.raises(SqlError) as refused:
            reset(replayer, project)
        assert refused.value.details["sqlstate"] == "42883"
        return

    reset(replayer, project)

    with connect(replayer.target()) as connection:
        assert connection.execute(
            "select total, (select count(*) from pg_proc where proconfig is not null"
            " and pronamespace = 'public'::regnamespace) from public.totals"
        ).fetchone() == (2, 0)
