"""What config.toml says of one hosted project: its ``[remotes.NAME]`` laid over all the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prospectr_db.errors import ConfigError

__all__ = ["overridden"]

# https://github.com/supabase/cli/pull/2797
_REMOTES_ARE_NOT_SEEDED = {"db": {"seed": {"enabled": False}}}


def overridden(
    document: Mapping[str, Any], chosen: Mapping[str, Mapping[str, Any]], *, label: str
) -> dict[str, Any]:
    """Return the document as it is for one hosted project; ``chosen`` are the blocks that name it.

    A remote is not seeded unless its own block says so: that is the Supabase CLI's rule, and keeps
    a production database from being filled with a developer's data. Raises ConfigError where
    several blocks name the project.
    """
    if not chosen:
        return dict(document)
    if len(chosen) > 1:
        names = ", ".join(f"[remotes.{name}]" for name in chosen)
        raise ConfigError(
            f"{label}: {names} have the same project_id.",
            hint="Keep one of them, or give the others their own project_id.",
            file=label,
        )
    (block,) = chosen.values()
    overrides = {key: item for key, item in block.items() if key != "project_id"}
    return _merged(_merged(document, _REMOTES_ARE_NOT_SEEDED), overrides)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return two tables as one: tables are merged, any other value replaces the one below."""
    merged = dict(below)
    for key, item in above.items():
        under = merged.get(key)
        both = isinstance(item, Mapping) and isinstance(under, Mapping)
        merged[key] = _merged(under, item) if both else item  # type: ignore[arg-type]
    return merged
