"""The hash chain: whole when nobody meddled, and the first meddled event is named."""

from __future__ import annotations

import orjson
import pytest

from hikeshi.core.errors import Conflict
from hikeshi.ledger import chain
from hikeshi.ledger.erasing import erase_payloads, hold_payloads
from hikeshi.ledger.models import Event, EventPayload, SealBatch
from hikeshi.organisation import keys, services
from hikeshi.organisation.sealed import seal
from hikeshi.project.cli import run
from tests.builders import NOW, Firm, firm

pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> Firm:
    """A firm whose events lie in several batches."""
    monkeypatch.setattr(chain, "BATCH", 3)
    kazahaya = firm()
    services.raise_wall(company=kazahaya.company, members=[kazahaya.admin], at=NOW, by=None)
    while chain.seal_next(NOW):
        pass
    return kazahaya


def test_an_untouched_log_is_whole(sealed: Firm, capsys: pytest.CaptureFixture[str]) -> None:
    verdict = chain.verify()
    assert verdict.broken is None
    assert verdict.events == Event.objects.count()
    assert verdict.batches > 1
    assert verdict.unsealed == 0
    assert run(["audit", "verify", "--expect", verdict.head]) == 0
    assert "whole" in capsys.readouterr().out


def test_a_head_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "verify", "--expect", "newest"]) == 3
    assert "“newest” is no head" in capsys.readouterr().err


def test_a_changed_event_is_named(sealed: Firm, capsys: pytest.CaptureFixture[str]) -> None:
    event = Event.objects.order_by("pk")[3]
    Event.objects.filter(pk=event.pk).update(name="unit.closed")
    assert run(["audit", "verify", "--format", "json"]) == 1
    broken = orjson.loads(capsys.readouterr().out)["broken"]
    assert (broken["batch"], broken["event"]) == (2, str(event.uid))


def test_a_removed_event_breaks_the_one_after_it(sealed: Firm) -> None:
    first, second = Event.objects.order_by("pk")[:2]
    EventPayload.objects.filter(event=first).delete()
    first.delete()
    broken = chain.verify().broken
    assert broken is not None
    assert broken.event == str(second.uid)


def test_an_inserted_event_is_named(sealed: Firm) -> None:
    event = Event.objects.order_by("pk")[0]
    forged = Event.objects.create(
        name="unit.closed", at=NOW, company=event.company, subject_kind="organisation.unit",
        payload_hash=chain.EMPTY, batch=event.batch, link=bytes(32),
    )  # fmt: skip
    broken = chain.verify().broken
    assert broken is not None
    assert broken.event == str(forged.uid)


def test_a_removed_batch_and_a_cut_end_are_noticed(sealed: Firm) -> None:
    head = chain.verify().head
    last = SealBatch.objects.order_by("-number")[0]
    EventPayload.objects.filter(event__batch=last).delete()
    Event.objects.filter(batch=last).delete()
    last.delete()
    assert chain.verify().broken is None
    broken = chain.verify(expect=head).broken
    assert broken is not None
    assert broken.why == "the expected batch is not there"


def test_a_changed_payload_is_named(sealed: Firm) -> None:
    payload = EventPayload.objects.order_by("pk")[0]
    payload.content = seal({"before": None, "after": {"slug": "forged"}}, None)
    payload.save()
    broken = chain.verify().broken
    assert broken is not None
    assert (broken.event, broken.why) == (str(payload.event.uid), "its before and after changed")


def test_an_erased_payload_is_in_order_only_when_somebody_said_so(sealed: Firm) -> None:
    subject = sealed.network.uid
    assert erase_payloads(subject_uid=subject, by=sealed.admin, at=NOW) == 1
    assert chain.verify().broken is None
    assert EventPayload.objects.get(event__subject_uid=subject).content is None
    EventPayload.objects.filter(event__subject_uid=sealed.control.uid).update(
        content=None, erased_at=NOW
    )
    broken = chain.verify().broken
    assert broken is not None
    assert broken.why == "its before and after were erased, and nobody said so"


def test_a_legal_hold_stops_erasing(sealed: Firm) -> None:
    subject = sealed.network.uid
    assert hold_payloads(subject_uid=subject, held=True, by=sealed.admin, at=NOW) == 1
    with pytest.raises(Conflict):
        erase_payloads(subject_uid=subject, by=sealed.admin, at=NOW)
    assert hold_payloads(subject_uid=subject, held=False, by=sealed.admin, at=NOW) == 1
    assert erase_payloads(subject_uid=subject, by=sealed.admin, at=NOW) == 1


def test_a_shredded_wall_leaves_the_chain_whole(sealed: Firm) -> None:
    wall = services.raise_wall(company=sealed.company, members=[sealed.admin], at=NOW, by=None)
    services.admit(wall=wall, unit=sealed.network, at=NOW, by=sealed.admin, reason="secret")
    while chain.seal_next(NOW):
        pass
    assert chain.verify().broken is None
    keys.shred_wall_key(wall=wall, at=NOW)
    assert chain.verify().broken is None
