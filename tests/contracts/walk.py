"""Ask every page, API operation and command there is, as anybody, and undo what was done.

The addresses are generated: routes from the URL map, operations from the OpenAPI document, commands
from the parser, and further addresses and forms from the pages themselves. A new view, operation or
command therefore joins by itself.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from hikeshi.organisation.models import Account
from hikeshi.project.api_reference import description
from hikeshi.project.cli import _parser, run

# Leaving would end the walk, and a stream of the gallery says nothing of anybody.
LEFT_OUT = ("account/logout/",)
LINK = re.compile(r"^/(?!/|static/|account/logout)")
# Sessions, the shared cache with its counts of tries, and the keys of forms that were sent.
OF_A_VISIT = {"django_session", "hikeshi_cache", "ui_sent", "usersessions_usersession"}
WRITE = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM|REPLACE INTO)\s+\W?(\w+)", re.IGNORECASE)
# What a person might type into a field that is empty, by its name or its type.
PLAUSIBLE = {
    "languages": "ja", "cve": "CVE-2026-20009",
    "vectors": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
    "date": "2027-01-01", "datetime-local": "2027-01-01T09:00", "number": "1", "checkbox": "on",
    "email": "kita@minato.example", "url": "https://minato.example/",
}  # fmt: skip
HOSTILE = ("\x00", "x" * 5000, "../../etc/passwd", "<script>'\"", "９" * 40, "-1", "\ufffe%00")


@dataclass(frozen=True)
class Call:
    """One request. body: fields of a form, or a JSON text."""

    path: str
    method: str = "get"
    body: tuple[tuple[str, str], ...] | str | None = None
    htmx: bool = False
    upload: str = ""

    def renamed(self, names: dict[str, str]) -> Call:
        """Ask the same with other names in path and body."""
        body = self.body
        if isinstance(body, str):
            body = renamed(body, names)
        elif body is not None:
            body = tuple((name, renamed(value, names)) for name, value in body)
        return Call(renamed(self.path, names), self.method, body, self.htmx, self.upload)

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}{' (htmx)' if self.htmx else ''}"


@dataclass(frozen=True)
class Said:
    """An answer: status, and headers with body as one text; and what was written for it.

    written: each statement that changes rows, as "INSERT table", and its values as one text.
    """

    status: int
    head: str
    body: str
    written: tuple[tuple[str, str], ...] = ()

    @property
    def tables(self) -> list[str]:
        """Return what was written where, but for what any visit leaves behind."""
        return [act for act, _values in self.written if act.split()[1] not in OF_A_VISIT]

    def plain(self, names: dict[str, str]) -> tuple[int, str]:
        """Return what must be equal where nothing may be told: tokens and times taken out."""
        # Some answers repeat in small letters what was asked.
        text = renamed(self.body, names | {one.lower(): names[one].lower() for one in names})
        for pattern, instead in _PASSING:
            text = pattern.sub(instead, text)
        return self.status, text


_PASSING = (
    (re.compile(r'(name="(?:csrfmiddlewaretoken|form_key)" value=")[^"]+'), r"\1-"),
    (re.compile(r'(&quot;X-CSRFToken&quot;: &quot;|"X-CSRFToken": ")[\w-]+'), r"\1-"),
    (re.compile(r'nonce="[^"]+"'), 'nonce="-"'),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.+:Z]*"), "MOMENT"),
    (re.compile(r"\b\d\d:\d\d(:\d\d)?\b"), "TIME"),
    # How long the server took for a list stands below it.
    (re.compile(r"\b\d+ ms\b"), "TAKEN"),
    (re.compile(r"hikeshi_\w+(\{[^}]*\})? [\d.e+-]+|python_\w+(\{[^}]*\})? [\d.e+-]+"), "FIGURE"),
)


def renamed(text: str, names: dict[str, str]) -> str:
    """Replace names in a text, the longest first."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    return text


