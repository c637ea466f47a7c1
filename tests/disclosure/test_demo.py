from __future__ import annotations

import pytest

from hikeshi.disclosure.models import Advisory, AdvisoryRevision, PublishedDocument
from hikeshi.disclosure.silence import silence_of, untold
from hikeshi.ledger.models import OutboxMessage
from hikeshi.organisation.queries import viewer_of
from hikeshi.organisation.sealed import unseal
from hikeshi.project.demo import load
from hikeshi.records.models import Task
from hikeshi.stakeholders.models import RoundParty
from hikeshi.triage.models import Case, CaseKind
from tests.builders import NOW
from tests.formats.csaf.test_write import problems

pytestmark = pytest.mark.django_db


PARTS = ("title", "summary", "description", "impact", "remedy", "workaround")


def test_the_demo_tells_of_what_is_public_and_signs_what_is_not() -> None:
    world = load(NOW)
    viewer = viewer_of(world.people["hirose"], NOW)
    public = Advisory.objects.get(edition=2)
    unseal([public], *PARTS, "credits", "references")
    for part in PARTS:
        assert set(getattr(public, part).value) == {"ja", "en"}, part
        assert all(getattr(public, part).value.values()), part
    assert len(public.credits.value) == len(public.references.value) == 2
    signed = silence_of(world.things["cases"]["prototype"], viewer)
    assert signed is not None
    assert (signed.is_signed, signed.holds) == (True, True)
    assert untold(viewer) == []
    gate = world.things["cases"]["gate"]
    assert gate.embargo == "active"
    roles = set(gate.participants.values_list("role", flat=True))
    assert roles >= {"finder", "coordinator", "owner_unit", "quality", "executive"}


def test_the_demo_has_cases_in_several_states_and_a_valid_published_advisory() -> None:
    load(NOW)
    assert set(Case.objects.values_list("phase", flat=True)) >= {
        "discovery", "triage", "remediation", "disclosure", "closed",
    }  # fmt: skip
    assert set(Case.objects.values_list("kind", flat=True)) == set(CaseKind.values)
    assert set(Case.objects.values_list("embargo", flat=True)) >= {"none", "proposed", "active"}
    assert Task.objects.filter(due_at__lt=NOW).count() >= 2
    tasks = list(Task.objects.all())
    unseal(tasks, "title")
    assert not [one.title.value for one in tasks if " / " in one.title.value]
    parties = RoundParty.objects.all()
    assert (parties.filter(answered_at__isnull=False).count(), parties.count()) == (2, 4)
    states = OutboxMessage.objects.values_list("realm", "state")
    assert set(states) == {("demo", "held")}
    first, second = AdvisoryRevision.objects.order_by("edition")
    assert (first.realm, second.edition) == ("demo", 2)
    documents = PublishedDocument.objects.filter(kind="csaf")
    assert documents.count() == 4
    assert all(problems(bytes(one.content)) == [] for one in documents)
