"""A form sent twice acts once, and its second sending gets the first answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from hikeshi.organisation.models import Account
from hikeshi.ui.models import Sent
from hikeshi.ui.once import KEPT_FOR, forget_old, new_key
from tests.builders import firm

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.ui.urls_for_once")]


def made() -> int:
    return Account.objects.filter(email__endswith="@x.example").count()


def test_a_double_click_acts_once_and_gets_the_first_answer(client: Client) -> None:
    form = {"name": "one", "form_key": new_key()}
    first = client.post("/make/", form)
    second = client.post("/make/", form)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    assert made() == 1
    assert [str(message) for message in get_messages(second.wsgi_request)] == ["Made one."]


def test_two_forms_act_twice(client: Client) -> None:
    for _ in range(2):
        client.post("/make/", {"name": "one", "form_key": new_key()})
    assert made() == 2


def test_a_part_sent_twice_comes_back_the_same(client: Client) -> None:
    form = {"name": "part", "form_key": new_key()}
    assert client.post("/make/", form).content == client.post("/make/", form).content
    assert made() == 1


@pytest.mark.parametrize(("name", "status"), [("refused", 422), ("again", 422), ("missing", 404)])
def test_a_refused_form_changes_nothing_and_may_be_sent_again(
    client: Client, name: str, status: int
) -> None:
    form = {"name": name, "form_key": new_key()}
    for _ in range(2):
        assert client.post("/make/", form).status_code == status
    assert (made(), Sent.objects.count()) == (0, 0)


def test_a_bug_leaves_neither_the_change_nor_the_key(client: Client) -> None:
    client.raise_request_exception = False
    assert client.post("/make/", {"name": "broken", "form_key": new_key()}).status_code == 500
    assert (made(), Sent.objects.count()) == (0, 0)


def test_the_key_of_one_person_is_nothing_to_another(client: Client) -> None:
    form = {"name": "one", "form_key": new_key()}
    client.post("/make/", form)
    client.force_login(firm().admin)
    client.post("/make/", form)
    assert made() == 2


def test_a_program_names_its_key_in_a_header(client: Client) -> None:
    for _ in range(2):
        client.post("/make/", {"name": "one"}, headers={"Idempotency-Key": "order-1"})
    assert made() == 1


def test_what_is_stored_tells_neither_key_nor_answer(client: Client) -> None:
    key = new_key()
    answer = client.post("/make/", {"name": "secret", "form_key": key})
    row = Sent.objects.get()
    stored = row.digest.encode() + bytes(row.answer)
    assert key.encode() not in stored
    assert answer["Location"].encode() not in stored


def test_old_keys_are_forgotten(client: Client) -> None:
    client.post("/make/", {"name": "one", "form_key": new_key()})
    now = timezone.now()
    assert forget_old(now) == 0
    assert forget_old(now + KEPT_FOR + timedelta(seconds=1)) == 1
