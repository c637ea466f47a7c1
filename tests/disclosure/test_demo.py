from __future__ import annotations

import pytest

from hikeshi.disclosure.models import AdvisoryRevision, PublishedDocument
from hikeshi.ledger.models import OutboxMessage
from hikeshi.project.demo import load
from hikeshi.records.models import Task
from hikeshi.stakeholders.models import RoundParty
from hikeshi.triage.models import Case, CaseKind
from tests.builders import NOW
from tests.formats.csaf.test_write import problems

pytestmark = pytest.mark.django_db


def test_the_demo_has_cases_in_several_states_and_a_valid_published_advisory() -> None:
    load(NOW)
    assert set(Case.objects.values_list("phase", flat=True)) >= {
        "discovery", "triage", "remediation", "disclosure", "closed",
    }  # fmt: skip
    assert set(Case.objects.values_list("kind", flat=True)) == set(CaseKind.values)
    assert set(Case.objects.values_list("embargo", flat=True)) >= {"none", "proposed", "active"}
    assert Task.objects.filter(due_at__lt=NOW).count() >= 2
    parties = RoundParty.objects.all()
    assert (parties.filter(answered_at__isnull=False).count(), parties.count()) == (2, 4)
    states = OutboxMessage.objects.values_list("realm", "state")
    assert set(states) == {("demo", "held")}
    revision = AdvisoryRevision.objects.get()
    assert revision.realm == "demo"
    documents = PublishedDocument.objects.filter(kind="csaf")
    assert documents.count() == 2
    assert all(problems(bytes(one.content)) == [] for one in documents)
