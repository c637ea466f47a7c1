"""Files, handed out so that a browser runs nothing of them; and the search page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from hikeshi.core.media_types import INERT, OCTETS
from hikeshi.core.tokens import QUERY_LIMIT
from hikeshi.organisation.access import Request, logged_in
from hikeshi.records.blobs import blob_by_uid, pieces_of
from hikeshi.records.models import Blob
from hikeshi.records.search import (
    found_elsewhere,
    grouped,
    kinds_found,
    recognised,
    search,
    straight_to,
)

# Should a browser show the file after all, it stands in a box of its own and runs nothing.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@logged_in
@require_GET
def download(request: Request, uid: UUID) -> StreamingHttpResponse:
    """Hand out a file to who may see it."""
    return file_response(blob_by_uid(request.viewer, uid))


@logged_in
@require_GET
def find(request: Request) -> HttpResponse:
    """Find records by their words, as far as the reader may see them."""
    text = request.GET.get("q", "").strip()[:QUERY_LIMIT]
    kind = request.GET.get("kind", "")
    kind = kind if kind in dict(kinds_found()) else ""
    after = request.GET.get("after")
    if text and not kind and not after and (address := straight_to(request.viewer, text)):
        return redirect(address)
    found = (
        search(request.viewer, text, kinds=[kind] if kind else (), after=after) if text else None
    )
    first = found_elsewhere(request.viewer, text) if text and not kind and not after else []
    return render(
        request, "records/search.html",
        {
            "search_text": text, "found": found, "known_as": recognised(text) if text else "",
            "groups": [*first, *grouped(found.hits)] if found else [],
            "kinds": kinds_found(), "kind": kind,
        },
    )  # fmt: skip


def file_response(blob: Blob) -> StreamingHttpResponse:
    """Answer with a file that the caller has read as its viewer, its name opened.

    Raises as ``blobs.pieces_of``, before anything is sent.
    """
    pieces = pieces_of(blob)
    # The first piece is opened here: a file that does not open becomes an error page.
    first = next(pieces, b"")
    body: Iterator[bytes] = chain([first], pieces)
    kind = blob.media_type if blob.media_type in INERT else OCTETS
    response = StreamingHttpResponse(body, content_type=kind)
    if kind == "text/plain":
        response["Content-Type"] = "text/plain; charset=utf-8"
    name = content_disposition_header(as_attachment=True, filename=blob.name.value)
    response["Content-Disposition"] = name or "attachment"
    response["Content-Length"] = str(blob.size_bytes)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = _POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response
