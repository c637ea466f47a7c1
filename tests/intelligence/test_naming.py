from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hikeshi.intelligence.models import ClaimSubject, Vulnerability, VulnerabilityName
from hikeshi.intelligence.naming import Grouping
from tests.builders import NOW
from tests.intelligence.osv import npm, record, sync

pytestmark = pytest.mark.django_db

GHSA, OTHER, CVE = "GHSA-2222-2222-2222", "GHSA-3333-3333-3333", "CVE-2021-23337"


def subjects() -> dict[str, set[str]]:
    """Return what each claim is known to speak of."""
    held: dict[str, set[str]] = {}
    for record_id, name in ClaimSubject.objects.known().values_list(
        "claim__record_id", "vulnerability__name"
    ):
        held.setdefault(record_id, set()).add(name)
    return held


def test_claims_that_share_a_name_speak_of_one_vulnerability(tmp_path: Path) -> None:
    npm(tmp_path, record(GHSA, aliases=[CVE]), record("PYSEC-2021-1", aliases=[GHSA]), record(CVE))
    sync(tmp_path)
    assert subjects() == {GHSA: {CVE}, "PYSEC-2021-1": {CVE}, CVE: {CVE}}


def test_a_bundle_speaks_of_each_of_its_cves_and_joins_nothing(tmp_path: Path) -> None:
    bundle = record(OTHER, aliases=["CVE-2021-0001", "CVE-2021-0002", GHSA])
    npm(tmp_path, bundle, record(GHSA, aliases=["CVE-2021-0001"]), record("CVE-2021-0002"))
    sync(tmp_path)
    assert subjects() == {
        OTHER: {"CVE-2021-0001", "CVE-2021-0002"},
        GHSA: {"CVE-2021-0001"},
        "CVE-2021-0002": {"CVE-2021-0002"},
    }


def test_an_alias_never_joins_two_cves(tmp_path: Path) -> None:
    npm(tmp_path, record("CVE-2021-0001", aliases=[GHSA]), record("CVE-2021-0002", aliases=[GHSA]))
    sync(tmp_path)
    assert subjects() == {
        "CVE-2021-0001": {"CVE-2021-0001"},
        "CVE-2021-0002": {"CVE-2021-0002"},
    }


def test_a_later_record_can_show_that_two_are_one_and_the_older_stays(tmp_path: Path) -> None:
    npm(tmp_path, record("GO-2024-0001"), record(GHSA))
    first = sync(tmp_path)
    oldest = Vulnerability.objects.order_by("pk")[0]
    bridge = record(CVE, aliases=["GO-2024-0001", GHSA], modified="2024-02-01")
    npm(tmp_path, record("GO-2024-0001"), record(GHSA), bridge)
    sync(tmp_path, NOW + timedelta(days=1))

    assert subjects() == {"GO-2024-0001": {CVE}, GHSA: {CVE}, CVE: {CVE}}
    names = VulnerabilityName.objects.known()
    assert {n.name: n.vulnerability_id for n in names} == dict.fromkeys(
        ("GO-2024-0001", GHSA, CVE), oldest.pk
    )
    # Before, they were two.
    then = VulnerabilityName.objects.known(first.number)
    assert then.values("vulnerability").distinct().count() == 2


def test_grouping_knows_no_order_of_claims() -> None:
    claims = [(GHSA, CVE), ("PYSEC-2021-1", GHSA), ("GO-2024-0001", "PYSEC-2021-1")]
    for order in (claims, claims[::-1], [claims[1], claims[0], claims[2]]):
        grouping = Grouping()
        for names in order:
            grouping.add(names)
        assert len(grouping.groups()) == 1
        assert grouping.group_of("GO-2024-0001").cve == CVE
