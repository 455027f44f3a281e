"""A container does everything that the embedded server does, and comes and goes as promised.

Needs a Docker engine and an image; tests/peers/docker/build-image makes one of Debian's packages.
PROSPECTR_DB_TEST_IMAGE names another, such as Supabase's own.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from prospectr_db.database import Target, connect
from prospectr_db.database.snapshot import difference, take
from prospectr_db.errors import ConfigError, ServerError
from prospectr_db.migrations.reset import disposable, reset
from prospectr_db.platform.check import check
from prospectr_db.platform.install import Profile
from prospectr_db.project import Project, load
from prospectr_db.resources import sql_files
from prospectr_db.server import container as engine
from prospectr_db.server import docker
from prospectr_db.server.docker_setup import OWN_PLATFORM
from prospectr_db.server.project_server import CHECKS, WORK
from prospectr_db.server.settings import ServerSettings
from prospectr_db.server.templates import Templates
from tests.conftest import REPOSITORY, MakeProject, RunCli

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("docker")]

IMAGE = os.environ.get("PROSPECTR_DB_TEST_IMAGE", "prospectr-db-test/postgres:17")
MIGRATION = """
    create table public.notes (id int primary key, owner uuid default auth.uid());
    alter table public.notes enable row level security;
    grant select on public.notes to authenticated;
    create policy "Own notes." on public.notes for select to authenticated
    using ((select auth.uid()) = owner);
"""


@pytest.fixture(scope="session")
def client() -> Any:
    """The engine's own client, or a reason why there is none."""
    sdk = pytest.importorskip("docker", reason="the extra docker is not installed")
    try:
        found = sdk.from_env()
        found.ping()
    except Exception as error:  # noqa: BLE001 - whatever is wrong, there is no engine
        pytest.skip(f"no Docker engine: {str(error)[:120]}")
    try:
        found.images.get(IMAGE)
    except sdk.errors.ImageNotFound:
        pytest.skip(f"no image {IMAGE}: run tests/peers/docker/build-image {IMAGE}")
    return found


@pytest.fixture
def small(make_project: MakeProject) -> Project:
    """A small project of its own, so that its container is nobody else's."""
    return load(make_project({"supabase/migrations/20260101000000_create_notes.sql": MIGRATION}))


@pytest.fixture
def started(client: Any, small: Project, settings: ServerSettings) -> Iterator[docker.DockerServer]:
    """A container of the small project; removed afterwards."""
    del client
    yield docker.ensure(small, settings, image=IMAGE)
    for instance in (WORK, CHECKS):
        docker.stop(small.root, settings, instance=instance)


@pytest.fixture(scope="module")
def own(client: Any, settings: ServerSettings) -> Iterator[docker.DockerServer]:
    """The container in which this repository's own project is checked; removed afterwards."""
    del client
    yield docker.ensure(load(REPOSITORY), settings, image=IMAGE, instance=CHECKS)
    docker.stop(REPOSITORY, settings, instance=CHECKS)


def test_prospectr_is_the_same_database_as_on_the_embedded_server(
    own: docker.DockerServer, prospectr: Target, prospectr_project: Project
) -> None:
    with disposable(own, prospectr_project) as there:
        shapes = []
        for target in (prospectr, there):
            with connect(target) as connection:
                shapes.append(take(connection, schemas=["public"]))
                people = connection.execute("select count(*) from public.profiles").fetchone()
        assert difference(*shapes) == ()
    assert len(shapes[0]) > 200
    assert people == (9,)


def test_the_platform_in_a_plain_image_is_the_believed_one(own: docker.DockerServer) -> None:
    with own.memory() as memory:
        database = own.platform(memory).name
        Templates(memory).copy(own.platform(memory), "platform_copy")
    with connect(own.target("platform_copy")) as connection:
        report = check(connection, Profile.CURRENT)
    assert report.is_as_believed, (database, report.serious)
    assert report.agreeing > 1000


def test_the_whole_access_matrix_holds_in_a_container(
    cli: RunCli, own: docker.DockerServer
) -> None:
    done = cli("access", "check", "--json", "--image", own.image, project=REPOSITORY)
    assert (done.code, done.document["ok"]) == (0, True), done.err


def test_every_mutant_dies_in_a_container_as_well(cli: RunCli, own: docker.DockerServer) -> None:
    done = cli("mutate", "--json", "--image", own.image, project=REPOSITORY)
    assert (done.code, done.document["ok"]) == (0, True), done.err


