"""The only place where errors become text and exit codes.

0: yes. 1: it worked and the answer is no. 2: it could not answer. 130: interrupted.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer

from prospectr_db.cli import verbs
from prospectr_db.cli.app import app
from prospectr_db.errors import ProspectrError, UsageError
from prospectr_db.report.failure import failure_document, failure_text
from prospectr_db.report.style import Style

__all__ = ["global_options_first", "load_verbs", "main"]

INTERRUPTED = 130
COULD_NOT_ANSWER = 2

# Newer typers carry their own click, older ones import it: this is the class of either.
_ClickUsageError: Any = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "UsageError"
)

_FLAGS = frozenset({"--json", "--verbose", "--docker", "--local"})
_WITH_VALUE = frozenset({"--project", "--db-url", "--image", "--project-ref", "--region"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    words = global_options_first(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    try:
        load_verbs()
        code = typer.main.get_command(app).main(
            words, prog_name="prospectr-db", standalone_mode=False
        )
        return code if isinstance(code, int) else 0
    except ProspectrError as error:
        return _fail(error, as_json=as_json)
    except typer.Exit as error:
        return error.exit_code
    except _ClickUsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.format_message())  # noqa: T201
            return COULD_NOT_ANSWER
        where = error.ctx.command_path if error.ctx else "prospectr-db"
        return _fail(
            UsageError(error.format_message(), hint=f"See `{where} --help`."), as_json=as_json
        )
    except (typer.Abort, KeyboardInterrupt):
        return _fail(ProspectrError("Interrupted."), as_json=as_json, code=INTERRUPTED)
    except BrokenPipeError:
        # The reader went away (`| head`): there is nobody left to tell.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT_ANSWER
    except OSError as error:
        return _fail(
            ProspectrError(
                f"The system refused: {error}",
                hint="Check the path, its rights, and the space on the disk.",
            ),
            as_json=as_json,
        )
    except Exception as error:  # noqa: BLE001 - the edge: a crash must be told and exit 2
        if "--verbose" in words:
            traceback.print_exc()
        return _fail(_told(error), as_json=as_json)


def global_options_first(words: Sequence[str]) -> list[str]:
    """Move the global options before the verb: people write them last.

    What follows ``--`` or ``psql`` belongs to somebody else and stays where it is.
    """
    first: list[str] = []
    rest: list[str] = []
    remaining = iter(words)
    for word in remaining:
        name, has_value, _ = word.partition("=")
        if word in _FLAGS or (name in _WITH_VALUE and has_value):
            first.append(word)
        elif word in _WITH_VALUE:
            first += [word, *([value] if (value := next(remaining, None)) is not None else [])]
        else:
            rest.append(word)
            if word in {"--", "psql"}:
                break
    return [*first, *rest, *remaining]


def load_verbs() -> None:
    """Import every module of cli/verbs/, which adds its verbs to the app."""
    for module in pkgutil.iter_modules(verbs.__path__):
        importlib.import_module(f"{verbs.__name__}.{module.name}")


def _told(error: Exception) -> ProspectrError:
    """Return what is said of an error that nothing nearer to its cause has explained."""
    if type(error).__module__.partition(".")[0] == "psycopg":
        from prospectr_db.database.diagnosis import diagnose

        return diagnose(error)  # type: ignore[arg-type]
    return ProspectrError(
        f"This is a defect in prospectr-db: {type(error).__name__}: {error}",
        hint="Run it again with --verbose and report what it prints.",
    )


def _fail(error: ProspectrError, *, as_json: bool, code: int = COULD_NOT_ANSWER) -> int:
    sys.stdout.flush()
    if as_json:
        print(json.dumps(failure_document(error), indent=2))  # noqa: T201
    else:
        style = Style.for_stream(sys.stderr, os.environ)
        print(failure_text(error, style), file=sys.stderr)  # noqa: T201
    return code


if __name__ == "__main__":
    sys.exit(main())
