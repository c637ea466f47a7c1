"""Run the benchmarks: all of them, or those named (``python -m bench pages``).

``--large`` runs those that stand for a group's fleet instead; they take some minutes each.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys

import bench
from bench.measure import say

NOT_RUN = {"__main__", "measure", "world", "fleet"}


def main(names: list[str]) -> int:
    large = "--large" in names
    names = [name for name in names if name != "--large"]
    known = sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if m.name not in NOT_RUN)
    unknown = set(names) - set(known)
    if unknown:
        say(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(known)}")
        return 2
    for name in names or known:
        module = importlib.import_module(f"bench.{name}")
        figures = getattr(module, "large" if large else "run", None)
        if figures is None:
            continue
        say(f"\n{name}, load {os.getloadavg()[0]:.1f}")
        for figure in figures():
            say("  " + figure.line())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
