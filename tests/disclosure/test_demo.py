from __future__ import annotations

import pytest

from hikeshi.disclosure.models import AdvisoryRevision, PublishedDocument
from hikeshi.project.demo import load
from hikeshi.triage.models import Case
from tests.builders import NOW
from tests.formats.csaf.test_write import problems

pytestmark = pytest.mark.django_db


def test_the_demo_has_cases_in_several_states_and_a_valid_published_advisory() -> None:
    load(NOW)
    assert set(Case.objects.values_list("phase", flat=True)) >= {
        "discovery", "triage", "remediation", "disclosure", "closed",
    }  # fmt: skip
    revision = AdvisoryRevision.objects.get()
    assert revision.realm == "demo"
    documents = PublishedDocument.objects.filter(kind="csaf")
    assert documents.count() == 2
    assert all(problems(bytes(one.content)) == [] for one in documents)
