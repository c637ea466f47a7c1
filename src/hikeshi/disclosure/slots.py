"""What this area shows on the pages of others: a case's advisories, and how to name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from hikeshi.disclosure.models import Advisory
from hikeshi.disclosure.queries import (
    advisories_about,
    advisories_of,
    published_about,
    scheduled_for,
)
from hikeshi.disclosure.silence import silence_of, steps_of
from hikeshi.intelligence.models import Vulnerability, VulnerabilityName
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.models import Approval
from hikeshi.records.news import belong
from hikeshi.records.search import Searchable, searchable
from hikeshi.records.subjects import Subject, name_subjects_of
from hikeshi.triage import rights
from hikeshi.triage.models import Case
from hikeshi.triage.timeline import also_about
from hikeshi.ui import slots


def case_advisories(request: HttpRequest, case: Case) -> SafeString:
    """Show a case's advisories, and the button that starts one."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]  # set by the middleware
    silence = silence_of(case, viewer)
    advisories = advisories_about(viewer, case)
    context = {
        "case": case,
        "advisories": advisories,
        "is_public": any(one.edition for one in advisories),
        "silence": silence,
        "may_sign": steps_of(silence, viewer),
        "may_draft": rights.may(case, viewer, Permission.PROPOSE),
    }
    return render_to_string("disclosure/case_advisories.html", context, request)


def scheduled(request: HttpRequest, _subject: object) -> SafeString | None:
    """Show what goes public at a moment, and what did not when it was to."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]  # set by the middleware
    found = scheduled_for(viewer)
    if not found:
        return None
    return render_to_string("disclosure/scheduled.html", {"advisories": found}, request)


def advisories_of_vulnerability(
    request: HttpRequest, vulnerability: Vulnerability
) -> SafeString | None:
    """Show what we published about a vulnerability under any of its names."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]  # set by the middleware
    names = VulnerabilityName.objects.visible_to(viewer).filter(vulnerability=vulnerability)
    wanted = {vulnerability.name, *names.values_list("name", flat=True)}
    found = published_about(wanted)
    if not found:
        return None
    return render_to_string("disclosure/of_vulnerability.html", {"revisions": found}, request)


def events_of(viewer: Viewer, case: Case) -> Iterable[UUID]:
    """Name the advisories whose events belong to a case's course."""
    return advisories_of(viewer).filter(case=case).values_list("uid", flat=True)


def name_advisories(viewer: Viewer, uids: Sequence[UUID]) -> dict[UUID, Subject]:
    """Name advisories, as many as the viewer may know of."""
    found = list(advisories_of(viewer).filter(uid__in=uids))
    unseal(found, "title")
    return {
        one.uid: Subject(
            one.number,
            one.title.value or "",
            reverse("disclosure:publication", args=[one.number]),
            one.wall is not None and one.wall.ended_at is None,
        )
        for one in found
    }


def _advisories_of_matters(viewer: Viewer, found: Sequence[UUID]) -> QuerySet[Any, Any]:
    """Select the uids of the advisories of cases, and of approvals about them."""
    told = Advisory.objects.visible_to(viewer).filter(case__uid__in=found)
    approvals = Approval.objects.visible_to(viewer).filter(subject_uid__in=told.values("uid"))
    return told.values_list("uid").union(approvals.values_list("uid"))


def fill() -> None:
    """Fill the slots; called once, at start-up."""
    slots.fill("case.side.top", case_advisories)
    slots.fill("today.side", scheduled, order=10)
    slots.fill("vulnerability.main", advisories_of_vulnerability, order=30)
    also_about(events_of)
    belong(_advisories_of_matters)
    searchable("disclosure.advisory", Searchable(texts=("title", "summary", "description")))
    name_subjects_of("disclosure.advisory", name_advisories)