def test_commands_share_one_container_and_stop_removes_it(
    client: Any, cli: RunCli, small: Project, started: docker.DockerServer
) -> None:
    words = ("--image", IMAGE)
    assert cli("reset", *words, "--json", project=small.root).document["migrations"] == 1
    assert cli("migrate", "--check", *words, project=small.root).code == 0
    url = cli("server", "url", *words, project=small.root).out.strip()
    with psycopg.connect(url) as connection:
        assert connection.execute("select current_user").fetchone() == ("postgres",)
    assert cli("server", "status", *words, "--json", project=small.root).document["running"]
    mine = client.containers.list(
        filters={"label": f"prospectr-db.project={_key(client, started)}"}
    )
    assert [found.id for found in mine] == [started.container]
    volumes = [mount["Name"] for mount in mine[0].attrs["Mounts"]]
    assert cli("server", "stop", *words, project=small.root).code == 0
    left = client.containers.list(all=True, filters={"id": started.container})
    assert left == []
    assert not {v.name for v in client.volumes.list()} & set(volumes)


def _key(client: Any, server: docker.DockerServer) -> str:
    return str(client.containers.get(server.container).labels["prospectr-db.project"])


def test_plain_stop_stops_the_container_as_well(
    client: Any, cli: RunCli, small: Project, started: docker.DockerServer
) -> None:
    done = cli("server", "stop", "--json", project=small.root)
    assert done.document["stopped"] == ["work (container)"]
    assert client.containers.list(all=True, filters={"id": started.container}) == []


def test_a_container_that_was_stopped_is_started_again_with_its_data(
    client: Any, small: Project, settings: ServerSettings, started: docker.DockerServer
) -> None:
    reset(started, small)
    with connect(started.target(), autocommit=True) as connection:
        connection.execute("insert into public.notes values (1)")
    client.containers.get(started.container).stop(timeout=10)
    again = docker.ensure(small, settings, image=IMAGE)
    assert again.container == started.container
    with connect(again.target()) as connection:
        assert connection.execute("select count(*) from public.notes").fetchone() == (1,)


def test_a_container_whose_setup_was_interrupted_is_made_anew(
    small: Project, settings: ServerSettings, started: docker.DockerServer
) -> None:
    with started.memory() as memory:
        memory.execute("delete from registry.templates")
    again = docker.ensure(small, settings, image=IMAGE)
    assert again.container != started.container
    reset(again, small)


def test_another_profile_makes_it_anew(
    small: Project, settings: ServerSettings, started: docker.DockerServer
) -> None:
    told: list[object] = []
    older = replace(settings, profile="s")
    again = docker.ensure(small, older, image=IMAGE, on_event=told.append)
    assert again.container != started.container
    assert any("profile" in str(event) or "platform was" in str(event) for event in told)


