"""The command line: exit codes, who acts, errors without a traceback."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from django.utils import translation

from hikeshi import __version__
from hikeshi.ledger.models import Event
from hikeshi.organisation.roles import Role
from hikeshi.project.cli import _parser, run
from tests.builders import firm, person

pytestmark = pytest.mark.django_db


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"hikeshi {__version__}\n"


def test_wrong_use_exits_with_2_and_says_how(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(["no-such-command"])
    assert stopped.value.code == 2
    assert "invalid choice: 'no-such-command'" in capsys.readouterr().err


def test_a_content_command_acts_as_somebody_and_is_on_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kazahaya = firm()
    target = tmp_path / "kazahaya.tar.gz"
    command = ["export", str(kazahaya.company.uid), str(target)]
    assert run(command) == 3
    assert "Say who acts" in capsys.readouterr().err
    assert run([*command, "--as", "nobody@kazahaya.example"]) == 4
    assert run([*command, "--as", kazahaya.admin.email, "--format", "json"]) == 0
    assert orjson.loads(capsys.readouterr().out)["organisation.unit"] == 2
    assert Event.objects.get(name="command.used").by == kazahaya.admin


def test_a_missing_right_exits_with_4_in_the_language_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kazahaya = firm()
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER)
    command = ["export", str(kazahaya.company.uid), str(tmp_path / "x"), "--as", reader.email]
    assert run([*command, "--language", "ja"]) == 4
    assert "権限が必要です" in capsys.readouterr().err


@pytest.mark.django_db(transaction=True)
def test_a_backup_into_no_folder_is_refused_plainly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["backup", str(tmp_path / "none" / "b")]) == 3
    assert "does not exist" in capsys.readouterr().err
    assert run(["backup", str(tmp_path / "b"), "--format", "json"]) == 0
    assert orjson.loads(capsys.readouterr().out)["rows"] > 0


def helps(parser: argparse.ArgumentParser, path: str) -> Iterator[tuple[str, str]]:
    """Yield (place, help) of every command and option below a parser."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for choice in action._choices_actions:
                yield f"{path} {choice.dest}", choice.help or ""
            for name, below in action.choices.items():
                yield from helps(below, f"{path} {name}")
        elif action.help and action.option_strings[:1] not in (["-h"], ["-V"]):
            yield f"{path} {action.dest}", action.help


def test_every_help_is_said_in_japanese() -> None:
    with translation.override("ja"):
        found = list(helps(_parser(), "hikeshi"))
    assert len(found) > 60
    assert [one for one in found if one[1].isascii()] == []