class _Page(HTMLParser):
    """Finds what a page leads to: links, and forms with their fields as they stand."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.forms: list[tuple[str, str, list[tuple[str, str]]]] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        for name in ("href", "src", "hx-get", "action"):
            if LINK.match(at.get(name, "")):
                self.links.add(at[name].partition("#")[0])
        if tag == "form":
            self.forms.append((at.get("action", ""), at.get("method", "get").lower(), []))
        elif at.get("hx-post"):
            self.forms.append((at["hx-post"], "post", []))
        fields = self.forms[-1][2] if self.forms else []
        name, kind = at.get("name", ""), at.get("type", "")
        if tag in {"input", "textarea", "button"} and name:
            # Of several radio buttons the first is chosen.
            chosen = kind == "radio" and any(name == known for known, _value in fields)
            if name not in {"csrfmiddlewaretoken", "form_key"} and not chosen:
                usual = PLAUSIBLE.get(name) or PLAUSIBLE.get(kind, "x")
                fields.append((name, at.get("value") or usual))
        elif tag == "select" and name:
            self._select = name
        elif tag == "option" and self._select and at.get("value"):
            fields.append((self._select, at["value"]))
            self._select = ""


@dataclass
class Walker:
    """Somebody who asks. Everything is rolled back, and the names in answers are noted."""

    account: Account | None
    client: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        self.client.raise_request_exception = False
        if self.account is not None:
            self.client.force_login(
                self.account, backend="allauth.account.auth_backends.AuthenticationBackend"
            )

    def ask(self, call: Call) -> Said:
        """Ask, read the whole answer, and undo."""
        caches["memory"].clear()
        more: dict[str, Any] = {"headers": {"HX-Request": "true"} if call.htmx else {}}
        more["headers"]["Accept-Language"] = "en"
        if call.upload:
            content = b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}'
            file = SimpleUploadedFile("a.json", content, "application/json")
            more["data"] = {call.upload: file}
        elif isinstance(call.body, str):
            more |= {"data": call.body, "content_type": "application/json"}
        elif call.body is not None:
            more |= {
                "data": urlencode(call.body),
                "content_type": "application/x-www-form-urlencoded",
            }
        written: list[tuple[str, str]] = []

        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if found := WRITE.match(sql):
                written.append((f"{found[1].split()[0].upper()} {found[2]}", str(params)))
            return execute(sql, params, many, context)

        with transaction.atomic(), connection.execute_wrapper(note):
            answer = getattr(self.client, call.method)(call.path, **more)
            body = b"".join(answer) if answer.streaming else answer.content
            transaction.set_rollback(True)
        head = "\n".join(f"{name}: {value}" for name, value in answer.items())
        said = body.decode(errors="replace")
        return Said(answer.status_code, head, said, tuple(written))


def routes(resolver: Any = None, prefix: str = "") -> Iterator[str]:
    """Yield the route of every page; the API's are in the OpenAPI document."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            if entry.namespace != "api":
                yield from routes(entry, route)
        elif isinstance(entry, URLPattern) and not route.startswith(LEFT_OUT):
            yield route


_PLACE = re.compile(r"<(?:(\w+):)?(\w+)>")


def filled(route: str, numbers: Iterable[str], uids: Iterable[str]) -> Iterator[str]:
    """Yield addresses of a route with every name in every place that takes it."""
    # A group that stands for one of several words takes each, any other group a number.
    words = [w.split("|") for w in re.findall(r"\(\?P<\w+>(\w+(?:\|\w+)+)\)", route)]
    route = re.sub(r"\(\?P<\w+>(\w+(?:\|\w+)+)\)", "{word}", route)
    route = re.sub(r"\(\?P<\w+>[^)]*\)", "<str:x>", route)
    route = "/" + route.replace("^", "").replace("$", "").replace("\\", "")
    choices: list[list[str]] = []
    pattern = re.compile(rf"{_PLACE.pattern}|{{word}}")
    for found in pattern.finditer(route):
        if found[0] == "{word}":
            choices.append(words.pop(0))
        else:
            kind = found[1] or "str"
            choices.append({"uuid": [*uids], "int": ["1"]}.get(kind, [*numbers]))
    for chosen in itertools.product(*choices):
        rest = iter(chosen)
        yield pattern.sub(lambda _found, rest=rest: next(rest), route)  # type: ignore[misc]


