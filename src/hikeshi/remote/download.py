"""Fetch a file by HTTP: with limits, retries, and only when it changed.

1. The file appears at its place whole or not at all; a cut transfer is tried again from the start.
2. A server that asks for patience (429, 503 with ``Retry-After``) gets it, up to a limit.
3. ``If-None-Match`` and ``If-Modified-Since`` are sent for the copy that lies there already
   (RFC 9110, section 13); what the server said of it is kept beside it in ``<name>.state``.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from hikeshi.core.errors import NotAvailable, TooLarge, gettext_noop

AGENT: Final = "hikeshi (open-source PSIRT system)"
TIMEOUT: Final = httpx.Timeout(60, connect=15)
TRIES: Final = 5
LONGEST_WAIT_SECONDS: Final = 120.0
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class FetchFailed(NotAvailable):
    """A file could not be fetched; the copy that lay there is as it was."""

    code = "fetch-failed"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was asked for. is_new: False when the server said that it did not change."""

    path: Path
    is_new: bool
    size_bytes: int


class _TryAgain(Exception):
    """This try failed in a way that may pass. wait_seconds: as the server asks, None without."""

    def __init__(self, reason: str, wait_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds


def download(
    url: str,
    target: Path,
    *,
    limit_bytes: int,
    tries: int = TRIES,
    sleep: Callable[[float], None] = time.sleep,
) -> Fetched:
    """Bring a file to its place, unless the copy there is what the server has.

    Raises TooLarge over the limit, FetchFailed when the server refuses or does not answer after
    all tries; the copy that lay there stays.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    wait, reason = 1.0, ""
    with httpx.Client(
        timeout=TIMEOUT, follow_redirects=True, headers={"User-Agent": AGENT}
    ) as client:
        for left in range(tries - 1, -1, -1):
            try:
                return _once(client, url, target, limit_bytes)
            except (_TryAgain, httpx.TransportError) as error:
                reason = str(error) or type(error).__name__
                asked = error.wait_seconds if isinstance(error, _TryAgain) else None
            if left:
                sleep(min(asked if asked is not None else wait, LONGEST_WAIT_SECONDS))
                wait *= 2
    raise FetchFailed(
        gettext_noop("%(url)s could not be fetched in %(tries)s tries: %(reason)s"),
        url=url, tries=tries, reason=reason[:200],
    )  # fmt: skip


def _once(client: httpx.Client, url: str, target: Path, limit_bytes: int) -> Fetched:
    state = target.with_name(f"{target.name}.state")
    part = target.with_name(f"{target.name}.part")
    with client.stream("GET", url, headers=_conditions(url, target, state)) as answer:
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return Fetched(target, False, target.stat().st_size)
        if answer.status_code in _AGAIN:
            raise _TryAgain(f"HTTP {answer.status_code}", _patience(answer))
        if answer.status_code != httpx.codes.OK:
            raise FetchFailed(
                gettext_noop("%(url)s answered with HTTP %(status)s."),
                url=url, status=answer.status_code,
            )  # fmt: skip
        size = 0
        try:
            with part.open("wb") as out:
                # Raw bytes: a packed file is kept packed, and cannot grow beyond its limit here.
                for piece in answer.iter_raw():
                    size += len(piece)
                    if size > limit_bytes:
                        raise TooLarge(
                            gettext_noop("%(url)s is larger than %(limit)s MB."),
                            url=url, limit=limit_bytes // (1024 * 1024),
                        )  # fmt: skip
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        said = {"url": url, "etag": answer.headers.get("etag", ""),
                "modified": answer.headers.get("last-modified", "")}  # fmt: skip
        state.write_text(json.dumps(said))
        return Fetched(target, True, size)


def _conditions(url: str, target: Path, state: Path) -> dict[str, str]:
    # The body is taken as it is stored: a content coding would be unpacked by nobody.
    wanted = {"Accept-Encoding": "identity"}
    if not target.is_file():
        return wanted
    try:
        said = json.loads(state.read_text())
    except (OSError, ValueError):
        return wanted
    if not isinstance(said, dict) or said.get("url") != url:
        return wanted
    if said.get("etag"):
        wanted["If-None-Match"] = said["etag"]
    elif said.get("modified"):
        wanted["If-Modified-Since"] = said["modified"]
    return wanted


def _patience(answer: httpx.Response) -> float | None:
    asked = answer.headers.get("retry-after", "")
    return float(asked) if asked.isdigit() else None
