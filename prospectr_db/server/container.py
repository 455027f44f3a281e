"""What is asked of a Docker engine, and when the server in a container is really ready."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from prospectr_db.database.dsn import Dsn
from prospectr_db.errors import ConfigError, ProspectrError, ServerError
from prospectr_db.server.events import Pulling

if TYPE_CHECKING:
    from testcontainers.core.docker_client import DockerClient

__all__ = ["Container", "Engine", "Labels", "connect", "probe", "wait_until_ready"]

_PREFIX = "prospectr-db."
_PORT = 5432
_READY_SECONDS = 120.0
_PROBE_SECONDS = 0.25
_STEADY_SECONDS = 1.0
_PATIENT_SECONDS = 15.0
# Processes that only run before the last server starts.
_STILL_INITIALISING = ("docker-entrypoint", "initdb", "migrate.sh")

# Durability is off, as on the embedded server: what it holds is rebuilt from the project's files.
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "logical",
    "max_connections": "200",
    "max_locks_per_transaction": "256",
    "jit": "off",
}


@dataclass(frozen=True, slots=True)
class Labels:
    """What a container is found by, and what it was made from."""

    project: str
    instance: str
    image: str
    platform: str

    def as_docker(self) -> dict[str, str]:
        """Return the labels under our prefix."""
        return {f"{_PREFIX}{key}": value for key, value in asdict(self).items()}

    @classmethod
    def read(cls, labels: Mapping[str, str]) -> Labels:
        """Read the labels of a container of ours."""
        return cls(**{key: labels.get(f"{_PREFIX}{key}", "") for key in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Container:
    """A container of ours."""

    identifier: str
    name: str
    running: bool
    labels: Labels


class Engine:
    """A Docker engine, through testcontainers, which knows contexts, remote engines and nesting."""

    def __init__(self, client: DockerClient) -> None:
        self._client = client

    def find(self, project: str, instance: str) -> Container | None:
        """Return the container of a project, running or not."""
        wanted = [f"{_PREFIX}project={project}", f"{_PREFIX}instance={instance}"]
        with _explained("look for the project's container"):
            found = self._client.client.containers.list(all=True, filters={"label": wanted})
        return _container(found[0]) if found else None

    def pull_if_absent(self, image: str, on_event: Callable[[object], None]) -> None:
        """Make an image available. Raises ServerError where it is neither here nor to be had."""
        errors = _errors()
        with _explained(f"look for the image {image}"):
            try:
                self._client.client.images.get(image)
            except errors.ImageNotFound:
                pass
            else:
                return
        on_event(Pulling(image))
        try:
            self._client.client.images.pull(image)
        except (errors.DockerException, OSError) as error:
            raise ServerError(
                f"The image {image} is not on this machine and cannot be pulled: {_said(error)}",
                hint="Check its name and the network, or name one that you have with --image.",
            ) from error

    def run(self, labels: Labels, *, superuser: str, password: str) -> Container:
        """Start a new container whose port only this machine reaches."""
        image = self._client.client.images.get(labels.image)
        address = "127.0.0.1" if self._is_here() else "0.0.0.0"  # noqa: S104 - a remote engine
        any_port: Any = (address, None)
        with _explained(f"start {labels.image}"):
            made = self._client.run(
                labels.image,
                command=_command(image.attrs["Config"].get("Cmd") or []),
                detach=True,
                environment={
                    "POSTGRES_USER": superuser,
                    "POSTGRES_PASSWORD": password,
                    "POSTGRES_DB": "postgres",
                },
                ports={f"{_PORT}/tcp": any_port},
                labels=labels.as_docker(),
                name=f"prospectr-db-{labels.instance}-{labels.project}",
                shm_size="256m",
            )
        return _container(made)

    def restart(self, container: Container) -> Container:
        """Start a container that was stopped."""
        with _explained(f"start the container {container.name}"):
            found = self._client.client.containers.get(container.identifier)
            found.start()
            found.reload()
        return _container(found)

    def remove(self, container: Container) -> None:
        """Remove a container with its data."""
        errors = _errors()
        with _explained(f"remove the container {container.name}"):
            try:
                self._client.client.containers.get(container.identifier).remove(v=True, force=True)
            except errors.NotFound:
                return

    def dsn(self, container: Container, user: str) -> Dsn:
        """Return how to log in; the password is read from the container's own configuration."""
        with _explained(f"look at the container {container.name}"):
            attributes = self._client.client.containers.get(container.identifier).attrs
        environment = dict(
            entry.partition("=")[::2] for entry in attributes["Config"].get("Env") or []
        )
        host, port = self._place(container, attributes)
        return Dsn(
            {
                "host": host,
                "port": port,
                "user": user,
                "password": environment.get("POSTGRES_PASSWORD", ""),
                "dbname": "postgres",
            }
        )

    def state(self, container: Container) -> str:
        """Return what a container is doing, such as ``running`` or ``exited``."""
        with _explained(f"look at the container {container.name}"):
            found = self._client.client.containers.get(container.identifier)
        return str(found.status)

    def log(self, container: Container, *, lines: int) -> str:
        """Return the last lines that a container wrote."""
        with _explained(f"read the log of {container.name}"):
            found = self._client.client.containers.get(container.identifier)
            return bytes(found.logs(tail=lines)).decode("utf-8", errors="replace").strip()

    def processes(self, container: Container) -> str:
        """Return the command lines of a container's processes."""
        with _explained(f"look into the container {container.name}"):
            told = self._client.client.containers.get(container.identifier).top()
        return "\n".join(" ".join(process) for process in told.get("Processes") or [])

    def read_folder(self, identifier: str, folder: str) -> bytes:
        """Return a folder of a container as a tar archive."""
        with _explained(f"read {folder} in the container"):
            parts, _ = self._client.client.containers.get(identifier).get_archive(folder)
            return b"".join(parts)

    def write_archive(self, identifier: str, folder: str, archive: bytes) -> None:
        """Unpack a tar archive into a folder of a container."""
        with _explained(f"write to {folder} in the container"):
            self._client.client.containers.get(identifier).put_archive(folder, archive)

    def _place(self, container: Container, attributes: Mapping[str, Any]) -> tuple[str, str]:
        if not self._client.get_connection_mode().use_mapped_port:
            return self._client.bridge_ip(container.identifier), str(_PORT)
        published = (attributes["NetworkSettings"].get("Ports") or {}).get(f"{_PORT}/tcp") or []
        if not published:
            raise ServerError(
                f"The container {container.name} publishes no port: it has stopped.",
                hint="Run the command again, or look at `prospectr-db server logs --docker`.",
            )
        host = self._client.host()
        return ("127.0.0.1" if host == "localhost" else host), str(published[0]["HostPort"])

    def _is_here(self) -> bool:
        return self._client.host() in {"localhost", "127.0.0.1"}


