"""Whatever a file holds: it is read, or refused in a sentence; and no reader is without a row."""

from __future__ import annotations

import time

import pytest
from django.utils import translation

from hikeshi.core.errors import HikeshiError
from hikeshi.project.snapshot import FORMAT
from hikeshi.ui.errors import explain
from tests.hostile.table import PLACES, READERS, Reader, backup, bad_inputs, decoding_places

pytestmark = pytest.mark.pure
MOST_SECONDS = 3
# These answer in the words of their caller: a page leaves an index out, the API answers with 400.
OWN_WORDS = {"OSV index", "API body"}


@pytest.mark.parametrize("name", READERS)
def test_a_bad_file_is_refused_in_a_sentence_of_the_readers_language(name: str) -> None:
    reader = READERS[name]
    reader.read(reader.sound)
    was_read = set()
    for kind, content in bad_inputs(reader):
        started = time.process_time()
        refusal = refusal_of(reader, content)
        assert time.process_time() - started < MOST_SECONDS, kind
        if refusal is None:
            was_read.add(kind)
            continue
        assert 10 < len(str(refusal)) < 500, kind
        with translation.override("ja"):
            assert name in OWN_WORDS or explain(refusal) != str(refusal), (kind, str(refusal))
    assert was_read == set(reader.reads)


def refusal_of(reader: Reader, content: bytes) -> HikeshiError | None:
    try:
        reader.read(content)
    except HikeshiError as error:
        return error
    return None


def test_every_place_that_decodes_bytes_has_a_row_or_a_reason() -> None:
    assert decoding_places() == set(PLACES)
    rows = {row for found in PLACES.values() if not isinstance(found, str) for row in found}
    assert rows == set(READERS)


@pytest.mark.parametrize(
    "said",
    [[], "x", {"format": FORMAT}, {"format": FORMAT, "members": [1]},
     {"format": FORMAT, "members": {"rows/x.jsonl": {"rows": 1}}},
     {"format": FORMAT, "members": {"rows/x.jsonl": {"sha256": "", "columns": "uid"}}},
     {"format": FORMAT, "members": {"rows/x.jsonl": {"sha256": "0"}}}],
    ids=range(7),
)  # fmt: skip
def test_a_backup_whose_manifest_is_odd_is_no_whole_backup(said: object) -> None:
    refusal = refusal_of(READERS["backup"], backup(said))
    assert str(refusal).startswith("This is not a whole backup: ")
