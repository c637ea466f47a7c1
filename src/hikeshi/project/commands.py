"""Commands of the installation as a whole: serve, demo, migrate, backup, restore, export."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console

from hikeshi.core.errors import Conflict, InputRefused, NotFound, gettext_noop
from hikeshi.organisation.viewer import Viewer
from hikeshi.project import demo
from hikeshi.project.backup import write_backup
from hikeshi.project.export import export_company
from hikeshi.project.restore import restore_backup
from hikeshi.project.serve import prepare, serve

_console = Console(stderr=True)


def add_commands(commands: Any) -> None:
    """Add the commands of this module."""
    parser = commands.add_parser("serve", help=_("start web and worker, after migrating"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--web-processes", type=int, default=1)
    parser.add_argument("--worker-processes", type=int, default=1)
    parser.add_argument("--demo", action="store_true", help=_("load the demo company when empty"))
    parser.set_defaults(run=_serve)
    parser = commands.add_parser("demo", help=_("load the demo company, which sends nothing"))
    parser.add_argument("--reset", action="store_true",
                        help=_("throw all demo work away and load it anew"))  # fmt: skip
    parser.add_argument("--yes", action="store_true", help=_("do not ask"))
    parser.set_defaults(run=_demo)
    parser = commands.add_parser("migrate", help=_("bring the database to this version"))
    parser.set_defaults(run=_migrate)
    parser = commands.add_parser("backup", help=_("write a backup; the key file is not in it"))
    parser.add_argument("file", type=Path)
    parser.set_defaults(run=_backup)
    parser = commands.add_parser("restore", help=_("restore a backup into an empty database"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--key-file", type=Path, required=True)
    parser.set_defaults(run=_restore)
    parser = commands.add_parser("export", help=_("export one company as its viewer sees it"))
    parser.add_argument("company", type=UUID, metavar="UID")
    parser.add_argument("file", type=Path)
    parser.set_defaults(run=_export, acts=True)


def _serve(options: argparse.Namespace, _viewer: None) -> int:
    return serve(
        host=options.host,
        port=options.port,
        web=options.web_processes,
        workers=options.worker_processes,
        demo=options.demo,
    )


def _demo(options: argparse.Namespace, _viewer: None) -> int:
    prepare()
    if not options.reset:
        if not demo.load_when_empty():
            raise Conflict(
                gettext_noop("The database is not empty. “hikeshi demo --reset” loads it anew.")
            )
    else:
        demo.require_demo_alone()
        if not options.yes and not _agreed():
            return 1
        with _console.status("demo"):
            demo.reset(timezone.now())
    _show(options, {"company": "kazahaya", "mail": _("held back"), "publishing": _("stays here")})
    return 0


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise InputRefused(gettext_noop("Nobody can be asked here; say --yes."))
    return input(_("Everything in the demo is thrown away. Type “yes” to go on:") + " ") == "yes"


def _migrate(_options: argparse.Namespace, _viewer: None) -> None:
    prepare()


def _show(options: argparse.Namespace, said: dict[str, Any]) -> None:
    if options.format == "json":
        sys.stdout.write(orjson.dumps(said).decode() + "\n")
    else:
        sys.stdout.write("".join(f"{key}: {value}\n" for key, value in said.items()))


def _backup(options: argparse.Namespace, _viewer: None) -> None:
    if not options.file.absolute().parent.is_dir():
        raise InputRefused(
            gettext_noop("The folder %(path)s does not exist."), path=str(options.file.parent)
        )
    with _console.status("backup"):
        manifest = write_backup(options.file)
    rows = sum(member.get("rows", 0) for member in manifest["members"].values())
    blobs = sum(name.startswith("blobs/") for name in manifest["members"])
    _show(options, {"file": str(options.file), "rows": rows, "files": blobs})


def _restore(options: argparse.Namespace, _viewer: None) -> None:
    for path in (options.file, options.key_file):
        if not path.is_file():
            raise NotFound(gettext_noop("There is no file %(path)s."), path=str(path))
    # The key file is the restored system's from now on, or the restore fails on its first key.
    target = Path(settings.KEY_FILE)
    if target.absolute() != options.key_file.absolute():
        settings.KEY_FILE = options.key_file
    prepare(keys=False)
    with _console.status("restore"):
        manifest = restore_backup(options.file)
    if target.absolute() != options.key_file.absolute():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch(0o600)
        target.write_bytes(options.key_file.read_bytes())
    _show(options, {"made_at": manifest["made_at"], "members": len(manifest["members"])})


def _export(options: argparse.Namespace, viewer: Viewer) -> None:
    manifest = export_company(uid=options.company, viewer=viewer, target=options.file)
    _show(options, {"file": str(options.file), **manifest["rows"]})
