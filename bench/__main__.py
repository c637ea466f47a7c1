"""Run the benchmarks: all of them, or those named (``python -m bench pages``).

Each runs in a process and on a database of its own, so that none meets what another left behind.
``--large`` runs those that stand for a group's fleet instead; they take some minutes each.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import subprocess
import sys
import time

import bench
from bench.measure import say

NOT_RUN = {"__main__", "measure", "world", "fleet"}


def main(arguments: list[str]) -> int:
    large = "--large" in arguments
    names = [name for name in arguments if name != "--large"]
    known = sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if m.name not in NOT_RUN)
    unknown = set(names) - set(known)
    if unknown:
        say(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(known)}")
        return 2
    if len(names) == 1:
        return _run(names[0], large=large)
    flags = ["--large"] if large else []
    began = time.monotonic()
    failed = [name for name in names or known if _apart(name, flags)]
    say(f"\nall of it took {time.monotonic() - began:.0f} s")
    if failed:
        say(f"stopped by an error: {', '.join(failed)}")
    return 1 if failed else 0


def _apart(name: str, flags: list[str]) -> int:
    return subprocess.run([sys.executable, "-m", "bench", name, *flags], check=False).returncode


def _run(name: str, *, large: bool) -> int:
    figures = getattr(importlib.import_module(f"bench.{name}"), "large" if large else "run", None)
    if figures is None:
        return 0
    say(f"\n{name}, load {os.getloadavg()[0]:.1f}")
    for figure in figures():
        say("  " + figure.line())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
