"""Keep files with a case, behind its wall, and take them away again with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from hikeshi.core.errors import InputRefused, NotFound, gettext_noop
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.records import blobs
from hikeshi.records.models import Blob
from hikeshi.triage import rights
from hikeshi.triage.models import Case

# What one upload may be; a disk image or a long capture is passed on by other ways.
SIZE_LIMIT: Final = 100 * 1024 * 1024


def add_file(
    *,
    case: Case,
    name: str,
    content: Iterable[bytes],
    by: Viewer,
    at: datetime,
    declared: str = "",
) -> Blob:
    """Keep a file with a case; who sees the case sees the file.

    declared: the media type that the sender says.
    Raises NotFound or NotAllowed without the right, TooLarge over the limit or the company's quota,
    InputRefused for a type that is not taken.
    """
    rights.require(case, by, Permission.CASE_WORK)
    return blobs.store(
        subject=case, name=name, content=content, by=by.account, at=at, declared=declared,
        limit_bytes=SIZE_LIMIT,
    )  # fmt: skip


def remove_file(*, case: Case, blob: Blob, by: Viewer, at: datetime, reason: str) -> None:
    """Erase a file of a case; that it was there, and why it went, stays on record.

    Raises NotFound for a file of another record, NotAllowed for who does not lead the case,
    InputRefused without a reason.
    """
    if blob.subject_uid != case.uid:
        raise NotFound(gettext_noop("There is no such file."))
    rights.require_lead(case, by)
    if not reason.strip():
        raise InputRefused(gettext_noop("Say why the file is removed."))
    # The owner of a case may do so too, who need not hold the right that ``blobs.erase`` asks for.
    blobs.forget(blob=blob, by=by.account, at=at, reason=reason.strip())
