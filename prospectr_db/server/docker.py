"""A project's server in a container: found again by its labels, or started, set up and reused.

The image is Supabase's own, chosen by config.toml's db.major_version, or any other that honours
POSTGRES_USER and POSTGRES_PASSWORD as the public PostgreSQL images do. Where Supabase's platform
is in the image, it is kept as it is; a plain PostgreSQL gets our platform layer.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prospectr_db.database.connection import connect_admin
from prospectr_db.database.dsn import Dsn
from prospectr_db.database.target import Target
from prospectr_db.errors import ConfigError
from prospectr_db.project import Project
from prospectr_db.server import container as engine
from prospectr_db.server.docker_setup import OWN_PLATFORM, is_set_up, offer_files, set_up
from prospectr_db.server.events import ContainerStarting, Rebuilding, Started
from prospectr_db.server.locking import exclusive
from prospectr_db.server.project_server import (
    DATABASE,
    MEMORY,
    MIGRATOR,
    SUPERUSER,
    WORK,
    freshen,
    platform_template,
)
from prospectr_db.server.settings import ServerSettings
from prospectr_db.server.templates import Template, Templates

if TYPE_CHECKING:
    from psycopg import Connection

    from prospectr_db.platform.sources import Source

__all__ = [
    "IMAGES",
    "ContainerStatus",
    "DockerServer",
    "ensure",
    "has_containers",
    "image_for",
    "logs",
    "status",
    "stop",
]

OnEvent = Callable[[object], None]
_LOCKS = "docker"

IMAGES = {
    15: "public.ecr.aws/supabase/postgres:15.19.0.018",
    17: "public.ecr.aws/supabase/postgres:17.11.0.018",
}
"""The images that the Supabase CLI 3.1 starts, by db.major_version."""


@dataclass(frozen=True, slots=True)
class DockerServer:
    """A running container with PostgreSQL in it; ``admin`` logs in as its superuser."""

    container: str
    image: str
    admin: Dsn
    profile: str
    revision: str

    def target(self, database: str = DATABASE) -> Target:
        """Return one of its databases, reached through the port that the engine published."""
        return Target(
            dsn=self.admin.replace(user=MIGRATOR, dbname=database),
            kind="docker",
            name=f"the container's database {database}",
            admin=self.admin.replace(dbname=database),
        )

    def url(self) -> Dsn:
        """Return what other clients connect with."""
        return self.target().dsn

    @contextmanager
    def memory(self) -> Iterator[Connection[Any]]:
        """Open a superuser's autocommit connection to the server's own database."""
        with connect_admin(self.target(MEMORY), autocommit=True) as connection:
            yield connection

    def platform(self, connection: Connection[Any], *, expose: bool | None = None) -> Template:
        """Return the template of the image's own platform, or else of our layer."""
        from prospectr_db.platform.install import Profile
        from prospectr_db.server.docker_setup import own_platform

        if Templates(connection).find(OWN_PLATFORM):
            return own_platform(self, connection, expose=expose)
        exposure = {None: "", True: "_exposed", False: "_closed"}[expose]
        return platform_template(
            self,
            connection,
            key=f"platform_{self.revision}{exposure}",
            profile=Profile(self.profile),
            expose=expose,
        )

    def freshen(self, template: Template, database: str) -> None:
        """Give a copy of our layer from an earlier day what it makes each day."""
        with self.memory() as connection:
            is_ours = Templates(connection).find(OWN_PLATFORM) is None
        if is_ours:
            freshen(self, template, database)

    def offer(self, source: Source, name: str) -> None:
        """Put one more extension into the container, unless it has it."""
        offer_files(self, {name: source.trusted(name)})

    @property
    def programs(self) -> Path | None:
        """None: the client programs are inside the container."""
        return None


@dataclass(frozen=True, slots=True)
class ContainerStatus:
    """What is known of a project's container."""

    running: bool
    instance: str
    image: str
    container: str
    url: str | None


def image_for(major_version: int) -> str:
    """Return Supabase's image for config.toml's db.major_version. Raises ConfigError."""
    try:
        return IMAGES[major_version]
    except KeyError:
        known = " and ".join(map(str, sorted(IMAGES)))
        raise ConfigError(
            f"There is no Supabase image for PostgreSQL {major_version} (db.major_version in "
            f"supabase/config.toml).",
            hint=f"Supabase runs {known}; name any other image with --image.",
            key="db.major_version",
        ) from None


