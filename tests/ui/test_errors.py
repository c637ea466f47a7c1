"""Errors speak the reader's language and tell no more than they should."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import translation

from hikeshi.core.errors import Conflict, NotAllowed, NotFound, Stale, TooLarge, gettext_noop
from hikeshi.ui.errors import explain, status_of
from tests.builders import firm


@pytest.mark.pure
def test_each_error_has_its_status() -> None:
    found = [status_of(kind("x")) for kind in (NotFound, NotAllowed, Conflict, Stale, TooLarge)]
    assert found == [404, 403, 409, 409, 413]


@pytest.mark.pure
def test_an_error_is_said_with_its_facts() -> None:
    error = NotFound(gettext_noop("There is no company %(uid)s."), uid="x")
    with translation.override("en"):
        assert explain(error) == "There is no company x."


@pytest.mark.django_db
def test_an_unknown_address_gets_the_plain_404(client: Client) -> None:
    answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    assert "Traceback" not in answer.content.decode()


@pytest.mark.django_db
def test_a_language_is_kept_in_a_cookie_for_visitors(client: Client) -> None:
    answer = client.post("/language/", {"language": "ja", "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/"
    assert client.get("/no/such/page/").wsgi_request.LANGUAGE_CODE == "ja"


@pytest.mark.django_db
def test_language_and_looks_are_kept_in_the_account(client: Client) -> None:
    admin = firm().admin
    client.force_login(admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    for address, form in (("/language/", {"language": "en"}), ("/appearance/", {"theme": "dark"})):
        assert client.post(address, {**form, "next": "/keys/"})["Location"] == "/keys/"
    admin.refresh_from_db()
    assert (admin.language, admin.theme) == ("en", "dark")


@pytest.mark.django_db
def test_looks_of_a_visitor_are_kept_in_a_cookie_and_odd_ones_nowhere(client: Client) -> None:
    client.post("/appearance/", {"theme": "light", "density": "<b>"})
    assert client.cookies["hikeshi_theme"].value == "light"
    assert "hikeshi_density" not in client.cookies


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/language/", "/appearance/"])
@pytest.mark.parametrize(
    "target",
    ["", "word", "a.b", "//else.example/", "/\\else.example", "javascript:x", "\x00", "日本"],
)  # fmt: skip
def test_an_odd_place_to_go_back_to_leads_home(client: Client, address: str, target: str) -> None:
    answer = client.post(address, {"next": target, "language": "ja", "theme": "dark"})
    assert (answer.status_code, answer["Location"]) == (302, "/")


@pytest.mark.django_db
def test_a_line_break_or_a_nul_in_the_place_to_go_back_to_breaks_nothing(client: Client) -> None:
    answer = client.post(
        "/appearance/", {"next": "/keys/?\x00\r\nSet-Cookie: a=b", "theme": "dark"}
    )
    assert answer.status_code in {302, 400}
    assert "a" not in client.cookies
