"""What this area shows on the pages of lower ones, and which of their lists keep views."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hikeshi.records.models import Approval, Clock
from hikeshi.records.news_views import bell
from hikeshi.records.saved import keep
from hikeshi.records.saved_views import views_of_list
from hikeshi.records.subjects import name_subjects_of, named_by_subject
from hikeshi.ui import slots


def fill() -> None:
    """Fill the slots; called once, at start-up."""
    slots.fill("list.views", views_of_list)
    slots.fill("shell.bell", bell)
    name_subjects_of("records.approval", named_by_subject(Approval))
    name_subjects_of("records.clock", named_by_subject(Clock))
    keep("people", "organisation:people", _("People"))
    keep("jobs", "ledger:jobs", _("Jobs"))
    keep("outbox", "ledger:outbox", _("Messages to the outside"))
    keep("audit", "records:audit", _("Audit log"))