def ensure(
    project: Project,
    settings: ServerSettings,
    *,
    image: str | None = None,
    instance: str = WORK,
    fresh: bool = False,
    on_event: OnEvent = lambda _event: None,
) -> DockerServer:
    """Return the project's container, started and set up first where that is needed.

    ``image`` overrides Supabase's own. ``fresh`` throws the container and its data away. Raises
    ConfigError where the extra is not installed, ServerError for the engine, image and container.
    """
    from prospectr_db.platform.install import revision

    begun = time.monotonic()
    chosen = image or image_for(project.config.db_major_version)
    labels = engine.Labels(
        project=_key(project.root),
        instance=instance,
        image=chosen,
        platform=f"{settings.profile} {revision()}",
    )
    client = engine.connect()
    with exclusive(settings.home / _LOCKS, f"{labels.project}-{instance}"):
        found = client.find(labels.project, instance)
        reason = _why_rebuild(found, labels, fresh=fresh)
        if found and reason:
            on_event(Rebuilding(reason))
            client.remove(found)
            found = None
        if found and found.running:
            server = _server(client, found, labels, settings)
            if is_set_up(server):
                return server
            client.remove(found)  # an earlier run was interrupted while setting it up
            found = None
        if found is None:
            client.pull_if_absent(chosen, on_event)
            on_event(ContainerStarting(chosen))
            found = client.run(labels, superuser=SUPERUSER, password=secrets.token_urlsafe(24))
        else:
            on_event(ContainerStarting(chosen))
            found = client.restart(found)
        server = _server(client, found, labels, settings)
        version = engine.wait_until_ready(client, found, server.target().admin or server.admin)
        set_up(server, settings)
    on_event(Started(version, time.monotonic() - begun))
    return server


def has_containers(project_root: Path, settings: ServerSettings) -> bool:
    """Whether a container was ever started for this checkout: asks no engine, starts nothing."""
    return any((settings.home / _LOCKS).glob(f"{_key(project_root)}-*.lock"))


def stop(project_root: Path, settings: ServerSettings, *, instance: str) -> bool:
    """Remove the project's container and its data; return whether there was one."""
    client = engine.connect()
    key = _key(project_root)
    with exclusive(settings.home / _LOCKS, f"{key}-{instance}") as lock:
        found = client.find(key, instance)
        if found is not None:
            client.remove(found)
        lock.unlink(missing_ok=True)
    return found is not None


def status(project_root: Path, *, instance: str = WORK) -> ContainerStatus | None:
    """Tell what is known of the project's container, starting nothing; None where there is none."""
    client = engine.connect()
    found = client.find(_key(project_root), instance)
    if found is None:
        return None
    return ContainerStatus(
        running=found.running,
        instance=instance,
        image=found.labels.image,
        container=found.name,
        url=client.dsn(found, SUPERUSER).replace(user=MIGRATOR).url() if found.running else None,
    )


def logs(project_root: Path, *, lines: int, instance: str = WORK) -> tuple[str, tuple[str, ...]]:
    """Return the name of the project's container, and the last lines that it wrote."""
    client = engine.connect()
    found = client.find(_key(project_root), instance)
    if found is None:
        return "", ()
    return found.name, tuple(client.log(found, lines=lines).splitlines())


def _why_rebuild(
    found: engine.Container | None, wanted: engine.Labels, *, fresh: bool
) -> str | None:
    if found is None:
        return None
    if fresh:
        return "--fresh was given"
    if found.labels.image != wanted.image:
        return f"its image was {found.labels.image} and is now {wanted.image}"
    if found.labels.platform != wanted.platform:
        return f"the platform was {found.labels.platform} and is now {wanted.platform}"
    return None


def _server(
    client: engine.Engine,
    found: engine.Container,
    labels: engine.Labels,
    settings: ServerSettings,
) -> DockerServer:
    return DockerServer(
        container=found.identifier,
        image=labels.image,
        admin=client.dsn(found, SUPERUSER),
        profile=settings.profile,
        revision=labels.platform.partition(" ")[2],
    )


def _key(project_root: Path) -> str:
    """Return what a checkout's containers are labelled with."""
    return hashlib.blake2s(str(project_root.resolve()).encode(), digest_size=6).hexdigest()
