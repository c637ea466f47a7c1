"""The demo company loads whole, once, and belongs to realm demo."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from hikeshi.core.errors import Conflict
from hikeshi.inventory.models import Release
from hikeshi.ledger.models import Event
from hikeshi.matching.queries import (
    Narrowing,
    found_vulnerabilities,
    reached_by,
    vulnerability_named,
)
from hikeshi.organisation.models import Account, Company, Unit
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
    assert set(Company.objects.values_list("slug", "realm")) == {
        ("kazahaya", "demo"), ("connect", "demo"),
    }  # fmt: skip
    assert Unit.objects.filter(kind="plant").count() == 2
    with_company = Event.objects.filter(company__isnull=False)
    assert set(with_company.values_list("realm", flat=True)) == {"demo"}
    takase = viewer_of(Account.objects.get(email="takase@kazahaya.example"), timezone.now())
    assert found_vulnerabilities(takase).count() > 30
    assert found_vulnerabilities(takase, Narrowing(exploited=True)).count() >= 4
    (reached,) = reached_by(takase, [vulnerability_named(takase, "CVE-2022-46393")])
    assert {(one.release.offering.code, len(one.way)) for one in reached.findings} == {
        ("KZR-2", 0), ("KZL-M1", 0), ("KZG", 1), ("KZV-C20", 1),
    }  # fmt: skip
    # The radio firmware is another company's of the group, two levels down in the gateway.
    (inside,) = reached_by(takase, [vulnerability_named(takase, "CVE-2023-52160")])
    assert {(one.release.offering.code, len(one.way)) for one in inside.findings} == {
        ("KCS-1", 0), ("KZL-M1", 1), ("KZG", 2), ("KZV-C20", 2),
    }  # fmt: skip
    kitagawa = viewer_of(Account.objects.get(email="kitagawa@connect.example"), timezone.now())
    assert {one.offering.code for one in Release.objects.visible_to(kitagawa)} == {"KCS-1"}


def test_a_company_that_is_there_keeps_the_demo_away() -> None:
    firm()
    assert load_when_empty() is False
    with pytest.raises(Conflict, match="not the demo"):
        reset(NOW)
    assert run(["demo", "--reset", "--yes"]) == 5
    assert run(["demo"]) == 5


def test_reset_loads_the_demo_anew_and_leaves_no_file_of_the_old_one() -> None:
    load_when_empty()
    Company.objects.filter(slug="kazahaya").update(prefix="OLD")
    # What a transaction of its own would have done: nothing waits to be checked.
    connection.check_constraints()
    before = set(blob_root().glob("*/*"))
    assert run(["demo", "--reset", "--yes"]) == 0
    assert set(Company.objects.values_list("prefix", flat=True)) == {"KZ", "KC"}
    after = set(blob_root().glob("*/*"))
    assert len(after) == StoredFile.objects.count()
    assert not before & after
