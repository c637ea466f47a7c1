"""A decision names what stays: new SBOMs, rematches, merged aliases leave it standing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hikeshi.core.vex import Justification, ProductStatus, Statement
from hikeshi.intelligence.models import VulnerabilityName
from hikeshi.intelligence.services import sync_osv
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.matching.services import pull
from hikeshi.triage.assessing import assess
from hikeshi.triage.queries import cases_about, matrices_of
from tests.builders import NOW, firm, seen_by
from tests.intelligence.osv import npm, record, ticking
from tests.inventory.stock import cyclonedx
from tests.inventory.stock import npm as component
from tests.triage.cases import offering, opened, release

pytestmark = pytest.mark.django_db(transaction=True)
GHSA, CVE = "GHSA-35jh-r3h4-6jhm", "CVE-2026-20001"


@pytest.mark.requirement("R071")
def test_a_decision_survives_a_new_sbom_a_rematch_and_a_merged_alias(tmp_path: Path) -> None:
    kazahaya = firm()
    by = seen_by(kazahaya.admin)
    shipped = release(offering(kazahaya), "1.0")
    first = cyclonedx(component("lodash", "4.17.15"))
    upload_sbom(release=shipped, content=first, by=kazahaya.admin, at=NOW)
    sync_osv(directory=npm(tmp_path / "one", record(GHSA)), by=None, now=ticking())
    pull(at=NOW)
    case = opened(kazahaya, releases=[shipped], vulnerabilities=[GHSA])
    statement = Statement(
        ProductStatus.KNOWN_NOT_AFFECTED, Justification.VULNERABLE_CODE_NOT_IN_EXECUTE_PATH
    )
    [made] = assess(
        vulnerability=GHSA, statement=statement, releases=[shipped], case=case, by=by, at=NOW
    )

    later = NOW + timedelta(days=1)
    second = cyclonedx(component("lodash", "4.17.16"), component("left-pad", "1.3.0"))
    upload_sbom(release=shipped, content=second, by=kazahaya.admin, at=later)
    merged = record(GHSA, aliases=[CVE], modified="2024-02-01")
    sync_osv(directory=npm(tmp_path / "two", merged), by=None, now=ticking(later))
    pull(at=later)

    assert VulnerabilityName.objects.filter(name=CVE, closed_in__isnull=True).exists()
    [cell] = matrices_of(by, case, [GHSA], language="en")[GHSA].cells()
    assert (cell.assessment, cell.status) == (made, ProductStatus.KNOWN_NOT_AFFECTED)
    assert list(cases_about(by, {CVE, GHSA})) == [case]
