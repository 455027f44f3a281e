"""How the server's status and events read."""

from __future__ import annotations

from prospectr_db.report.progress import line_for
from prospectr_db.report.style import Style
from prospectr_db.server.docker import ContainerStatus
from prospectr_db.server.events import (
    ContainerStarting,
    Initialising,
    InstallingPlatform,
    Pulling,
    Rebuilding,
    Restarting,
    Started,
)
from prospectr_db.server.inspection import ServerLog, ServerStatus, ServerUrl, Stopped

__all__ = ["container_status", "server_log", "server_status", "server_stopped", "server_url"]


@line_for.register
def _(event: Pulling, style: Style) -> str:
    return style.dim(f"pulling the image {event.image}: this may take a few minutes")


@line_for.register
def _(event: ContainerStarting, style: Style) -> str:
    return style.dim(f"starting a container of {event.image}")


@line_for.register
def _(event: Initialising, style: Style) -> str:
    return style.dim(f"making a PostgreSQL {event.version} data directory")


@line_for.register
def _(event: Rebuilding, style: Style) -> str:
    return style.warn(f"rebuilding the local server: {event.reason}")


@line_for.register
def _(event: Restarting, style: Style) -> str:
    return style.warn(f"restarting the local server: {event.reason}")


@line_for.register
def _(event: InstallingPlatform, style: Style) -> str:
    return style.dim(f"installing the Supabase platform (profile {event.profile})")


@line_for.register
def _(event: Started, style: Style) -> str:
    return style.dim(f"started PostgreSQL {event.version} in {event.seconds:.1f} s")


def server_status(status: ServerStatus, style: Style) -> str:
    """Return a server's status as text."""
    if status.running:
        state = style.good("running") + f" (process {status.process_id})"
    else:
        state = "stopped"
    rows = [("server", state)]
    if status.version:
        rows.append(("PostgreSQL", status.version))
        rows.append(("platform", f"profile {status.profile}, revision {status.revision}"))
        if not status.up_to_date:
            rows.append(("", style.warn("out of date: the next start rebuilds it")))
    if status.url:
        rows.append(("url", status.url))
    if status.databases:
        rows.append(("databases", ", ".join(status.databases)))
    rows += [("data", status.data_directory), ("log", status.log)]
    return "\n".join(f"{label:<11}{value}" for label, value in rows)


def container_status(status: ContainerStatus | None, style: Style) -> str:
    """Return a container's status as text."""
    if status is None:
        return "container  none"
    rows = [
        (
            "container",
            f"{status.container} {style.good('running') if status.running else 'stopped'}",
        ),
        ("image", status.image),
    ]
    if status.url:
        rows.append(("url", status.url))
    return "\n".join(f"{label:<11}{value}" for label, value in rows)


def server_stopped(report: Stopped, style: Style) -> str:
    """Tell which servers were stopped."""
    del style
    return "stopped" if report.stopped else "no server was running"


def server_url(report: ServerUrl, style: Style) -> str:
    """Return the URL alone, ready for another command."""
    del style
    return report.url


def server_log(report: ServerLog, style: Style) -> str:
    """Return the log's lines."""
    del style
    return "\n".join(report.lines)
