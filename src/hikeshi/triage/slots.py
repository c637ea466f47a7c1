"""What this area tells others: how to name and find its cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hikeshi.intelligence.models import Vulnerability, VulnerabilityName
from hikeshi.matching.deciding import decided_by
from hikeshi.matching.queries import Reached
from hikeshi.organisation.access import Request
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.news import matters
from hikeshi.records.retention import govern
from hikeshi.records.saved import keep
from hikeshi.records.search import Searchable, searchable
from hikeshi.records.subjects import Subject, name_owners_of, name_subjects_of
from hikeshi.triage.findings import Decisions
from hikeshi.triage.models import Case
from hikeshi.triage.news import my_cases
from hikeshi.triage.queries import cases_about, cases_of
from hikeshi.ui import slots
from hikeshi.ui.lists import BulkAct


def name_cases(viewer: Viewer, uids: Sequence[UUID]) -> dict[UUID, Subject]:
    """Name cases, as many as the viewer may know of."""
    found = list(cases_of(viewer).filter(uid__in=uids))
    unseal(found, "title")
    return {
        case.uid: Subject(
            case.number,
            case.title.value or "",
            reverse("triage:case", args=[case.number]),
            case.wall is not None and case.wall.ended_at is None,
        )
        for case in found
    }


def _names(case: Case) -> Iterable[str]:
    """Return the ids by which a case is looked for."""
    for one in case.vulnerabilities.all():
        yield from filter(None, (one.name, one.cve))


def offer_case(request: HttpRequest, reached: Reached) -> SafeString | None:
    """Offer to open a case about a vulnerability and the releases it reaches."""
    viewer: Viewer = cast(Request, request).viewer
    if not reached.releases or not viewer.may_somewhere(Permission.CASE_OPEN):
        return None
    return render_to_string("triage/open_from_vulnerability.html", {"reached": reached}, request)


def cases_of_vulnerability(request: HttpRequest, vulnerability: Vulnerability) -> SafeString | None:
    """Show the reader's cases about a vulnerability under any of its names; others know of none."""
    viewer: Viewer = cast(Request, request).viewer
    names = VulnerabilityName.objects.visible_to(viewer).filter(vulnerability=vulnerability)
    wanted = {vulnerability.name, *names.values_list("name", flat=True)}
    found = list(cases_about(viewer, wanted)[:20])
    if not found:
        return None
    unseal(found, "title")
    return render_to_string("triage/cases_of_vulnerability.html", {"cases": found}, request)


def bulk_acts(request: HttpRequest, _list: object) -> Iterable[BulkAct]:
    """Offer to decide about several findings at once."""
    if cast(Request, request).viewer.may_somewhere(Permission.ASSESS):
        yield BulkAct(_("Decide together"), reverse("triage:decide"), primary=True, key="d")


def fill() -> None:
    """Fill the slots; called once, at start-up."""
    matters(my_cases)
    keep("cases", "triage:cases", gettext_lazy("Cases"))
    slots.fill("findings.acts", bulk_acts)
    slots.fill("vulnerability.actions", offer_case)
    slots.fill("vulnerability.main", cases_of_vulnerability, order=20)
    decided_by(Decisions())
    name_subjects_of("triage.case", name_cases)
    name_owners_of("triage.case", Case, "owner")
    govern("triage.case", ended="closed_at")
    searchable(
        "triage.case",
        Searchable(texts=("title", "summary"), more=_names, prefetch=("vulnerabilities",)),
    )
