"""Who is let in to a view at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory

from hikeshi.core.errors import NotAllowed
from hikeshi.organisation.access import LOGIN, Request, account_of, logged_in, needs, public
from hikeshi.organisation.models import Account
from hikeshi.organisation.queries import viewer_of
from hikeshi.organisation.roles import Permission, Role
from hikeshi.organisation.viewer import anonymous
from tests.builders import NOW, firm, person

pytestmark = pytest.mark.django_db


@needs(Permission.PEOPLE_MANAGE)
def managing(request: Request) -> HttpResponse:
    return HttpResponse(account_of(request).email)


@logged_in
def oneself(request: Request) -> HttpResponse:
    return HttpResponse(account_of(request).email)


@public
def anybody(request: Request) -> HttpResponse:
    return HttpResponse("welcome")


def asked_by(account: Account | None, *, at=NOW, htmx: bool = False) -> Request:
    request = RequestFactory().get("/settings/people/?kind=guest")
    request.user = account or AnonymousUser()  # type: ignore[assignment]
    request.viewer = viewer_of(account, at) if account else anonymous(at)  # type: ignore[attr-defined]
    request.htmx = htmx  # type: ignore[attr-defined]
    return request  # type: ignore[return-value]


def test_a_view_says_what_it_needs() -> None:
    assert managing.permission is Permission.PEOPLE_MANAGE
    assert oneself.permission == LOGIN
    assert anybody.permission is None


def test_nobody_is_sent_to_the_login_and_back_afterwards() -> None:
    answer = managing(asked_by(None))
    assert answer.status_code == 302
    assert answer["Location"].endswith("?next=/settings/people/%3Fkind%3Dguest")
    assert oneself(asked_by(None)).status_code == 302
    assert anybody(asked_by(None)).content == b"welcome"


def test_a_part_asked_for_by_script_is_answered_with_a_move_of_the_whole_page() -> None:
    answer = oneself(asked_by(None, htmx=True))
    assert "HX-Redirect" in answer.headers


def test_a_right_must_be_held_somewhere() -> None:
    kazahaya = firm()
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER)
    lead = person("l@kazahaya.example", kazahaya.company, Role.LEAD, unit=kazahaya.network)
    with pytest.raises(NotAllowed, match="appoint people"):
        managing(asked_by(reader))
    assert managing(asked_by(lead)).content == b"l@kazahaya.example"
    assert oneself(asked_by(reader)).status_code == 200


@pytest.mark.requirement("R178")
def test_an_ended_account_is_told_so_and_let_in_nowhere() -> None:
    kazahaya = firm()
    guest = person("g@lab.example", kazahaya.company, Role.GUEST, until=NOW + timedelta(days=30))
    guest.expires_at = NOW + timedelta(days=1)
    assert oneself(asked_by(guest)).status_code == 200
    with pytest.raises(NotAllowed, match="This account has ended"):
        oneself(asked_by(guest, at=NOW + timedelta(days=1)))
