"""The cases whose news a person hears (``records.news``)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from hikeshi.organisation.queries import running
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.news import KEPT
from hikeshi.triage.models import Case, Participant


def my_cases(viewer: Viewer) -> QuerySet[Any, Any]:
    """Select the uids of the cases, open or closed lately, that the viewer owns or takes part in.

    In by name or by a team; one branch per index, as an OR over them reads the whole table.
    """
    parts = Participant.objects.filter(running(viewer.at))
    by_name = parts.filter(account__isnull=False, account=viewer.account)
    taken_part_in = (
        Case.objects.filter(owner_id=viewer.account_id)
        .values_list("pk")
        .union(
            by_name.values_list("case_id"),
            parts.filter(unit_id__in=viewer.teams).values_list("case_id"),
        )
    )
    cases = Case.objects.visible_to(viewer).filter(
        Q(closed_at__isnull=True) | Q(closed_at__gt=viewer.at - KEPT), pk__in=taken_part_in
    )
    return cases.values_list("uid")
