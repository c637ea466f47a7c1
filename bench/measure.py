"""How a figure is taken and printed: the median of several runs, as a ratio to a baseline."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of output.

    what: what was done, with its counts. value and baseline: in ``unit``; against: what the
    baseline is; aim: what we want of the value, in words.
    """

    what: str
    value: float
    unit: str
    baseline: float
    against: str
    aim: str = ""

    def line(self) -> str:
        ratio = self.value / self.baseline if self.baseline else float("nan")
        aim = f"  aim {self.aim}" if self.aim else ""
        return (
            f"{self.what:<62} {self.value:>11.4g} {self.unit:<6} "
            f"= {ratio:>7.2f} x {self.against} ({self.baseline:.4g}){aim}"
        )


def median_seconds(act: Callable[[], object], runs: int = 7, warm: int = 1) -> float:
    """Time an act several times and return the median; the first runs only warm caches."""
    for _ in range(warm):
        act()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        act()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
