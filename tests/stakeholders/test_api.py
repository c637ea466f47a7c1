"""Contacts and rounds over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.tokens import issue_token
from hikeshi.stakeholders.models import Round
from tests.builders import firm

pytestmark = pytest.mark.django_db


def bearer(account: Account, *scopes: Permission) -> dict[str, str]:
    now = timezone.now()
    _token, text = issue_token(
        account=account,
        name="CI",
        scopes=scopes or tuple(Permission),
        at=now,
        expires_at=now + timedelta(days=1),
    )
    return {"Authorization": f"Bearer {text}"}


def add(client: Client, headers: dict[str, str], company: object, name: str) -> Any:
    return client.post(
        "/api/v1/contacts",
        {
            "company": str(company),
            "kind": "supplier",
            "name": name,
            "channels": [{"kind": "mail", "address": "a@a.example"}],
        },
        content_type="application/json",
        headers=headers,
    )


def test_a_round_is_written_sent_and_read_in_two_calls(client: Client) -> None:
    kazahaya = firm()
    headers = bearer(kazahaya.admin)
    uids = [add(client, headers, kazahaya.company.uid, n).json()["uid"] for n in ("A", "B")]
    written = client.post(
        "/api/v1/rounds",
        {
            "company": str(kazahaya.company.uid),
            "title": "t",
            "letter": "l",
            "due_at": (timezone.now() + timedelta(days=7)).isoformat(),
            "questions": [{"text": "Affected?", "kind": "choice", "choices": ["yes", "no"]}],
            "contacts": uids,
            "send": True,
        },
        content_type="application/json",
        headers=headers,
    )
    assert written.status_code == 201
    read = client.get(f"/api/v1/rounds/{written.json()['number']}", headers=headers).json()
    assert (read["asked"], read["answered"]) == (2, 0)
    assert [party["silent_days"] for party in read["parties"]] == [0, 0]


def test_a_round_with_an_unknown_party_leaves_nothing_behind(client: Client) -> None:
    kazahaya, other = firm(), firm("other", "OT")
    foreign = add(client, bearer(other.admin), other.company.uid, "theirs").json()["uid"]
    refused = client.post(
        "/api/v1/rounds",
        {
            "company": str(kazahaya.company.uid),
            "title": "t",
            "letter": "l",
            "due_at": (timezone.now() + timedelta(days=7)).isoformat(),
            "questions": [{"text": "Affected?"}],
            "contacts": [foreign],
        },
        content_type="application/json",
        headers=bearer(kazahaya.admin),
    )
    assert refused.status_code == 404
    assert not Round.objects.exists()


def test_a_token_without_the_right_adds_no_contact(client: Client) -> None:
    kazahaya = firm()
    headers = bearer(kazahaya.admin, Permission.VIEW)
    assert add(client, headers, kazahaya.company.uid, "A").status_code == 403