def connect() -> Engine:
    """Return the Docker engine. Raises ConfigError without the extra, ServerError without one."""
    try:
        from testcontainers.core.docker_client import DockerClient
    except ImportError:
        raise ConfigError(
            "--docker needs the package testcontainers, which is not installed.",
            hint="pip install 'prospectr-db[docker]'",
        ) from None
    try:
        client = DockerClient()
        client.client.ping()
    except (_errors().DockerException, OSError) as error:
        raise _unreachable(error) from error
    return Engine(client)


def wait_until_ready(engine: Engine, container: Container, admin: Dsn) -> str:
    """Wait for the server that stays, and return its version.

    The images initialise with a temporary server and then start another. So it is believed only
    when a login succeeds, nothing of the initialisation runs any more, and a second later it is
    the same server still. Raises ServerError with the end of the log.
    """
    begun = time.monotonic()
    first: tuple[str, float] | None = None
    problem = "it does not answer"
    while time.monotonic() - begun < _READY_SECONDS:
        if engine.state(container) in {"exited", "dead"}:
            raise _gave_up(engine, container, admin, "it has stopped")
        try:
            started, version = probe(admin)
        except ProspectrError as error:
            first, problem = None, error.message
            if "authentication failed" in problem and time.monotonic() - begun > _PATIENT_SECONDS:
                raise _gave_up(engine, container, admin, problem) from error
        else:
            now = time.monotonic()
            if first is None or first[0] != started:
                first = (started, now)
            steady = now - first[1]
            if steady >= _STEADY_SECONDS and (
                steady >= _PATIENT_SECONDS
                or not any(sign in engine.processes(container) for sign in _STILL_INITIALISING)
            ):
                return version
        time.sleep(_PROBE_SECONDS)
    raise _gave_up(engine, container, admin, problem)


def probe(admin: Dsn) -> tuple[str, str]:
    """Return when the server started, and its version. Raises ProspectrError where none answers."""
    import psycopg

    from prospectr_db.database.connection import connect as login
    from prospectr_db.database.target import Target

    target = Target(dsn=admin, kind="docker", name="the container")
    asked = (
        "select pg_catalog.pg_postmaster_start_time()::text,"
        " pg_catalog.current_setting('server_version')"
    )
    with login(target, autocommit=True) as connection:
        try:
            row = connection.execute(asked).fetchone()
        except psycopg.OperationalError as error:
            # The server that only initialises may stop between the login and the question.
            raise ServerError(f"the server went away: {error}") from error
    assert row is not None  # noqa: S101 - a select without a table returns a row
    return row[0], row[1]


def _gave_up(engine: Engine, container: Container, admin: Dsn, why: str) -> ServerError:
    from prospectr_db.database.connection import redact

    return ServerError(
        f"The container {container.name} ({container.labels.image}) did not become ready: {why}",
        hint="An image must take POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB from its "
        "environment, as Supabase's and the public PostgreSQL images do.",
        output=redact(engine.log(container, lines=20), admin) or None,
    )


def _command(command: list[str]) -> list[str] | None:
    """Return the image's own command with our settings added, or None to leave it alone."""
    if command and command[0].rpartition("/")[2] != "postgres":
        return None
    options = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
    return [*(command or ["postgres"]), *options]


def _container(found: Any) -> Container:
    return Container(
        identifier=str(found.id),
        name=str(found.name),
        running=found.status in {"running", "created", "restarting"},
        labels=Labels.read(found.labels),
    )


class _explained:  # noqa: N801 - a context manager that reads as a verb
    """Turn the engine's errors into ours, with what was being done."""

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raise ServerError in place of the engine's error."""
        import requests

        if isinstance(error, _errors().DockerException | requests.RequestException):
            raise ServerError(
                f"Docker could not {self._doing}: {_said(error)}",
                hint="Look at `docker ps --all` and `docker info`.",
            ) from error


def _errors() -> Any:
    """Return docker.errors, which has no type information; imported where it is first needed."""
    return importlib.import_module("docker.errors")


def _said(error: BaseException) -> str:
    explanation = getattr(error, "explanation", None)
    return " ".join(str(explanation or error).split())


def _unreachable(error: BaseException) -> ServerError:
    reason = _said(error)
    hint = (
        "Start Docker (Docker Desktop, OrbStack, Colima, or `systemctl start docker`), or point "
        "DOCKER_HOST at an engine; without --docker the embedded server is used."
    )
    if "Permission" in reason or "permission" in reason:
        hint = (
            "You may not use the engine's socket: join the group docker and log in again, or use "
            "rootless Docker."
        )
    return ServerError(f"No Docker engine can be reached: {reason}", hint=hint)
