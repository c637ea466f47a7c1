"""From a case to a published advisory: who must agree, what leaves the wall, what never changes."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hikeshi.core.errors import Conflict, InputRefused, NotAllowed, NotFound, Stale
from hikeshi.core.lifecycle import EmbargoAct
from hikeshi.core.vex import ProductStatus, Statement
from hikeshi.disclosure import queries, services
from hikeshi.disclosure.checks import problems_of
from hikeshi.disclosure.forms import AdvisoryForm
from hikeshi.disclosure.models import Advisory, AdvisoryRevision, DocumentKind, PublishedDocument
from hikeshi.disclosure.publishing import publish_advisory, withdraw_advisory
from hikeshi.organisation.roles import Role
from hikeshi.records import approvals
from hikeshi.triage import queries as triage
from hikeshi.triage.assessing import assess
from hikeshi.triage.embargo import take_embargo_step
from hikeshi.triage.queries import vulnerabilities_of
from hikeshi.triage.services import add_vulnerability, describe_vulnerability
from tests.builders import NOW, person, seen_by
from tests.disclosure.drafts import (
    AFFECTED,
    CVE,
    TEXTS,
    Stage,
    approved,
    decided,
    drafted,
    stage,
)
from tests.formats.csaf.test_write import problems
from tests.triage.cases import CANARY

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


def test_a_finding_becomes_a_case_decisions_and_a_published_advisory() -> None:
    one = decided(stage())
    by, outside = seen_by(one.approver), seen_by(one.firm.admin)
    advisory = approved(one)
    assert not queries.advisories_of(outside).exists()
    assert not queries.published().exists()
    revision = publish_advisory(advisory=advisory, by=by, at=NOW)
    assert (revision.edition, advisory.state, advisory.edition) == (1, "published", 1)
    assert [r.number for r in queries.published(one.firm.company)] == [advisory.number]
    assert triage.case_by_number(outside, one.case.number).wall is not None
    assert {fact.fact for fact in triage.facts_of(one.case)} >= {"public"}
    documents = {(d.kind, d.language): bytes(d.content) for d in PublishedDocument.objects.all()}
    assert set(documents) == {("html", "ja"), ("html", "en"), ("csaf", "ja"), ("csaf", "en")}
    for (kind, _language), content in documents.items():
        assert kind == "html" or problems(content) == []


def test_each_language_names_the_products_in_its_own_words() -> None:
    one = decided(stage())
    product = one.affected.offering
    product.name = {"ja": "産業用ゲートウェイ", "en": "Industrial gateway"}
    product.save()
    publish_advisory(advisory=approved(one), by=seen_by(one.approver), at=NOW)
    documents = {
        (d.kind, d.language): bytes(d.content).decode() for d in PublishedDocument.objects.all()
    }
    for kind in ("html", "csaf"):
        assert "産業用ゲートウェイ" in documents[kind, "ja"]
        assert "Industrial gateway" not in documents[kind, "ja"]
        assert "Industrial gateway" in documents[kind, "en"]


def test_the_documents_say_what_was_decided_and_nothing_internal() -> None:
    one = decided(stage())
    publish_advisory(advisory=approved(one), by=seen_by(one.approver), at=NOW)
    revision = queries.published().get()
    document = json.loads(queries.document_of(revision, DocumentKind.CSAF, "ja").content)
    vulnerability = document["vulnerabilities"][0]
    assert vulnerability["cve"] == CVE
    assert vulnerability["product_status"] == {
        "known_affected": [one.affected.csaf_product_id],
        "fixed": [one.fixed.csaf_product_id],
        "known_not_affected": [one.other.csaf_product_id],
    }
    assert vulnerability["remediations"][0]["category"] == "vendor_fix"
    assert vulnerability["scores"][0]["cvss_v3"]["baseScore"] == 8.8
    html = bytes(queries.document_of(revision, DocumentKind.HTML, "en").content).decode()
    assert "Update to version 4.2.2." in html
    assert "4.2.1" in html
    everything = b"".join(bytes(d.content) for d in PublishedDocument.objects.all()).decode()
    for secret in ("internal-grounds-7d2", CANARY, one.case.number, one.writer.email):
        assert secret not in everything + json.dumps(revision.content)


def test_translations_are_documents_of_their_own() -> None:
    one = decided(stage())
    publish_advisory(advisory=approved(one), by=seen_by(one.approver), at=NOW)
    revision = queries.published().get()
    japanese = json.loads(queries.document_of(revision, DocumentKind.CSAF, "ja").content)
    english = json.loads(queries.document_of(revision, DocumentKind.CSAF, "en").content)
    assert english["document"]["source_lang"] == "ja"
    assert "source_lang" not in japanese["document"]
    assert english["document"]["tracking"]["id"] == revision.number + "-en"
    assert english["product_tree"]["branches"][0]["name"] == "Kazahaya Electric"
    assert japanese["product_tree"]["branches"][0]["name"] == "風早電機"
    ids = [re.findall(r'"product_id": "([^"]+)"', json.dumps(one["product_tree"]))
           for one in (english, japanese)]  # fmt: skip
    assert ids[0] == ids[1] != []


@pytest.mark.requirement("R012")
def test_nobody_approves_what_they_proposed() -> None:
    one = decided(stage())
    advisory = drafted(one)
    lead = seen_by(one.approver)
    digest = services.propose_advisory(advisory=advisory, by=lead, at=NOW)
    with pytest.raises(NotAllowed, match="ask somebody else"):
        services.approve_advisory(advisory=advisory, by=lead, at=NOW, content_hash=digest)
    with pytest.raises(NotAllowed):
        services.approve_advisory(
            advisory=advisory, by=seen_by(one.writer), at=NOW, content_hash=digest
        )


def test_who_runs_the_psirt_alone_approves_alone() -> None:
    one = decided(stage())
    one.firm.company.single_person = True
    one.firm.company.save(update_fields=["single_person"])
    one.case.refresh_from_db()
    advisory = drafted(one)
    lead = seen_by(one.approver)
    digest = services.propose_advisory(advisory=advisory, by=lead, at=NOW)
    services.approve_advisory(advisory=advisory, by=lead, at=NOW, content_hash=digest)
    assert advisory.state == "approved"


def test_an_approval_is_of_this_content_and_no_other() -> None:
    one = decided(stage())
    advisory = approved(one)
    assess(
        vulnerability=CVE, statement=Statement(ProductStatus.FIXED), releases=[one.other],
        case=one.case, by=seen_by(one.writer), at=LATER,
    )  # fmt: skip
    with pytest.raises(Conflict, match="changed since it was proposed"):
        publish_advisory(advisory=advisory, by=seen_by(one.approver), at=LATER)
    assert not AdvisoryRevision.objects.exists()
    assert one.case.wall is not None
    assert one.case.wall.ended_at is None


def test_editing_makes_a_draft_again() -> None:
    one = decided(stage())
    advisory = approved(one)
    services.edit_advisory(
        advisory=advisory, revision=advisory.revision, by=seen_by(one.writer), at=LATER,
        impact={"ja": "停止します。", "en": "It stops."},
    )  # fmt: skip
    assert (advisory.state, advisory.content_hash) == ("draft", "")
    with pytest.raises(Conflict, match="Only what was approved"):
        publish_advisory(advisory=advisory, by=seen_by(one.approver), at=LATER)


def test_a_stale_edit_is_refused() -> None:
    one = stage()
    advisory = drafted(one)
    seen = advisory.revision
    again = queries.advisory_by_number(seen_by(one.writer), advisory.number)
    services.edit_advisory(
        advisory=again, revision=seen, by=seen_by(one.writer), at=NOW, impact={"ja": "一"}
    )
    with pytest.raises(Stale):
        services.edit_advisory(
            advisory=advisory, revision=seen, by=seen_by(one.writer), at=NOW, impact={"ja": "二"}
        )


def test_an_affected_release_without_advice_stops_the_proposal() -> None:
    one = decided(stage())
    assess(
        vulnerability=CVE, statement=Statement(ProductStatus.KNOWN_AFFECTED),
        releases=[one.affected], case=one.case, by=seen_by(one.writer), at=NOW,
    )  # fmt: skip
    advisory = drafted(one)
    with pytest.raises(Conflict, match=r"KZ-Gate 300 4\.2\.1 is affected by CVE-2026-10001"):
        services.propose_advisory(advisory=advisory, by=seen_by(one.writer), at=NOW)


def test_checks_name_what_a_reader_would_miss() -> None:
    one = stage()
    advisory = services.draft_advisory(case=one.case, by=seen_by(one.writer), at=NOW)
    found = problems_of(queries.draft_of(advisory))
    assert [str(p.sentence) for p in found] == [
        "Nothing goes out in “en”: title or summary is missing.",
        "KZ-Gate 300 4.2.2 is still under investigation for CVE-2026-10001.",
        "KZ-Gate 300 4.2.1 is still under investigation for CVE-2026-10001.",
        "KZ-Panel 10 1.0 is still under investigation for CVE-2026-10001.",
        "CVE-2026-10001 has no CVSS vector.",
    ]


def test_a_text_in_one_language_alone_is_named_by_the_check_and_at_its_field() -> None:
    one = stage()
    advisory = drafted(one)
    services.edit_advisory(
        advisory=advisory, revision=advisory.revision, by=seen_by(one.writer), at=NOW,
        impact={"ja": "停止します。"},
    )  # fmt: skip
    said = [str(p.sentence) for p in problems_of(queries.draft_of(advisory))]
    assert "“Impact” has no text in “en”." in said
    form = AdvisoryForm(advisory=advisory, languages=["ja", "en"])
    hints = {name: str(field.help_text) for name, field in form.fields.items() if "_" in name}
    assert [name for name, hint in hints.items() if hint] == ["impact_en"]


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "https://", "ftp://x", "https://a b"])
def test_a_reference_is_a_web_address(url: str) -> None:
    one = stage()
    advisory = drafted(one)
    with pytest.raises(InputRefused, match="is not a web address"):
        services.edit_advisory(
            advisory=advisory, revision=advisory.revision, by=seen_by(one.writer), at=NOW,
            references=[{"url": url}],
        )  # fmt: skip


def test_an_update_is_a_revision_and_the_first_stays_as_it_was() -> None:
    one = decided(stage())
    advisory, by = approved(one), seen_by(one.approver)
    publish_advisory(advisory=advisory, by=by, at=NOW)
    first = {d.pk: bytes(d.content) for d in PublishedDocument.objects.all()}
    services.edit_advisory(
        advisory=advisory, revision=advisory.revision, by=seen_by(one.writer), at=LATER,
        workaround={"ja": "4840 番を閉じる。", "en": "Close port 4840."},
    )  # fmt: skip
    with pytest.raises(Conflict, match="Say in words"):
        services.propose_advisory(advisory=advisory, by=seen_by(one.writer), at=LATER)
    services.edit_advisory(
        advisory=advisory, revision=advisory.revision, by=seen_by(one.writer), at=LATER,
        change_note={"ja": "回避策を追加。", "en": "A workaround was added."},
    )  # fmt: skip
    digest = services.propose_advisory(advisory=advisory, by=seen_by(one.writer), at=LATER)
    services.approve_advisory(advisory=advisory, by=by, at=LATER, content_hash=digest)
    revision = publish_advisory(advisory=advisory, by=by, at=LATER)
    assert (revision.edition, revision.kind, revision.first_at) == (2, "update", NOW)
    assert {pk: bytes(PublishedDocument.objects.get(pk=pk).content) for pk in first} == first
    assert queries.published().get() == revision
    history = json.loads(queries.document_of(revision, DocumentKind.CSAF, "en").content)
    summaries = [r["summary"] for r in history["document"]["tracking"]["revision_history"]]
    assert summaries == ["Published.", "A workaround was added."]
    older = queries.revision_by_number(advisory.number, company=None, edition=1)
    assert older.is_current is False
    assert all(problems(bytes(d.content)) == [] for d in
               PublishedDocument.objects.filter(kind="csaf"))  # fmt: skip


def test_a_withdrawal_is_a_revision_with_its_reason() -> None:
    one = decided(stage())
    advisory, by = approved(one), seen_by(one.approver)
    with pytest.raises(Conflict, match="Only what is public"):
        withdraw_advisory(advisory=advisory, by=by, at=NOW, reason={"ja": "x", "en": "x"})
    publish_advisory(advisory=advisory, by=by, at=NOW)
    with pytest.raises(InputRefused, match="in every language"):
        withdraw_advisory(advisory=advisory, by=by, at=LATER, reason={"ja": "誤報でした。"})
    revision = withdraw_advisory(
        advisory=advisory, by=by, at=LATER, reason={"ja": "誤報でした。", "en": "It was wrong."}
    )
    assert (advisory.state, revision.kind, revision.names) == ("withdrawn", "withdrawal", [CVE])
    document = bytes(queries.document_of(revision, DocumentKind.CSAF, "en").content)
    assert problems(document) == []
    assert "It was wrong." in document.decode()
    assert "vulnerabilities" not in json.loads(document)
    with pytest.raises(Conflict):
        withdraw_advisory(advisory=advisory, by=by, at=LATER, reason={"ja": "x", "en": "x"})


def test_the_embargo_ends_with_the_wall() -> None:
    one = decided(stage())
    owner = seen_by(one.writer)
    take_embargo_step(
        case=one.case, act=EmbargoAct.PROPOSE, by=owner, at=NOW, lifts_at=NOW + timedelta(days=9)
    )
    take_embargo_step(case=one.case, act=EmbargoAct.ACCEPT, by=owner, at=NOW)
    publish_advisory(advisory=approved(one), by=seen_by(one.approver), at=LATER)
    one.case.refresh_from_db()
    assert one.case.embargo == "exited"


def test_the_wall_stays_while_another_advisory_of_the_case_is_unpublished() -> None:
    one = decided(stage())
    first, second = approved(one), drafted(one)
    publish_advisory(advisory=first, by=seen_by(one.approver), at=NOW)
    assert one.case.wall is not None
    one.case.wall.refresh_from_db()
    assert one.case.wall.ended_at is None
    digest = services.propose_advisory(advisory=second, by=seen_by(one.writer), at=NOW)
    services.approve_advisory(
        advisory=second, by=seen_by(one.approver), at=NOW, content_hash=digest
    )
    publish_advisory(advisory=second, by=seen_by(one.approver), at=NOW)
    one.case.wall.refresh_from_db()
    assert one.case.wall.ended_at == NOW


def test_the_wall_stays_while_no_published_advisory_speaks_of_a_vulnerability_of_the_case() -> None:
    one = decided(stage())
    advisory, by = drafted(one), seen_by(one.writer)
    secret = add_vulnerability(
        case=one.case, name="CVE-2026-10002", by=by, at=NOW, releases=[one.affected]
    )
    describe_vulnerability(
        vulnerability=secret, by=by, at=NOW, title={},
        vectors=["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"],
    )  # fmt: skip
    revision = _published(one, advisory)
    # The case is critical for what is still a secret; what is said is about the other one.
    assert revision.band == "high"
    document = json.loads(queries.document_of(revision, DocumentKind.CSAF, "en").content)
    assert document["document"]["aggregate_severity"] == {"text": "High"}
    assert one.case.wall is not None
    one.case.wall.refresh_from_db()
    assert one.case.wall.ended_at is None
    # Taken up by the next text, it is not public yet either.
    both = vulnerabilities_of(one.case)
    services.choose_vulnerabilities(advisory=advisory, chosen=both, by=by, at=LATER)
    assert queries.published_about([secret.name]) == []
    assert queries.published_about([CVE]) == [revision]
    advisory = services.edit_advisory(
        advisory=advisory, revision=advisory.revision, by=by, at=LATER,
        change_note={"ja": "脆弱性を追加。", "en": "One more vulnerability."},
    )  # fmt: skip
    assess(vulnerability=secret.name, statement=AFFECTED, case=one.case, by=by, at=LATER,
           releases=[one.affected])  # fmt: skip
    revision = _published(one, advisory, LATER)
    assert queries.published_about([secret.name]) == [revision]
    one.case.wall.refresh_from_db()
    assert one.case.wall.ended_at == LATER


def _published(one: Stage, advisory: Advisory, at: datetime = NOW) -> AdvisoryRevision:
    digest = services.propose_advisory(advisory=advisory, by=seen_by(one.writer), at=at)
    by = seen_by(one.approver)
    services.approve_advisory(advisory=advisory, by=by, at=at, content_hash=digest)
    return publish_advisory(advisory=advisory, by=by, at=at)


def test_an_own_name_and_a_later_id_lead_to_what_was_published() -> None:
    one = stage(vulnerabilities=["GHSA-35jh-r3h4-6jhm"])
    [subject] = vulnerabilities_of(one.case)
    by = seen_by(one.writer)
    assess(vulnerability=subject.name, statement=AFFECTED, case=one.case, by=by, at=NOW,
           releases=[one.affected])  # fmt: skip
    describe_vulnerability(vulnerability=subject, by=by, at=NOW, title={}, cve="CVE-2026-10003")
    revision = _published(one, drafted(one))
    assert revision.names == ["CVE-2026-10003"]
    for name in (subject.name, "CVE-2026-10003"):
        assert queries.published_about([name]) == [revision]
    assert queries.published_about(["CVE-2026-10004"]) == []


def test_what_is_published_is_read_once_and_is_what_was_approved() -> None:
    one = decided(stage())
    advisory = approved(one)
    with CaptureQueriesContext(connection) as captured:
        publish_advisory(advisory=advisory, by=seen_by(one.approver), at=NOW)
    reads = [
        query["sql"] for query in captured.captured_queries
        if query["sql"].startswith("SELECT") and 'FROM "triage_assessment"' in query["sql"]
    ]  # fmt: skip
    assert len(reads) == 1


def test_a_document_in_no_language_of_the_reader_is_the_one_written_first() -> None:
    one = decided(stage())
    publish_advisory(advisory=approved(one), by=seen_by(one.approver), at=NOW)
    revision = queries.published().get()
    assert queries.document_of(revision, DocumentKind.HTML, "fr").language == "ja"


def test_a_withdrawal_leaves_no_update_waiting_and_nothing_revives_it() -> None:
    one = decided(stage())
    advisory, by = approved(one), seen_by(one.approver)
    publish_advisory(advisory=advisory, by=by, at=NOW)
    services.edit_advisory(
        advisory=advisory, revision=advisory.revision, by=seen_by(one.writer), at=LATER,
        change_note={"ja": "追記。", "en": "More."},
    )  # fmt: skip
    services.propose_advisory(advisory=advisory, by=seen_by(one.writer), at=LATER)
    assert approvals.waiting_approval(advisory, services.PUBLISH) is not None
    withdraw_advisory(advisory=advisory, by=by, at=LATER, reason={"ja": "誤報。", "en": "Wrong."})
    assert approvals.waiting_approval(advisory, services.PUBLISH) is None
    with pytest.raises(Conflict, match="not changed any more"):
        services.choose_vulnerabilities(
            advisory=advisory, chosen=vulnerabilities_of(one.case), by=by, at=LATER
        )
    advisory.refresh_from_db()
    assert advisory.state == "withdrawn"


def test_an_unreviewed_text_comes_back_with_a_reason() -> None:
    one = decided(stage())
    advisory = drafted(one)
    services.propose_advisory(advisory=advisory, by=seen_by(one.writer), at=NOW)
    with pytest.raises(InputRefused, match="Say what"):
        services.return_advisory(advisory=advisory, by=seen_by(one.approver), at=NOW, reason=" ")
    services.return_advisory(advisory=advisory, by=seen_by(one.approver), at=NOW, reason="回避策を")
    assert advisory.state == "draft"


def test_who_is_outside_the_wall_can_do_nothing() -> None:
    one = decided(stage())
    advisory = drafted(one)
    outsider = seen_by(one.firm.admin)
    acts = (
        lambda: services.draft_advisory(case=one.case, by=outsider, at=NOW),
        lambda: services.edit_advisory(advisory=advisory, revision=1, by=outsider, at=NOW, **TEXTS),
        lambda: services.propose_advisory(advisory=advisory, by=outsider, at=NOW),
        lambda: services.approve_advisory(advisory=advisory, by=outsider, at=NOW, content_hash=""),
        lambda: services.return_advisory(advisory=advisory, by=outsider, at=NOW, reason="x"),
        lambda: publish_advisory(advisory=advisory, by=outsider, at=NOW),
        lambda: withdraw_advisory(advisory=advisory, by=outsider, at=NOW, reason={}),
        lambda: queries.advisory_by_number(outsider, advisory.number),
    )
    for act in acts:
        with pytest.raises(NotFound):
            act()
    assert Advisory.objects.get().state == "draft"


def test_a_reader_inside_publishes_nothing() -> None:
    from hikeshi.triage.models import CaseRole

    reader_mail = "r@kazahaya.example"
    one = decided(stage())
    reader = person(reader_mail, one.firm.company, Role.READER)
    from hikeshi.triage.participants import admit_participant

    admit_participant(
        case=one.case, account=reader, role=CaseRole.LEGAL, by=seen_by(one.writer), at=NOW
    )
    advisory = approved(one)
    with pytest.raises(NotAllowed):
        publish_advisory(advisory=advisory, by=seen_by(reader), at=NOW)
