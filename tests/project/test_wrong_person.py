"""Walk every address there is as the wrong person: anonymous, an outsider, an ended guest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.utils import timezone

from hikeshi.organisation.access import LOGIN
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Permission, Role
from hikeshi.organisation.services import create_account
from hikeshi.project.api_reference import description
from tests.builders import NOW, firm, person

pytestmark = pytest.mark.django_db
FILLERS = {"uuid": str(UUID(int=1)), "int": "1", "str": "x", "slug": "x", "path": "x"}


def patterns(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (address, view) of every page; the API has its own list of operations."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            if entry.namespace != "api":
                yield from patterns(entry, route)
        elif isinstance(entry, URLPattern):
            yield filled(route), entry.callback


def filled(route: str) -> str:
    """Put something into the places of a route."""
    # A group of words stands for its first word, any other group takes an x.
    route = re.sub(r"\(\?P<\w+>(?:(\w+)\|[\w|]*|[^)]*)\)", lambda m: m[1] or "x", route)
    route = route.replace("^", "").replace("$", "")
    route = re.sub(r"<(?:(\w+):)?\w+>", lambda m: FILLERS.get(m[1] or "str", "x"), route)
    return "/" + route.replace("\\", "")


PAGES = sorted(dict(patterns()).items())
GUARDED = [(address, view) for address, view in PAGES if getattr(view, "permission", None)]
OPERATIONS = [
    (filled(re.sub(r"{\w+}", FILLERS["uuid"], path)).lstrip("/"), method)
    for path, methods in description()["paths"].items()
    for method in methods
]


@pytest.fixture
def outsider() -> Account:
    return create_account(email="nobody@elsewhere.example", name="Nobody", at=NOW)


@pytest.fixture
def ended_guest() -> Account:
    guest = person(
        "lab@lab.example", firm().company, Role.GUEST, until=timezone.now() + timedelta(days=9)
    )
    guest.expires_at = timezone.now() - timedelta(seconds=1)
    guest.save(update_fields=["expires_at"])
    return guest


@pytest.mark.parametrize(("address", "view"), PAGES, ids=[address for address, _view in PAGES])
def test_every_page_says_who_may_come(address: str, view: Any) -> None:
    assert resolve(address).func is view
    assert hasattr(view, "permission"), f"{address}: add @needs, @logged_in or @public"
    assert view.permission in {None, LOGIN, *Permission}


def answers(client: Client, address: str) -> list[HttpResponse]:
    """Ask by GET and by POST; a method that the page does not take is no answer."""
    found = [client.get(address), client.post(address)]
    return [answer for answer in found if answer.status_code != 405]


def test_nobody_is_sent_to_the_login_from_every_guarded_page(client: Client) -> None:
    for address, _view in GUARDED:
        asked = answers(client, address)
        assert {answer.status_code for answer in asked} == {302}, address
        assert all(answer["Location"].startswith("/account/login/") for answer in asked), address


def test_an_outsider_is_refused_at_every_page_that_needs_a_right(
    client: Client, outsider: Account
) -> None:
    client.force_login(outsider)
    for address, view in GUARDED:
        if view.permission != LOGIN:
            assert {answer.status_code for answer in answers(client, address)} == {403}, address


@pytest.mark.requirement("R178")
def test_an_ended_guest_is_refused_at_every_guarded_page(
    client: Client, ended_guest: Account
) -> None:
    client.force_login(ended_guest)
    for address, _view in GUARDED:
        assert {answer.status_code for answer in answers(client, address)} == {403}, address


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_the_api_knows_nobody_and_shows_an_outsider_nothing(
    client: Client, outsider: Account, path: str, method: str
) -> None:
    kazahaya = firm()
    call = getattr(client, method)
    assert call(f"/{path}", content_type="application/json").status_code == 401
    client.force_login(outsider)
    answer = call(f"/{path}", content_type="application/json")
    assert answer.status_code in {200, 403, 404, 422}
    assert str(kazahaya.company.uid) not in answer.content.decode()
    assert "Kazahaya" not in answer.content.decode()
