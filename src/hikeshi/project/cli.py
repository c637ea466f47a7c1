"""The root of the command line; each area adds its commands in its ``cli.py``.

An area's ``add_commands(commands)`` adds parsers, and ``set_defaults`` says which function runs:

    parser.set_defaults(run=list_products, acts=True)

``run(options, viewer)`` returns an exit code or None for 0. ``acts=True`` means that it touches
content: it then runs as the account of ``--as`` or of the token in HIKESHI_TOKEN, with that
account's rights, and the use is recorded. Operator commands (serve, migrate, backup, keys) show no
content and get no viewer.

Exit codes: 0 done; 1 the answer is no (affected releases found with ``--fail``, a broken chain);
2 wrong use; 3 refused input; 4 not allowed or not found; 5 conflict; 6 a part is missing; 130
stopped by the user.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any, Final

from hikeshi import __version__
from hikeshi.core import errors

EXIT_CODES: Final[list[tuple[type[errors.HikeshiError], int]]] = [
    (errors.InputRefused, 3),
    (errors.NotAllowed, 4),
    (errors.NotFound, 4),
    (errors.Conflict, 5),
    (errors.NotAvailable, 6),
]
Run = Callable[[argparse.Namespace, Any], int | None]


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    if arguments in (["--version"], ["-V"]):
        # Answered without starting Django, which takes a second.
        sys.stdout.write(f"hikeshi {__version__}\n")
        return 0
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hikeshi.project.settings")
    if arguments[:1] == ["django"]:
        return _django(arguments[1:])
    import django

    django.setup()
    from django.utils import translation

    # The help is written while the parser is made, so that the language must be known before.
    with translation.override(_language_asked(arguments)):
        options = _parser().parse_args(arguments)
    with translation.override(_language(options)):
        return _answer(options)


def _language_asked(arguments: list[str]) -> str:
    """Return the language to speak before the arguments are read."""
    chosen = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    chosen.add_argument("--language", nargs="?", default="")
    known, _rest = chosen.parse_known_args(arguments)
    return _language(known) if known.language in {"", "ja", "en"} else "en"


def _django(rest: list[str]) -> int:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["hikeshi django", *rest])
    return 0


def _language(options: argparse.Namespace) -> str:
    """Return the language to speak: ``--language``, else that of the terminal."""
    if options.language:
        return str(options.language)
    terminal = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    return "ja" if (terminal or "").startswith("ja") else "en"


def common_options() -> argparse.ArgumentParser:
    """Return the options that every command takes, before or after its name."""
    from django.utils.translation import gettext as _

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--as", dest="acting", default=argparse.SUPPRESS, metavar="EMAIL",
                        help=_("act as this account, with its rights"))  # fmt: skip
    common.add_argument("--format", choices=["table", "json"], default=argparse.SUPPRESS)
    common.add_argument("--language", choices=["ja", "en"], default=argparse.SUPPRESS)
    return common


def _parser() -> argparse.ArgumentParser:
    from django.utils.translation import gettext as _

    from hikeshi.project.areas import parts

    parser = argparse.ArgumentParser(
        prog="hikeshi", description=_("Run a product security incident response team."),
        parents=[common_options()],
        epilog=_("Exit codes: 0 done, 1 the answer is no, 2 wrong use, 3 refused input, "
        "4 not allowed or not found, 5 conflict, 6 a part is missing."),
    )  # fmt: skip
    parser.add_argument("-V", "--version", action="version", version=f"hikeshi {__version__}")
    parser.set_defaults(acting="", format="table", language="", acts=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for area in parts("cli"):
        if area.__name__ != __name__:
            area.add_commands(commands)
    from hikeshi.project import commands as own

    own.add_commands(commands)
    # Options of their own: the defaults set above would else undo what stood before the command.
    _share(commands, common_options())
    return parser


def _share(commands: Any, common: argparse.ArgumentParser) -> None:
    """Let the common options stand after the command too, at every depth."""
    for parser in set(commands.choices.values()):
        for action in common._actions:
            if not any(action.dest == held.dest for held in parser._actions):
                parser._add_action(action)
        for action in list(parser._actions):
            if isinstance(action, argparse._SubParsersAction):
                _share(action, common)


def _answer(options: argparse.Namespace) -> int:
    from hikeshi.organisation.acting import acting_viewer
    from hikeshi.ui.errors import explain

    try:
        viewer = None
        if options.acts:
            viewer = acting_viewer(
                email=options.acting,
                token=os.environ.get("HIKESHI_TOKEN", ""),
                command=options.command,
            )
        return options.run(options, viewer) or 0
    except errors.HikeshiError as error:
        sys.stderr.write(f"hikeshi: {explain(error)}\n")
        return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), 1)
    except BrokenPipeError:
        # The reader of our output has gone (``| head``): nobody is left to tell.
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