def places(route: str) -> int:
    """Count the places of a route that take a name."""
    return len(_PLACE.findall(route)) + len(re.findall(r"\(\?P<\w+>(?!\w+\|)", route))


def page_calls(path: str, said: Said) -> tuple[set[str], list[Call]]:
    """Return the links of a page and its forms as calls, filled as they stand."""
    page = _Page()
    if "text/html" in said.head or said.body.lstrip().startswith("<"):
        page.feed(said.body)
    calls = []
    for action, method, fields in page.forms:
        target = action if LINK.match(action) else path.partition("?")[0]
        if action.startswith("?"):
            target += action
        if method == "post":
            calls.append(Call(target, "post", tuple(fields)))
        else:
            # A question is about the past: a moment to come is cut down to now, which goes on.
            asked = [(name, value.replace("2027-", "2026-")) for name, value in fields]
            page.links.add(f"{target}?{urlencode(asked)}")
    return page.links, calls


def operations(numbers: list[str], uids: list[str]) -> Iterator[Call]:
    """Yield every API operation with these names in its path, its query and its body."""
    document = description()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            schemas = {
                place: content.get("schema", {})
                for place, content in operation.get("requestBody", {}).get("content", {}).items()
            }
            for place in _api_places(path, numbers, uids):
                if "application/json" in schemas:
                    for name in (uids[:1] or [""])[0], (numbers[:1] or [""])[0]:
                        said = example(schemas["application/json"], document, name)
                        yield Call(place, method, json.dumps(said))
                    bare = example(schemas["application/json"], document, "x", bare=True)
                    yield Call(place, method, json.dumps(bare))
                elif schemas:
                    yield Call(place, method, upload="file")
                elif method == "get" and "{" not in path:
                    yield Call(place)
                    for asked in operation.get("parameters", []):
                        if asked["name"] not in {"after", "size", "sort"}:
                            name = (uids[:1] or ["x"])[0]
                            yield Call(f"{place}?{urlencode({asked['name']: name})}")
                else:
                    yield Call(place, method, None if method == "get" else "{}")


def _api_places(path: str, numbers: list[str], uids: list[str]) -> Iterator[str]:
    places = re.findall(r"{(\w+)}", path)
    choices = [uids if "uid" in name else [*numbers, "open"] for name in places]
    for chosen in itertools.product(*choices):
        text = path
        for name, value in zip(places, chosen, strict=True):
            text = text.replace(f"{{{name}}}", value)
        yield text


def example(
    schema: dict[str, Any], document: dict[str, Any], name: str, *, bare: bool = False
) -> Any:
    """Make a value of a schema; texts that are free to be anything become ``name``.

    bare: without what may be left out.
    """
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return example(schema[several][0], document, name, bare=bare)
    if "enum" in schema or "const" in schema:
        return schema.get("const", (schema.get("enum") or [None])[0])
    kind = schema.get("type")
    if kind == "object":
        needed = schema.get("required", [])
        return {
            key: example(value, document, name, bare=bare)
            for key, value in schema.get("properties", {}).items()
            if not bare or key in needed
        } or ({} if "properties" in schema else {"en": name})
    if kind == "array":
        return [example(schema.get("items", {}), document, name, bare=bare)]
    formats = {"date-time": "2027-01-01T00:00:00Z", "date": "2027-01-01"}
    return {"integer": 1, "number": 1, "boolean": True}.get(
        str(kind), formats.get(str(schema.get("format")), name)
    )


def commands() -> dict[tuple[str, ...], argparse.ArgumentParser]:
    """Return every command that can be given, with the parser of its arguments."""

    def leaves(parser: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
        if not below:
            yield words, parser
        for action in below:
            for word, child in action.choices.items():
                yield from leaves(child, (*words, word))

    return dict(leaves(_parser(), ()))


def run_command(arguments: list[str]) -> tuple[int, str]:
    """Run a command in this process, undo it, and return its code and all it printed."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), transaction.atomic():
        try:
            code = run(arguments)
        except SystemExit as error:
            code = int(error.code or 0)
        transaction.set_rollback(True)
    return code, out.getvalue()
