"""Where @supabase/lite comes from: node and npm of this machine, pinned, in a folder of ours."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from prospectr_db.errors import ConfigError, ServerError
from prospectr_db.server.locking import exclusive

__all__ = ["PACKAGES", "Installing", "Program", "find_program"]

PACKAGES = {"@supabase/lite": "0.10.0", "postgres": "3.4.9"}
"""What serve.mjs imports. The first is alpha: another version may do other things to a database."""

_OLDEST_NODE = 20
_INSTALL_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Installing:
    """npm packages are being fetched into a folder."""

    packages: str
    folder: str


@dataclass(frozen=True, slots=True)
class Program:
    """What is run: node, and the script in a folder whose node_modules holds the packages."""

    node: str
    script: Path


def find_program(
    home: Path,
    environment: Mapping[str, str],
    *,
    on_event: Callable[[object], None] = lambda _event: None,
) -> Program:
    """Return the program, installing the packages below ``home`` the first time.

    PROSPECTR_DB_NODE_MODULES names a node_modules folder that holds them already. Raises
    ConfigError without node or npm, ServerError where npm fails.
    """
    node = _node(environment)
    given = environment.get("PROSPECTR_DB_NODE_MODULES")
    if given:
        folder = Path(given).expanduser().absolute().parent
        missing = _missing(folder)
        if missing:
            raise ConfigError(
                f"PROSPECTR_DB_NODE_MODULES does not hold {', '.join(missing)}.",
                hint=f"npm install --prefix {folder} --save-exact {' '.join(missing)}",
            )
    else:
        pins = " ".join(f"{name}@{version}" for name, version in PACKAGES.items())
        folder = home / "node" / hashlib.blake2s(pins.encode(), digest_size=6).hexdigest()
        with exclusive(home / "node", folder.name):
            if _missing(folder):
                on_event(Installing(pins, str(folder)))
                _install(folder, environment)
    return Program(node, _place_script(folder))


def _node(environment: Mapping[str, str]) -> str:
    node = shutil.which("node", path=environment.get("PATH"))
    if node is None:
        raise ConfigError(
            "The local Data API needs Node.js, which is not installed.",
            hint=f"Install Node.js {_OLDEST_NODE} or newer (nodejs.org, or your package manager). "
            "Everything else of prospectr-db works without it.",
        )
    said = subprocess.run([node, "--version"], check=False, capture_output=True, text=True)
    found = re.match(r"v(\d+)", said.stdout)
    if found is None or int(found[1]) < _OLDEST_NODE:
        raise ConfigError(
            f"The local Data API needs Node.js {_OLDEST_NODE} or newer; {node} is "
            f"{said.stdout.strip() or 'broken'}.",
            hint="Put a newer one first on the PATH.",
        )
    return node


def _missing(folder: Path) -> list[str]:
    """Return the packages, as npm names them, that a folder's node_modules does not hold."""
    missing = []
    for name, version in PACKAGES.items():
        try:
            text = (folder / "node_modules" / name / "package.json").read_text(encoding="utf-8")
            is_there = json.loads(text).get("version") == version
        except (OSError, ValueError):
            is_there = False
        if not is_there:
            missing.append(f"{name}@{version}")
    return missing


def _install(folder: Path, environment: Mapping[str, str]) -> None:
    npm = shutil.which("npm", path=environment.get("PATH"))
    if npm is None:
        raise ConfigError(
            "Node.js is here, but npm is not.",
            hint="Install npm, or name a node_modules folder in PROSPECTR_DB_NODE_MODULES.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(
        json.dumps({"private": True, "dependencies": PACKAGES}), encoding="utf-8"
    )
    try:
        said = subprocess.run(
            # Nothing of these packages needs to be built, so none of their scripts is run.
            [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            check=False,
            cwd=folder,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=_INSTALL_SECONDS,
            env=dict(environment),
        )
    except subprocess.TimeoutExpired as error:
        raise ServerError(
            f"npm did not finish within {_INSTALL_SECONDS:.0f} s.",
            hint="Check the network, then run this again.",
        ) from error
    if said.returncode != 0 or _missing(folder):
        reason = (said.stderr or said.stdout).strip().splitlines()
        raise ServerError(
            f"npm could not install {' and '.join(PACKAGES)}: {reason[0] if reason else 'no word'}",
            hint="Check the network and npm's registry, or name a node_modules folder that holds "
            "them in PROSPECTR_DB_NODE_MODULES.",
        )


def _place_script(folder: Path) -> Path:
    """Copy serve.mjs beside the packages: node looks for them from where the script is."""
    text = resources.files("prospectr_db.api").joinpath("serve.mjs").read_text(encoding="utf-8")
    digest = hashlib.blake2s(text.encode(), digest_size=6).hexdigest()
    script = folder / f"prospectr-db-serve-{digest}.mjs"
    if not script.exists():
        # Several processes may come here at once: each writes a draft of its own.
        draft = script.with_suffix(f".{os.getpid()}.new")
        draft.write_text(text, encoding="utf-8")
        draft.replace(script)
    return script
