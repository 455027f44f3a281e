"""How the splitter of SQL files grows with what is worst for it: repetition that never ends.

    python -m benchmarks split

Ten times as long a text stands beside ten texts: linear growth is a ratio of about one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.measure import Measurement, compare

UNITS = ("$a ", "(", "begin atomic ", "/*", "'", "E'", "--\n", "e'a'\n")
SHORT = 5_000


def measurements() -> Iterator[Measurement]:
    """Measure each kind of repetition, and an ordinary file of ten thousand policies."""
    from prospectr_db.database.statements import split

    def tenfold(text: str) -> None:
        for _ in range(10):
            split(text)

    policy = "create policy \"p\" on t using (a = 'x;y'); -- c;\n"
    for unit in (*UNITS, policy):
        long, short = unit * SHORT * 10, unit * SHORT
        shown = f"split {SHORT * 10} times {unit[:13]!r}"
        yield compare(
            shown, partial(split, long), "in ten parts", partial(tenfold, short), rounds=3
        )
