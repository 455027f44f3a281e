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
from collections.abc import Sequence

import click
import typer

from prospectr_db.cli import verbs
from prospectr_db.cli.app import app
from prospectr_db.errors import ProspectrError, UsageError
from prospectr_db.report.failure import failure_document, failure_text
from prospectr_db.report.style import Style

__all__ = ["main"]

INTERRUPTED = 130
COULD_NOT_ANSWER = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    try:
        _load_verbs()
        # --json is a global option, but people write it last.
        ordered = ["--json", *(w for w in words if w != "--json")] if as_json else words
        code = typer.main.get_command(app).main(
            ordered, prog_name="prospectr-db", standalone_mode=False
        )
        return code if isinstance(code, int) else 0
    except ProspectrError as error:
        return _fail(error, as_json=as_json)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message())  # noqa: T201
        return COULD_NOT_ANSWER
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "prospectr-db"
        return _fail(
            UsageError(error.format_message(), hint=f"See `{where} --help`."), as_json=as_json
        )
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _fail(ProspectrError("Interrupted."), as_json=as_json, code=INTERRUPTED)
    except click.exceptions.Exit as error:
        return error.exit_code
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


def _load_verbs() -> None:
    for module in pkgutil.iter_modules(verbs.__path__):
        importlib.import_module(f"{verbs.__name__}.{module.name}")


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
