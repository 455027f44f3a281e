"""What a written project of one shape consists of."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["OWNER", "STRANGER", "Shape", "as_user", "user"]

OWNER = "11111111-1111-4111-8111-111111111111"
STRANGER = "22222222-2222-4222-8222-222222222222"

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A project's files below supabase/, and what its database must answer once it is built.

    ``asks``: statements run in one transaction as postgres; ``answer`` is what the last returns.
    ``skipped``: files that must be reported as skipped.
    """

    name: str
    files: Mapping[str, str | bytes]
    asks: tuple[str, ...]
    answer: tuple[Row, ...]
    skipped: tuple[str, ...] = ()

    def write(self, root: Path) -> Path:
        """Write the project below a folder and return the folder."""
        for name, content in self.files.items():
            path = root / "supabase" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            text = content if isinstance(content, bytes) else textwrap.dedent(content).encode()
            path.write_bytes(text)
        return root


def as_user(identifier: str) -> str:
    """Return the statement after which a transaction is a signed-in user's."""
    claims = f'{{"sub": "{identifier}", "role": "authenticated"}}'
    return (
        f"select set_config('request.jwt.claims', '{claims}', true),"
        " set_config('role', 'authenticated', true)"
    )


def user(identifier: str, name: str) -> str:
    """Return the statement that signs a user up, as a seed does."""
    return (
        "insert into auth.users (id, aud, role, email, raw_user_meta_data) values"
        f" ('{identifier}', 'authenticated', 'authenticated', '{name}@example.com',"
        f""" '{{"full_name": "{name}"}}');\n"""
    )
