"""The root of the command line; each area adds its commands.

Exit codes: 0 done; 1 the answer is "no" (for example: affected releases were found and
``--fail`` was given); 2 wrong use; 3 refused input; 4 not allowed or not found; 5 conflict;
6 a part is missing.
"""

from __future__ import annotations

import argparse
import os
import sys

from hikeshi import __version__


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hikeshi.project.settings")
    parser = argparse.ArgumentParser(prog="hikeshi", description="Run a PSIRT.")
    parser.add_argument("--version", action="version", version=f"hikeshi {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    django_command = commands.add_parser("django", help="run a Django command (operators)")
    django_command.add_argument("rest", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    from django.core.management import execute_from_command_line

    execute_from_command_line(["hikeshi", *options.rest])
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
