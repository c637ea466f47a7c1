"""Run the benchmarks: all of them, or those named (``python -m bench pages``)."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import bench
from bench.measure import say

NOT_RUN = {"__main__", "measure", "world", "fleet"}


def main(names: list[str]) -> int:
    known = sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if m.name not in NOT_RUN)
    unknown = set(names) - set(known)
    if unknown:
        say(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(known)}")
        return 2
    for name in names or known:
        say(f"\n{name}")
        for figure in importlib.import_module(f"bench.{name}").run():
            say("  " + figure.line())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
