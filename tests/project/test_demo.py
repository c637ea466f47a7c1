"""The demo company loads whole, once, and belongs to realm demo."""

from __future__ import annotations

import pytest

from hikeshi.ledger.models import Event
from hikeshi.organisation.models import Company
from hikeshi.project.demo import load_when_empty
from tests.builders import firm

pytestmark = pytest.mark.django_db


def test_the_demo_loads_into_an_empty_database_alone() -> None:
    assert load_when_empty() is True
    assert load_when_empty() is False
    assert Company.objects.get().realm == "demo"
    with_company = Event.objects.filter(company__isnull=False)
    assert set(with_company.values_list("realm", flat=True)) == {"demo"}


def test_a_company_that_is_there_keeps_the_demo_away() -> None:
    firm()
    assert load_when_empty() is False
