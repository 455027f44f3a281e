"""How a command is timed: whole processes, interleaved with the peer, medians and their ratio."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Action = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured; seconds are medians, ``peer`` is what it is compared with."""

    what: str
    seconds: float
    peer: str | None = None
    peer_seconds: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the peer's time this took."""
        return self.seconds / self.peer_seconds if self.peer_seconds else None

    def line(self) -> str:
        """Return the measurement as one line of a table."""
        shown = f"{self.what:<58}{self.seconds:>9.3f} s"
        if self.ratio is not None:
            shown += f"{self.ratio:>8.2f} x {self.peer} ({self.peer_seconds:.3f} s)"
        return shown


@dataclass(frozen=True, slots=True)
class Line:
    """Something else to tell: a figure that has no peer, a bar of a curve."""

    text: str

    def line(self) -> str:
        """Return it as it is."""
        return self.text


def process(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Action:
    """Return an action that runs a whole process and fails with what it printed."""

    def run() -> None:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr or done.stdout}")

    return run


def compare(what: str, ours: Action, peer: str, theirs: Action, *, rounds: int = 7) -> Measurement:
    """Time two actions in turns, so that what else the machine does hits both alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for action in (ours, theirs):
        action()  # warm caches; not counted
    for _ in range(rounds):
        for action, found in zip((ours, theirs), times, strict=True):
            found.append(timed(action))
    return Measurement(what, statistics.median(times[0]), peer, statistics.median(times[1]))


def timed(action: Action) -> float:
    """Return how many seconds an action took."""
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun
