"""Forms that no page of ours sends: an answer, and no failure of the server."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from hikeshi.stakeholders.models import AnswerKind
from hikeshi.stakeholders.rounds import Ask, draft_round
from hikeshi.ui.once import FIELD, new_key
from tests.builders import NOW, firm
from tests.triage.cases import offering

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# What stands where a uid should.
NO_UIDS = ["", "1", "x" * 10_000, "9" * 400, "-1", "{}", "00000000-0000-0000-0000-000000000001"]


@pytest.mark.parametrize("name", ["contact", "unit"])
def test_a_party_that_is_none_is_left_out_of_a_round(name: str, client: Client) -> None:
    kazahaya = firm()
    asked = draft_round(
        company=kazahaya.company, title="Do you ship it?", letter="Please say.", by=kazahaya.admin,
        at=NOW, due_at=NOW + timedelta(days=9), questions=[Ask("Do you?", AnswerKind.TEXT)],
    )  # fmt: skip
    client.force_login(kazahaya.admin, backend=BACKEND)
    address = f"/directory/rounds/{asked.number}/parties/"
    answer = client.post(address, {name: NO_UIDS, FIELD: new_key()})
    assert answer.status_code == 302
    assert asked.parties.count() == 0


@pytest.mark.parametrize(
    "place", ["app/", "codes/new/", "passkeys/add/", "passkeys/1/", "passkeys/1/remove/"]
)
def test_a_key_beside_a_sign_in_form_of_the_library_breaks_nothing(
    place: str, client: Client
) -> None:
    client.force_login(firm().admin, backend=BACKEND)
    client.raise_request_exception = False
    answer = client.post(f"/account/sign-in/{place}", {FIELD: new_key()})
    assert answer.status_code == 302
    assert "/account/" in answer["Location"], "prove first who you are"


@pytest.mark.parametrize("uid", NO_UIDS[1:])
def test_a_unit_that_is_none_is_chosen_by_nobody(uid: str, client: Client) -> None:
    client.force_login(firm().admin, backend=BACKEND)
    client.raise_request_exception = False
    assert client.post("/settings/unit/", {"unit": uid, FIELD: new_key()}).status_code == 404


@pytest.mark.parametrize("count", ["2000000000", "9" * 400, "x", ""])
def test_a_chain_of_too_many_rows_is_refused(count: str, client: Client) -> None:
    kazahaya = firm()
    made = offering(kazahaya)
    client.force_login(kazahaya.admin, backend=BACKEND)
    client.raise_request_exception = False
    said = {"form-TOTAL_FORMS": count, "form-INITIAL_FORMS": "0", FIELD: new_key()}
    answer = client.post(f"/products/{made.number}/chain/", said)
    assert answer.status_code == 422
    assert b'name="form-40-role"' not in answer.content
