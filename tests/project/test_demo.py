"""The demo company loads whole, once, and belongs to realm demo."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from hikeshi.core.errors import Conflict
from hikeshi.ledger.models import Event
from hikeshi.matching.queries import (
    Narrowing,
    found_vulnerabilities,
    reached_by,
    vulnerability_named,
)
from hikeshi.organisation.models import Account, Company
from hikeshi.organisation.queries import viewer_of
from hikeshi.project.cli import run
from hikeshi.project.demo import load_when_empty, reset
from hikeshi.records.blobs import blob_root
from hikeshi.records.models import StoredFile
from tests.builders import NOW, firm

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
    (reached,) = reached_by(takase, [vulnerability_named(takase, "CVE-2022-46393")])
    assert {(one.release.offering.code, len(one.way)) for one in reached.findings} == {
        ("KZR-2", 0), ("KZL-M1", 0), ("KZG", 1), ("KZV-C20", 1),
    }  # fmt: skip


def test_a_company_that_is_there_keeps_the_demo_away() -> None:
    firm()
    assert load_when_empty() is False
    with pytest.raises(Conflict, match="not the demo"):
        reset(NOW)
    assert run(["demo", "--reset", "--yes"]) == 5
    assert run(["demo"]) == 5


def test_reset_loads_the_demo_anew_and_leaves_no_file_of_the_old_one() -> None:
    load_when_empty()
    Company.objects.update(prefix="OLD")
    # What a transaction of its own would have done: nothing waits to be checked.
    connection.check_constraints()
    before = set(blob_root().glob("*/*"))
    assert run(["demo", "--reset", "--yes"]) == 0
    assert Company.objects.get().prefix == "KZ"
    after = set(blob_root().glob("*/*"))
    assert len(after) == StoredFile.objects.count()
    assert not before & after
