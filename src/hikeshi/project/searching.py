"""What can be found by the search of all pages, by which of its words, and what leads straight.

The areas say how their own records are found; what spans areas is said here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from hikeshi.core.errors import HikeshiError
from hikeshi.core.purl import name_of, parse
from hikeshi.intelligence.models import VulnerabilityName
from hikeshi.inventory.models import Offering, Package, Release
from hikeshi.inventory.related import shipping
from hikeshi.matching.queries import open_occurrences
from hikeshi.organisation.queries import text_in
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.models import Blob, Task
from hikeshi.records.search import (
    Group,
    Hit,
    Searchable,
    also_finds,
    guides_to,
    recognised,
    searchable,
)
from hikeshi.records.subjects import Subject, name_subjects_of, subjects
from hikeshi.stakeholders.models import Contact, Conversation
from hikeshi.stakeholders.queries import reads
from hikeshi.triage.models import Case

_MOST: Final = 8


def _case_names(case: Case) -> Iterable[str]:
    return (name for one in case.vulnerabilities.all() for name in (one.name, one.cve) if name)


def _offering_names(release: Release) -> Iterable[str]:
    return (text for text in release.offering.name.values() if text)


def _messages(conversation: Conversation) -> Iterable[str]:
    written = list(conversation.messages.all())
    unseal(written, "body")
    return (str(message.body.value or "") for message in written)


def _channel_addresses(contact: Contact) -> Iterable[str]:
    channels = list(contact.channels.all())
    unseal(channels, "address")
    return (str(channel.address.value or "") for channel in channels)


def name_offerings(viewer: Viewer, uids: Sequence[UUID]) -> dict[UUID, Subject]:
    """Name products."""
    return {
        offering.uid: Subject(
            offering.number,
            text_in(offering.name, get_language() or "en"),
            reverse("inventory:product", args=[offering.number]),
            offering.wall_id is not None,
        )
        for offering in Offering.objects.visible_to(viewer).filter(uid__in=uids)
    }


def _release_subjects(releases: Iterable[Release]) -> dict[UUID, Subject]:
    return {
        release.uid: Subject(
            release.number,
            f"{text_in(release.offering.name, get_language() or 'en')} {release.version}",
            reverse("inventory:release", args=[release.number]),
            release.wall_id is not None,
        )
        for release in releases
    }


def name_releases(viewer: Viewer, uids: Sequence[UUID]) -> dict[UUID, Subject]:
    """Name releases."""
    found = Release.objects.visible_to(viewer).filter(uid__in=uids)
    return _release_subjects(found.select_related("offering"))


def _about(viewer: Viewer, rows: list[Any], field: str) -> dict[UUID, Subject]:
    """Name rows that belong to a record: their own words, its number and page."""
    unseal(rows, field)
    named = subjects(viewer, {(row.subject_kind, row.subject_uid) for row in rows})
    return {
        row.uid: Subject(
            named[row.subject_uid].number,
            str(getattr(row, field).value or ""),
            named[row.subject_uid].url,
            row.wall_id is not None,
        )
        for row in rows
        if row.subject_uid in named
    }


def name_tasks(viewer: Viewer, uids: Sequence[UUID]) -> dict[UUID, Subject]:
    """Name tasks by their title and the record they are about."""
    return _about(viewer, list(Task.objects.visible_to(viewer).filter(uid__in=uids)), "title")


def files_seen_by(viewer: Viewer) -> QuerySet[Blob]:
    """Select files that were not erased."""
    return Blob.objects.visible_to(viewer).filter(erased_at__isnull=True)


def name_files(viewer: Viewer, uids: Sequence[UUID]) -> dict[UUID, Subject]:
    """Name files by their name and the record they belong to."""
    return _about(viewer, list(files_seen_by(viewer).filter(uid__in=uids)), "name")


def conversations_read_by(viewer: Viewer) -> QuerySet[Conversation]:
    """Select the conversations that the viewer is a member of, or that are open to all."""
    return Conversation.objects.visible_to(viewer).filter(reads(viewer)).distinct()


def name_conversations(viewer: Viewer, uids: Sequence[UUID]) -> dict[UUID, Subject]:
    """Name conversations by their title and the record they are about."""
    return _about(viewer, list(conversations_read_by(viewer).filter(uid__in=uids)), "title")


def find_vulnerabilities(viewer: Viewer, text: str) -> Iterable[Group]:
    """Find vulnerabilities whose id or alias begins with a text."""
    start = text.strip()
    if len(start) < 4 or " " in start or not start.isascii():
        return
    starts = Q(name__startswith=start) | Q(name__startswith=start.upper())
    found = (
        VulnerabilityName.objects.visible_to(viewer)
        .filter(starts | Q(name__startswith=start.lower()))
        .select_related("vulnerability")
        .order_by("name")[:_MOST]
    )
    hits = [
        Hit(
            "intelligence.vulnerability",
            Subject(
                row.name,
                "" if row.name == row.vulnerability.name else row.vulnerability.name,
                reverse("matching:vulnerability", args=[row.name]),
            ),
        )
        for row in found
    ]
    yield Group("intelligence.vulnerability", _("Vulnerabilities"), hits)


def _packages(text: str) -> QuerySet[Package]:
    """Select the packages that a purl means, or those of every kind that are called so."""
    if recognised(text) != "purl":
        return Package.objects.filter(name=text.lower())
    try:
        name = name_of(parse(text))
    except HikeshiError:
        return Package.objects.none()
    return Package.objects.filter(system=name.system, name=name.name)


def _shipping(viewer: Viewer, text: str) -> list[Release]:
    held = open_occurrences(viewer).filter(
        package_version__package__in=list(_packages(text).values_list("pk", flat=True)[:_MOST])
    )
    if recognised(text) == "purl" and (version := parse(text).version):
        held = held.filter(package_version__version=version)
    found = Release.objects.visible_to(viewer).filter(shipping(held))
    return list(found.select_related("offering").order_by("pk")[:50])


def find_shipping(viewer: Viewer, text: str) -> Iterable[Group]:
    """Find the releases that ship a package, and the findings about it."""
    text = text.strip()
    if " " in text or (recognised(text) not in {"", "purl"}) or not _packages(text).exists():
        return
    named = _release_subjects(_shipping(viewer, text))
    hits = [Hit("inventory.release", subject) for subject in named.values()]
    if hits and recognised(text) == "":
        about = Subject("", _("Findings about “%(name)s”") % {"name": text}, _findings(text))
        yield Group("matching.finding", _("Findings"), [Hit("matching.finding", about)])
    yield Group("inventory.occurrence", _("Releases that ship it"), hits)


def _findings(text: str) -> str:
    return f"{reverse('matching:findings')}?{urlencode({'q': text})}"


def to_vulnerability(viewer: Viewer, text: str) -> str:
    """Lead to a vulnerability by any of its names."""
    names = {text, text.upper(), text.upper()[:4] + text.lower()[4:]}
    row = VulnerabilityName.objects.visible_to(viewer).filter(name__in=names).first()
    return reverse("matching:vulnerability", args=[row.name]) if row else ""


def to_release(viewer: Viewer, text: str) -> str:
    """Lead to the one release with this package URL or CPE name, or that alone ships it."""
    own = Release.objects.visible_to(viewer).filter(Q(purl=text) | Q(cpe__iexact=text))
    found = list(own.select_related("offering")[:2])
    if not found and recognised(text) == "purl":
        found = _shipping(viewer, text)
    return reverse("inventory:release", args=[found[0].number]) if len(found) == 1 else ""


def fill() -> None:
    """Say what can be found; called once, at start-up."""
    name_subjects_of("inventory.offering", name_offerings)
    name_subjects_of("inventory.release", name_releases)
    name_subjects_of("records.task", name_tasks)
    name_subjects_of("records.blob", name_files)
    name_subjects_of("stakeholders.conversation", name_conversations)
    searchable(
        "triage.case",
        Searchable(
            ("title", "summary"), more=_case_names, prefetch=("vulnerabilities",),
            label=_("Cases"), order=10,
        ),
    )  # fmt: skip
    searchable(
        "disclosure.advisory",
        Searchable(("title", "summary", "description"), label=_("Advisories"), order=20),
    )
    searchable(
        "inventory.offering",
        Searchable(("name", "summary"), clear=("number", "code"), label=_("Products"), order=30),
    )
    searchable(
        "inventory.release",
        Searchable(
            (), clear=("number", "version", "purl", "cpe"), more=_offering_names,
            prefetch=("offering",), label=_("Releases"), order=31,
        ),
    )  # fmt: skip
    searchable(
        "stakeholders.contact",
        Searchable(
            ("name",), more=_channel_addresses, prefetch=("channels",), label=_("Contacts"),
            order=40,
        ),
    )  # fmt: skip
    searchable(
        "stakeholders.round", Searchable(("title",), label=_("Rounds of questions"), order=41)
    )
    searchable(
        "records.task",
        Searchable(
            ("title", "note", "outcome"), clear=(), changed="created_at",
            label=pgettext_lazy("search", "Tasks"), order=60,
        ),
    )  # fmt: skip
    searchable(
        "stakeholders.conversation",
        Searchable(
            ("title",), clear=(), more=_messages, prefetch=("messages",), changed="started_at",
            rows=conversations_read_by, label=_("Conversations"), order=61,
        ),
    )  # fmt: skip
    searchable(
        "records.blob",
        Searchable(
            ("name",), clear=(), changed="added_at", rows=files_seen_by, label=_("Files"), order=62
        ),
    )
    also_finds(find_vulnerabilities)
    also_finds(find_shipping)
    for known_as in ("CVE", "GHSA"):
        guides_to(known_as, to_vulnerability)
    for known_as in ("purl", "CPE"):
        guides_to(known_as, to_release)
