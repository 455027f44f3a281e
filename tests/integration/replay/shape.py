"""What a written project of one shape consists of."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ADA", "AS_ADA", "BOB", "Shape"]

_PEOPLE = {
    "@ada@": "11111111-1111-4111-8111-111111111111",
    "@bob@": "22222222-2222-4222-8222-222222222222",
}

ADA = """
    insert into auth.users (id, aud, role, email, raw_user_meta_data) values (
        '@ada@', 'authenticated', 'authenticated', 'ada@example.com', '{"full_name": "ada"}'
    );
"""
"""Signs Ada up, as a seed does. ``@ada@`` and ``@bob@`` stand for identifiers in every file."""
BOB = ADA.replace("ada", "bob")

AS_ADA = """
    select
        set_config('request.jwt.claims', '{"sub": "@ada@", "role": "authenticated"}', true),
        set_config('role', 'authenticated', true)
"""
"""After it, the transaction is Ada's."""

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
            raw = content if isinstance(content, bytes) else textwrap.dedent(content).encode()
            path.write_bytes(_with_people(raw))
        return root

    def questions(self) -> tuple[bytes, ...]:
        """Return ``asks`` as they are sent."""
        return tuple(_with_people(ask.encode()) for ask in self.asks)


def _with_people(text: bytes) -> bytes:
    for placeholder, identifier in _PEOPLE.items():
        text = text.replace(placeholder.encode(), identifier.encode())
    return text
