"""SBOMs and components of releases over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal, cast
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from ninja import File, Form, Query, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field

from hikeshi.core.errors import gettext_noop
from hikeshi.inventory import queries
from hikeshi.inventory.models import SBOM
from hikeshi.inventory.uploads import MAX_BYTES, too_large, upload_sbom
from hikeshi.organisation.models import Account
from hikeshi.organisation.rest import Listed, ListQuery, Request, Rows, paged

router = Router()


class SBOMOut(Schema):
    """One version of the SBOM of a part of a release."""

    uid: UUID
    release: UUID = Field(alias="release.uid")
    slot: str = Field(alias="slot.name")
    version: int = Field(alias="ordinal")
    is_current: bool
    format: str
    spec_version: str
    made_by: str
    sha256: str
    size_bytes: int
    components: int
    gaps: dict[str, int] = Field(description="What cannot be decided, by reason.")
    uploaded_at: datetime

    @staticmethod
    def resolve_is_current(sbom: SBOM) -> bool:
        """Tell whether no newer one replaced it."""
        return sbom.replaced_at is None

    @staticmethod
    def resolve_sha256(sbom: SBOM) -> str:
        """Return the digest of the bytes as they came, in hexadecimal."""
        return bytes(sbom.sha256).hex()


class UploadOut(Schema):
    """What an upload changed; the same bytes again change nothing."""

    sbom: SBOMOut
    is_new: bool
    opened: int
    closed: int


class ComponentOut(Schema):
    """A component of a release."""

    name: str
    version: str
    purl: str
    cpe: str
    supplier: str
    gap: str = Field(description="Why it cannot be decided; empty when it can.")


class ComponentList(ListQuery):
    """Components of a release."""

    sorts: ClassVar = {"name": ("name", "pk")}
    filters: ClassVar = {"gap": "gap", "name": "name"}
    sort: Literal["name"] = "name"
    gap: str | None = Field(None, max_length=20)
    name: str | None = Field(None, max_length=255)


@router.get(
    "/releases/{uid}/components",
    response=Rows[ComponentOut],
    summary=gettext_noop("List the components of a release"),
)
def list_components(request: Request, uid: UUID, query: Query[ComponentList]) -> Listed:
    """What is in a release now, over all its parts."""
    release = queries.release_by_uid(request.viewer, uid)
    return paged(request, queries.components_of(release), query)


@router.get(
    "/releases/{uid}/sboms", response=list[SBOMOut], summary=gettext_noop("List SBOM versions")
)
def list_sboms(request: Request, uid: UUID) -> list[SBOM]:
    """Every SBOM the release ever had, newest first."""
    return queries.sboms_of(queries.release_by_uid(request.viewer, uid))


@router.post(
    "/releases/{uid}/sboms", response={200: UploadOut}, summary=gettext_noop("Upload an SBOM")
)
def upload(
    request: Request,
    uid: UUID,
    file: File[UploadedFile],
    slot: Form[str] = "application",
) -> Any:
    """Make a CycloneDX or SPDX JSON file, perhaps packed with gzip, current for a part.

    A refused file leaves the current one. The same bytes again change nothing.
    """
    release = queries.release_to_edit(request.viewer, uid=uid)
    if (file.size or 0) > MAX_BYTES:
        raise too_large(file.size or 0)
    return upload_sbom(
        release=release, content=file.read(), by=cast(Account, request.viewer.account),
        at=timezone.now(), slot=slot, file_name=file.name or "",
    )  # fmt: skip


@router.get("/sboms/{uid}", response=SBOMOut, summary=gettext_noop("Read an SBOM's facts"))
def read_sbom(request: Request, uid: UUID) -> SBOM:
    """One version of an SBOM, without its bytes."""
    return queries.sbom_by_uid(request.viewer, uid)


@router.get("/sboms/{uid}/content", summary=gettext_noop("Download an SBOM"), response=bytes)
def read_sbom_content(request: Request, uid: UUID) -> HttpResponse:
    """The bytes as they came."""
    sbom = queries.sbom_by_uid(request.viewer, uid)
    return HttpResponse(queries.content_of(sbom), content_type="application/octet-stream")
