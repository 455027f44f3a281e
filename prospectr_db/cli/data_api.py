"""What the options --api of `access check` and `seed` do, apart from the verbs that offer them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from prospectr_db.cli.app import Invocation
from prospectr_db.errors import ConfirmationRequiredError, UsageError

if TYPE_CHECKING:
    from prospectr_db.api.compare import ApiComparison

__all__ = ["compare_with_api", "folder_of", "seed_with_api"]


def folder_of(run: Invocation) -> Path:
    """Return where the local Data API of this checkout keeps its secret and its log."""
    root = str(run.project.root.resolve())
    return run.settings.home / "api" / hashlib.blake2s(root.encode(), digest_size=6).hexdigest()


def compare_with_api(run: Invocation) -> ApiComparison:
    """Compare the database with the Data API on a throwaway copy, and hold it to the contract."""
    from prospectr_db.access.contract.contract import read_contract
    from prospectr_db.access.verify import contract_path
    from prospectr_db.api.compare import compare
    from prospectr_db.api.node import find_program
    from prospectr_db.api.service import project_secret
    from prospectr_db.cli.copies import of_files

    if run.is_remote:
        raise UsageError(
            "The comparison builds rows, and does so on a copy of the project's own database only.",
            hint="Leave --db-url, --local, --project-ref and SUPABASE_DB_URL out.",
        )
    contract = read_contract(contract_path(run.project))
    folder = folder_of(run)
    program = find_program(folder.parent, run.environment, on_event=run.progress.show)
    with of_files(run) as seen:
        return compare(
            seen.target,
            program,
            secret=project_secret(folder),
            log=folder / "compare.log",
            exposed=[name for name in run.project.config.api_schemas if name != "graphql_public"],
            contract=contract,
            older=seen.older,
        )


def seed_with_api(run: Invocation, document: Path | None, confirm: str | None) -> None:
    """Create users and rows through the API whose URL and secret key the environment names."""
    from prospectr_db.api.seed import is_local_url, name_of, read_document, seed_through_api
    from prospectr_db.report.api import seeded_text

    url = run.environment.get("SUPABASE_URL", "")
    key = (
        run.environment.get("SUPABASE_SECRET_KEY")
        or run.environment.get("SUPABASE_SERVICE_ROLE_KEY")
        or ""
    )
    if not url:
        raise UsageError(
            "SUPABASE_URL is not set.",
            hint="Set SUPABASE_URL and SUPABASE_SECRET_KEY in the environment; the dashboard shows "
            "both under Project Settings, API Keys.",
        )
    found = read_document(document or run.project.root / "supabase" / "seed.api.json")
    name = name_of(url)
    if not is_local_url(url) and confirm != name:
        raise ConfirmationRequiredError(
            f"Seeding writes users and rows into {name}, which is not local. Nothing was changed.",
            hint=f"Give --confirm {name} if that is what you want.",
        )
    report = seed_through_api(url, key, found, on_event=run.progress.show)
    run.show(report, verb="seed", text=seeded_text)
