"""Whatever a request brings: an answer that says what is wrong, and nothing half-written.

Pages and operations are generated from the URL map and the OpenAPI document, so that a new one is
asked too.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from hikeshi.organisation.models import Account
from tests.builders import firm
from tests.contracts.walk import operations, routes
from tests.hostile.files import PICTURE_OF_NOTHING, archive, bomb, workbook_bomb
from tests.inventory.stock import gate, release

pytestmark = pytest.mark.django_db
# PostgreSQL is asked what reaches a database and means more to it than to SQLite; all else is
# refused by the same code before a database is asked.
ODD_FOR_POSTGRESQL = ("NUL", "surrogate", "huge", "%00", "9999", "%F0", "%ED")


def asked(names: Iterable[str]) -> list[str]:
    """Return what is asked on the database of this run."""
    everything = os.environ.get("HIKESHI_TEST_DATABASE") != "postgresql"
    return [one for one in names if everything or any(odd in one for odd in ODD_FOR_POSTGRESQL)]


DEEP = b"[" * 60_000 + b"]" * 60_000
BODIES: dict[str, bytes] = {
    "empty": b"",
    "truncated": b'{"name": "a',
    "not UTF-8": b'{"name": "\xff\xfe\xfa"}',
    "Shift_JIS": '{"name": "風早電機"}'.encode("cp932"),
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "NUL": b'{"name": "a\\u0000b", "title": {"en": "\\u0000"}}',
    "lone surrogate": b'{"name": "\\ud800", "title": {"en": "\\udfff"}, "email": "\\ud83d"}',
    "twice the same key": b'{"name": "a", "name": {"b": 1}}',
    "huge number": b'{"revision": ' + b"9" * 5000 + b', "name": 1e999}',
    "not a number": b'{"revision": NaN, "score": Infinity}',
    "deep": b'{"name": ' + DEEP + b"}",
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a list": b"[1, 2]",
    "a word": b'"x"',
    "null": b"null",
    "too large": b'{"name": "' + b"x" * (11 * 1024 * 1024) + b'"}',
}
QUERIES = (
    "q=%00", "after=%00", "after=%F0%9F%98%80", "q=" + "x" * 3000, "size=99999999999999999999",
    "size=-1", "page=1e99", "sort=;drop+table", "kind=%ff%fe", "q=%ED%A0%80", "phase=%27%22%3E",
    "unit=" + "9" * 400, "company=%00", "as_of=99999-99-99", "after=" + quote("../../etc/passwd"),
    "&".join(f"f{n}=1" for n in range(6000)), "q=%E3%81", "release=1&release=2&release=%00",
)  # fmt: skip


@pytest.fixture
def admin() -> Account:
    return firm().admin


@pytest.fixture
def inside(admin: Account) -> Client:
    return as_(admin)


def as_(account: Account, language: str = "ja") -> Client:
    client = Client(headers={"Accept-Language": language})
    client.raise_request_exception = False
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def rows() -> dict[str, int]:
    """Count the rows of every table, the sessions of those who ask aside."""
    with connection.cursor() as cursor:
        counted = {}
        for table in connection.introspection.table_names(cursor):
            if table != "django_session":
                cursor.execute(f'SELECT count(*) FROM "{table}"')
                counted[table] = cursor.fetchone()[0]
    return counted


def is_japanese(text: str) -> bool:
    return re.search("[぀-ヿ一-鿿]", text) is not None


def writing_operations() -> list[tuple[str, str]]:
    uid = "00000000-0000-0000-0000-000000000001"
    found = operations(["KZ-2026-0001"], [uid])
    return sorted({(c.method, c.path.partition("?")[0]) for c in found if c.method != "get"})


@pytest.mark.parametrize("what", asked(BODIES))
def test_an_odd_body_gets_a_problem_and_writes_nothing(what: str, inside: Client) -> None:
    before = rows()
    for method, path in writing_operations():
        caches["memory"].clear()
        answer = getattr(inside, method)(
            path, BODIES[what], content_type="application/json", headers={"Idempotency-Key": "k"}
        )
        said = answer.content.decode()
        where = f"{method} {path}: {answer.status_code} {said[:200]}"
        assert 400 <= answer.status_code < 500, where
        problem = json.loads(said)
        assert is_japanese(problem["title"] + problem["detail"]), where
        assert len(said) < 20_000, where
    assert rows() == before


def plain_pages() -> list[str]:
    return [f"/{route}" for route in routes() if "<" not in route and "^" not in route]


@pytest.mark.parametrize("query", asked(QUERIES), ids=range(len(asked(QUERIES))))
def test_an_odd_question_breaks_no_page(query: str, inside: Client) -> None:
    before = rows()
    broken = []
    for path in plain_pages():
        caches["memory"].clear()
        answer = inside.get(f"{path}?{query}")
        if answer.status_code >= 500:
            broken.append(f"{path}: {answer.status_code}")
    assert broken == []
    assert rows() == before


@pytest.mark.parametrize("query", asked(QUERIES), ids=range(len(asked(QUERIES))))
def test_an_odd_question_breaks_no_api_list(query: str, inside: Client) -> None:
    for call in operations([], []):
        if call.method == "get" and "?" not in call.path:
            caches["memory"].clear()
            answer = inside.get(f"{call.path}?{query}")
            assert answer.status_code < 500, f"{call.path}: {answer.content[:300]!r}"


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept-Language": "x" * 9000},
        {"Accept-Language": "ja\x00,;;q=9,*;q=.,"},
        {"Authorization": "Bearer \udce3\x00"},
        {"Authorization": "Basic ////"},
        {"Cookie": "sessionid=\x00../../x; language=%00; csrftoken=" + "x" * 5000},
        {"Cookie": "sessionid=" + "a" * 4000 + "; django_language=../../etc"},
        {"HX-Request": "\x00", "HX-Target": "'><script>", "HX-Current-URL": "http://[::"},
        {"Host": "evil.example:99999"},
        {"X-Forwarded-For": "' OR 1=1", "X-Forwarded-Proto": "\x00"},
        {"If-Modified-Since": "99 99 99", "If-None-Match": "W/\x00", "Range": "bytes=9-1"},
        {"Idempotency-Key": "\x00" * 150},
        {"Content-Type": "multipart/form-data"},
    ],
    ids="+".join,
)
def test_an_odd_header_breaks_nothing(headers: dict[str, str], admin: Account) -> None:
    before = rows()
    for client in (as_(admin), Client(raise_request_exception=False)):
        for path in ("/", "/cases/", "/advisories/", "/api/v1/cases", "/account/login/"):
            caches["memory"].clear()
            assert client.get(path, headers=headers).status_code < 500, path
        for path in ("/directory/add/", "/api/v1/contacts", "/language/"):
            kind = headers.get("Content-Type", "application/x-www-form-urlencoded")
            answer = client.post(path, b"a=%00", content_type=kind, headers=headers)
            assert answer.status_code < 500, path
    # The language may be chosen once, under a key; nothing else is written.
    after = rows()
    assert {table for table, n in after.items() if n != before[table]} <= {"ui_sent"}


BOUNDARY = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
FORMS: dict[str, tuple[str, bytes]] = {
    "no boundary": ("multipart/form-data", b"x"),
    "a boundary too long": (f"multipart/form-data; boundary={'b' * 300}", b"x"),
    "cut off": (BOUNDARY, PART % (b"file", b'; filename="a.json"', b'{"bomF')),
    "a part without a head": (BOUNDARY, b"--b\r\n\r\n\r\n--b--\r\n"),
    "a head without an end": (BOUNDARY, b"--b\r\n" + b"X-A: b\r\n" * 9000),
    "a climbing name": (
        BOUNDARY, PART % (b"file", b'; filename="../../../etc/passwd"', b"x") + b"--b--\r\n",
    ),
    "NUL in a name": (BOUNDARY, PART % (b"file", b'; filename="a\x00.json"', b"x") + b"--b--\r\n"),
    "NUL in a field": (BOUNDARY, PART % (b"name", b"", b"a\x00b") + b"--b--\r\n"),
    "bad base64": (
        BOUNDARY,
        PART % (b"file", b'; filename="a"\r\nContent-Transfer-Encoding: base64', b"====x"),
    ),
    "too many fields": (BOUNDARY, PART % (b"a", b"", b"1") * 300 + b"--b--\r\n"),
    "too many files": (
        BOUNDARY, b"".join(PART % (b"f%d" % n, b'; filename="a"', b"1") for n in range(300)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", asked(FORMS))
def test_an_odd_form_breaks_no_page_and_writes_nothing(
    what: str, admin: Account, settings: Any
) -> None:
    # The product allows thousands, which would take most of this test's time.
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
    inside = as_(admin)
    before = rows()
    kind, body = FORMS[what]
    broken = []
    for path in [
        *plain_pages(),
        *(path for method, path in writing_operations() if method != "put"),
    ]:
        if path.startswith("/account/logout"):
            continue
        caches["memory"].clear()
        answer = inside.post(path, body, content_type=kind)
        if answer.status_code >= 500:
            broken.append(f"{path}: {answer.status_code}")
    assert broken == []
    # Acts that need no field were done, such as reading a feed now: a job and its audit line.
    after = rows()
    changed = {table for table, n in after.items() if n != before[table]}
    acts = {"django_tasks_database_dbtaskresult", "hikeshi_cache"}
    assert {table for table in changed - acts if not table.startswith("ledger_")} == set()


UPLOADS: dict[str, bytes] = {
    "empty": b"",
    "a picture": PICTURE_OF_NOTHING,
    "NUL": b"kind,name\nsupplier,a\x00b\n",
    "mixed encodings": "kind,name\nsupplier,風早".encode("cp932") + "\nx,風早\n".encode(),
    "UTF-16 cut": "kind,name\n".encode("utf-16")[:-1],
    "an open quote": b'kind,name\nsupplier,"' + b"x" * 200_000,
    "a long line": b"kind,name\n" + b"," * 200_000,
    "a zip": archive({"a.csv": b"kind,name\n"}),
    "a zip that climbs": archive({"../../etc/passwd": b"x"}),
    "a bomb": bomb(),
    "a workbook bomb": workbook_bomb(),
    "deep JSON": DEEP,
    "an entity bomb": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaa">'
    b'<!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>',
}


@pytest.mark.parametrize("what", asked(UPLOADS))
def test_an_odd_file_is_refused_by_every_page_that_takes_one(what: str, admin: Account) -> None:
    place = release(_firm_of(admin), gate(_firm_of(admin)))
    inside = as_(admin)
    pages = [
        f"/products/releases/{place.number}/sbom/", "/directory/import/",
        "/settings/organisation/import/", "/settings/people/import/", "/products/import/",
    ]  # fmt: skip
    before = rows()
    for page in pages:
        for name in ("odd.csv", "odd.json", "odd.xlsx", "../../odd.json"):
            caches["memory"].clear()
            file = SimpleUploadedFile(name, UPLOADS[what])
            answer = inside.post(page, {"file": file, "slot": "application", "confirm": "1"})
            said = answer.content.decode()
            assert answer.status_code in {200, 302, 409, 413, 422}, (page, answer.status_code)
            if answer.status_code != 302:
                assert is_japanese(said), page
    after = rows()
    assert {t: (before.get(t), n) for t, n in after.items() if n != before.get(t)} == {}


def _firm_of(admin: Account) -> Any:
    from hikeshi.organisation.models import Company, Unit
    from tests.builders import Firm

    network, control = Unit.objects.order_by("pk")[:2]
    return Firm(Company.objects.get(), admin, network, control)


def test_the_walk_meets_pages_and_operations() -> None:
    assert len(plain_pages()) > 30
    assert len(writing_operations()) > 8


class Unread:
    """The body of a request that nobody may read."""

    def read(self, *_size: int) -> bytes:
        raise AssertionError("the body was read")

    readline = read


@pytest.mark.parametrize("kind", ["application/json", BOUNDARY])
def test_what_says_it_is_too_large_is_refused_before_any_of_it_is_read(
    kind: str, admin: Account
) -> None:
    firm_of = _firm_of(admin)
    place = release(firm_of, gate(firm_of))
    asked = [("post", path) for path in plain_pages()] + writing_operations()
    asked += [
        ("post", f"/products/releases/{place.number}/sbom/"),
        ("post", f"/api/v1/releases/{place.uid}/sboms"), ("post", "/cases/KZ-2026-0001/file/"),
    ]  # fmt: skip
    for client in (as_(admin), Client(headers={"Accept-Language": "ja"})):
        # As in real life, where the token is looked for in the form.
        client.handler.enforce_csrf_checks = True
        for method, path in asked:
            answer = client.generic(
                method.upper(), path, content_type=kind, CONTENT_LENGTH=str(3 * 1024**3),
                **{"wsgi.input": Unread()},
            )  # fmt: skip
            assert answer.status_code in {405, 413}, (path, answer.status_code)
            if answer.status_code == 413:
                assert "ここで受け取れるのは" in answer.content.decode(), path
                assert "3072 MB" in answer.content.decode(), path
