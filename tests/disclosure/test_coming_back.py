"""Our own vulnerability in a public feed: until our release it betrays nothing of the wall."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import reverse

from hikeshi.disclosure.publishing import publish_advisory
from hikeshi.intelligence.services import sync_osv
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.matching.services import pull
from hikeshi.organisation.roles import Role
from hikeshi.triage.queries import cases_about, standing
from tests.builders import NOW, person, seen_by
from tests.disclosure.drafts import CVE, approved, decided, stage
from tests.intelligence.osv import npm, record, ticking
from tests.inventory.stock import cyclonedx
from tests.inventory.stock import npm as component
from tests.triage.cases import CANARY
from tests.triage.test_pages import logged_in

pytestmark = pytest.mark.django_db(transaction=True)
GHSA = "GHSA-35jh-r3h4-6jhm"


def test_a_public_record_before_our_release_betrays_nothing_and_joins_at_release(
    tmp_path: Path,
) -> None:
    one = decided(stage())
    advisory = approved(one)
    outsider = person("o@kazahaya.example", one.firm.company, Role.LEAD)
    content = cyclonedx(component("lodash", "4.17.15"))
    upload_sbom(release=one.affected, content=content, by=one.firm.admin, at=NOW)
    feed = npm(tmp_path, record(GHSA, aliases=[CVE]))
    sync_osv(directory=feed, by=None, now=ticking())
    pull(at=NOW)

    secrets = (one.case.number, advisory.number, CANARY, "KZ-Gate のコマンド実行の脆弱性",
               "Cases about it", "Our advisories about it")  # fmt: skip
    page = reverse("matching:vulnerability", args=[CVE])
    outside = logged_in(outsider)
    for address in (page, "/findings/", f"/search/?q={CVE}", f"/findings/?q={GHSA}", "/"):
        shown = outside.get(address, follow=True)
        assert shown.status_code == 200, address
        assert not [secret for secret in secrets if secret in shown.content.decode()], address
    assert CVE in outside.get(page).content.decode()
    assert not standing(seen_by(outsider), [CVE], [one.affected])
    inside = logged_in(one.writer).get(page).content.decode()
    assert one.case.number in inside
    assert "Our advisories about it" not in inside

    publish_advisory(advisory=advisory, by=seen_by(one.approver), at=NOW)
    shown = outside.get(page).content.decode()
    assert one.case.number in shown
    assert advisory.number in shown
    assert list(cases_about(seen_by(outsider), [CVE])) == [one.case]
    assert standing(seen_by(outsider), [CVE], [one.affected])[CVE, one.affected.pk].case == one.case
