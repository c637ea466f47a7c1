"""The root of the API: who calls, how it refuses, how lists page, how it describes itself."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone, translation

from hikeshi.organisation import services
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.tokens import issue_token, revoke_token
from hikeshi.project import api as root
from hikeshi.project.api_reference import description
from tests.builders import NOW, firm

pytestmark = pytest.mark.django_db
SNAPSHOT = Path(__file__).parents[2] / "docs" / "reference" / "openapi.json"


@pytest.fixture(autouse=True)
def fresh_counts_and_language() -> Iterator[None]:
    caches["memory"].clear()
    yield
    translation.deactivate()


def bearer(account: Account, *scopes: Permission) -> dict[str, Any]:
    now = timezone.now()
    _token, text = issue_token(
        account=account,
        name="CI",
        scopes=scopes or tuple(Permission),
        at=now,
        expires_at=now + timedelta(days=1),
    )
    return {"headers": {"Authorization": f"Bearer {text}"}}


def with_language(call: dict[str, Any], language: str) -> dict[str, Any]:
    return {"headers": {**call["headers"], "Accept-Language": language}}


def test_nobody_gets_a_problem_that_says_how_to_log_in(client: Client) -> None:
    answer = client.get("/api/v1/companies", headers={"Accept-Language": "en"})
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == 'Bearer realm="hikeshi"'
    assert answer.json() == {
        "type": "/api/v1/docs#unauthorized",
        "title": "Nobody is logged in",
        "status": 401,
        "detail": "Send a valid API token, or log in.",
        "instance": "/api/v1/companies",
        "code": "unauthorized",
        "errors": [],
    }


def test_a_token_sees_what_its_account_sees(client: Client) -> None:
    kazahaya, _other = firm(), firm("other", "OT")
    answer = client.get("/api/v1/companies", **bearer(kazahaya.admin))
    assert answer.status_code == 200
    assert [row["slug"] for row in answer.json()["rows"]] == ["kazahaya"]


def test_an_ended_revoked_or_foreign_token_is_nobody(client: Client) -> None:
    kazahaya = firm()
    now = timezone.now()
    token, text = issue_token(
        account=kazahaya.admin,
        name="CI",
        scopes=[Permission.VIEW],
        at=now,
        expires_at=now + timedelta(days=1),
    )
    call = {"headers": {"Authorization": f"Bearer {text}"}}
    assert client.get("/api/v1/companies", **call).status_code == 200
    revoke_token(token=token, by=kazahaya.admin, at=now)
    assert client.get("/api/v1/companies", **call).status_code == 401
    client.force_login(kazahaya.admin)
    assert client.get("/api/v1/companies", **call).status_code == 401


def test_a_disabled_accounts_token_is_nobody(client: Client) -> None:
    kazahaya = firm()
    call = bearer(kazahaya.admin)
    Account.objects.filter(pk=kazahaya.admin.pk).update(is_active=False)
    assert client.get("/api/v1/companies", **call).status_code == 401


def test_a_problem_speaks_the_callers_language(client: Client) -> None:
    kazahaya = firm()
    call = bearer(kazahaya.admin)
    account = client.get("/api/v1/companies?size=0", **call).json()
    asked = client.get("/api/v1/companies?size=0", **with_language(call, "en")).json()
    assert account["errors"] == [{"pointer": "/query/size", "detail": "1以上にしてください。"}]
    assert asked["errors"] == [{"pointer": "/query/size", "detail": "This must be 1 or more."}]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v1/nothing", 404),
        ("/api/v1/companies?colour=red", 422),
        ("/api/v1/companies?after=zzz", 422),
        ("/api/v1/companies?after=%00", 422),
        ("/api/v1/companies?sort=name", 422),
    ],
)
def test_a_wrong_address_or_question_gets_a_problem(
    client: Client, address: str, status: int
) -> None:
    answer = client.get(address, **bearer(firm().admin))
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


def test_an_unknown_filter_is_named_and_not_ignored(client: Client) -> None:
    call = with_language(bearer(firm().admin), "en")
    answer = client.get("/api/v1/companies?colour=red", **call).json()
    assert answer["detail"] == (
        "This list cannot be asked for “colour”. It takes: after, size, sort."
    )


def test_a_wrong_method_keeps_its_allow_header(client: Client) -> None:
    answer = client.delete("/api/v1/companies", **bearer(firm().admin))
    assert (answer.status_code, set(answer["Allow"].split(", "))) == (405, {"GET", "POST"})
    assert answer.json()["status"] == 405


def test_too_many_calls_are_told_when_to_come_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = bearer(firm().admin)
    for throttle in root.api._get_bound_routers():
        for view in throttle.path_operations.values():
            for operation in view.operations:
                for limit in operation.throttle_objects:
                    monkeypatch.setattr(limit, "num_requests", 2)
    assert [client.get("/api/v1/companies", **call).status_code for _ in range(3)] == [
        200, 200, 429,
    ]  # fmt: skip
    refused = client.get("/api/v1/companies", **call)
    assert int(refused["Retry-After"]) > 0
    assert refused.json()["status"] == 429


def test_a_list_pages_by_key_and_counts(client: Client) -> None:
    kazahaya = firm()
    for number in range(4):
        more = services.found_company(
            slug=f"c{number}", name={"en": "C"}, prefix=f"C{number}", at=NOW
        )
        services.appoint(account=kazahaya.admin, company=more, role=services.Role.READER, at=NOW)
    call = bearer(kazahaya.admin)
    first = client.get("/api/v1/companies?size=3", **call).json()
    second = client.get(f"/api/v1/companies?size=3&after={first['next']}", **call).json()
    slugs = [row["slug"] for row in first["rows"] + second["rows"]]
    assert slugs == ["c0", "c1", "c2", "c3", "kazahaya"]
    assert (first["count"], first["count_is_exact"], second["next"]) == (5, True, None)
    falling = client.get("/api/v1/companies?size=1&sort=-slug", **call).json()
    assert falling["rows"][0]["slug"] == "kazahaya"


def test_the_description_is_the_one_on_record() -> None:
    """Whoever changes the API sees what changes for its callers; HIKESHI_SNAPSHOT=1 writes it."""
    described = json.dumps(description(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get("HIKESHI_SNAPSHOT"):
        SNAPSHOT.write_text(described, encoding="utf-8")
    assert described == SNAPSHOT.read_text(encoding="utf-8")


def test_every_operation_documents_its_problems_and_its_sorts() -> None:
    for path, methods in description()["paths"].items():
        for method, operation in methods.items():
            assert {"401", "403", "404", "409", "422", "429"} <= set(operation["responses"])
            assert operation["description"], (path, method)
            if method == "get" and "{" not in path and not path.endswith(("/me", ".csv")):
                names = {parameter["name"] for parameter in operation["parameters"]}
                assert {"after", "size", "sort"} <= names, path


def test_the_documents_come_from_the_product_itself(client: Client) -> None:
    assert client.get("/api/v1/openapi.json").json()["openapi"] == "3.1.0"
    page = client.get("/api/v1/docs", headers={"Accept-Language": "ja"})
    assert page.status_code == 200
    text = page.content.decode()
    assert "/api/v1/companies" in text
    assert "//cdn" not in text
