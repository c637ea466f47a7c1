"""The demo company loads whole, once, and belongs to realm demo."""

from __future__ import annotations

import pytest
from django.utils import timezone

from hikeshi.ledger.models import Event
from hikeshi.matching.queries import Narrowing, found_vulnerabilities
from hikeshi.organisation.models import Account, Company
from hikeshi.organisation.queries import viewer_of
from hikeshi.project.demo import load_when_empty
from tests.builders import firm

pytestmark = pytest.mark.django_db


def test_the_demo_loads_into_an_empty_database_alone() -> None:
    assert load_when_empty() is True
    assert load_when_empty() is False
    assert Company.objects.get().realm == "demo"
    with_company = Event.objects.filter(company__isnull=False)
    assert set(with_company.values_list("realm", flat=True)) == {"demo"}
    takase = viewer_of(Account.objects.get(email="takase@kazahaya.example"), timezone.now())
    assert found_vulnerabilities(takase).count() > 30
    assert found_vulnerabilities(takase, Narrowing(exploited=True)).count() >= 4


def test_a_company_that_is_there_keeps_the_demo_away() -> None:
    firm()
    assert load_when_empty() is False