def test_the_server_that_only_initialises_is_not_taken_for_ready(
    client: Any, small: Project, settings: ServerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty: list[str] = []
    patient = engine.wait_until_ready

    def both(found_by: engine.Engine, found: engine.Container, admin: Any) -> str:
        with pytest.MonkeyPatch.context() as naive:
            naive.setattr(engine, "_STEADY_SECONDS", 0.0)
            naive.setattr(engine, "_STILL_INITIALISING", ())
            naive.setattr(engine, "_PROBE_SECONDS", 0.02)
            patient(found_by, found, admin)
            hasty.append(found_by.log(found, lines=200))
        return patient(found_by, found, admin)

    monkeypatch.setattr(engine, "wait_until_ready", both)
    server = docker.ensure(small, settings, image=IMAGE)
    try:
        log = client.containers.get(server.container).logs().decode()
        if log.count("ready to accept connections") < 2:
            pytest.skip(f"{IMAGE} does not restart")
        # Whoever believes the first answer meets the temporary server, which then goes away.
        assert "init process complete" not in hasty[0]
        with connect(server.target()) as connection:
            row = connection.execute("select pg_postmaster_start_time()").fetchone()
        assert row
        assert "init process complete" in log
    finally:
        docker.stop(small.root, settings, instance=WORK)


def test_the_platform_of_the_image_is_kept(
    client: Any, small: Project, settings: ServerSettings
) -> None:
    tag = "prospectr-db-test/own-platform:1"
    client.images.build(fileobj=_context_with_platform(), custom_context=True, tag=tag)
    told: list[object] = []
    server = docker.ensure(small, settings, image=tag, on_event=told.append)
    try:
        with server.memory() as memory:
            assert Templates(memory).find(OWN_PLATFORM)
            assert server.platform(memory).key == OWN_PLATFORM
        reset(server, small)
        with connect(server.target()) as connection:
            found = connection.execute(
                "select to_regclass('public.notes'), to_regclass('auth.image_made_this')"
            ).fetchone()
            assert check(connection, Profile.CURRENT).agreeing > 900
        assert found == ("notes", "auth.image_made_this")
    finally:
        docker.stop(small.root, settings, instance=WORK)


def _context_with_platform() -> io.BytesIO:
    """An image whose first start makes it a Supabase database, as Supabase's own does."""
    parts = [
        "create role postgres; begin;",
        "select set_config('platform.profile', 'c', true);",
        "select set_config('platform.expose', 'off', true);",
        *(path.read_text() for path in sql_files("platform") if not path.stem.endswith(".s")),
        "create table auth.image_made_this (); commit;",
    ]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, text in (
            ("Dockerfile", f"FROM {IMAGE}\nCOPY platform.sql /docker-entrypoint-initdb.d/\n"),
            ("platform.sql", "\n".join(parts)),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    out.seek(0)
    return out


def test_an_image_in_use_by_background_workers_can_still_be_copied(
    started: docker.DockerServer, small: Project
) -> None:
    with psycopg.connect(started.url().url(reveal=True)) as worker:
        with started.memory() as memory:
            Templates(memory).take("postgres", "while_in_use")
        with pytest.raises(psycopg.OperationalError):
            worker.execute("select 1")
    with psycopg.connect(started.url().url(reveal=True)) as again:
        assert again.execute("select 1").fetchone() == (1,)
    reset(started, small)


def test_the_password_is_in_no_output_and_no_process_list(
    started: docker.DockerServer, small: Project, settings: ServerSettings, tmp_path: Path
) -> None:
    password = started.admin.reveal()["password"]
    seen: list[str] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            for entry in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = entry.read_bytes()
                except OSError:
                    continue
                if password.encode() in line:
                    seen.append(line.replace(b"\0", b" ").decode(errors="replace"))

    (small.root / "supabase" / "tests").mkdir()
    (small.root / "supabase/tests/broken_test.sql").write_text("select plan(1); nonsense;")
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for verb in (
            ["reset", "--verbose"],
            ["status", "--json"],
            ["doctor", "--no-compare"],
            ["server", "status"],
            ["server", "logs"],
            ["server", "psql", "-Atc", "select pg_sleep(0.5)"],
            ["test", "--json", "--junit", str(tmp_path / "junit.xml")],
        ):
            said = subprocess.run(
                [sys.executable, "-m", "prospectr_db", "--image", IMAGE, "--project", small.root,
                 *verb],
                check=False,
                capture_output=True,
                text=True,
                env={**os.environ, "PROSPECTR_DB_HOME": str(settings.home)},
            )  # fmt: skip
            assert said.stdout + said.stderr, verb
            assert password not in said.stdout + said.stderr, verb
    finally:
        done.set()
        watcher.join()
    assert seen == []
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in written if password.encode() in path.read_bytes()]
    assert password not in json.dumps(repr(started))


def test_an_image_that_nobody_has_is_explained(
    client: Any, small: Project, settings: ServerSettings
) -> None:
    del client
    with pytest.raises(ServerError, match="cannot be pulled") as error:
        docker.ensure(small, settings, image="prospectr-db-test/no-such-image:0")
    assert "--image" in (error.value.hint or "")


def test_an_engine_that_is_not_there_is_explained(
    cli: RunCli, small: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    done = cli("reset", "--docker", "--json", project=small.root)
    assert done.code == 2
    assert "No Docker engine" in done.document["error"]["message"]
    assert "DOCKER_HOST" in done.document["error"]["hint"]


def test_the_missing_extra_is_explained(
    small: Project, settings: ServerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "testcontainers.core.docker_client", None)
    with pytest.raises(ConfigError, match="testcontainers") as error:
        docker.ensure(small, settings, image=IMAGE)
    assert "prospectr-db[docker]" in (error.value.hint or "")


def test_the_image_comes_from_config_toml(small: Project) -> None:
    assert small.config.db_major_version == 17
    assert docker.image_for(17).startswith("public.ecr.aws/supabase/postgres:17.")
    with pytest.raises(ConfigError, match=r"db\.major_version"):
        docker.image_for(12)
