"""The API's own documents, served by the product: the OpenAPI description and a page for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from hikeshi.organisation.access import Request, public
from hikeshi.project.api import CALLS_PER_MINUTE, ERRORS, api


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter or field: where it goes, its type in words, whether it is needed."""

    name: str
    place: str
    type: str
    needed: bool
    said: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    said: str
    takes: list[Field]
    gives: list[Field]


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """Return the OpenAPI 3.1 description as plain JSON values."""
    described: dict[str, Any] = orjson.loads(
        orjson.dumps(dict(api.get_openapi_schema()), option=orjson.OPT_NON_STR_KEYS)
    )
    return described


@public
@require_GET
def openapi_json(request: Request) -> HttpResponse:
    """Serve the description; it holds nothing of any company."""
    return HttpResponse(orjson.dumps(description()), content_type="application/json")


@public
@require_GET
def api_docs(request: Request) -> HttpResponse:
    """Show the reference page."""
    groups: dict[str, list[Operation]] = defaultdict(list)
    for path, methods in description()["paths"].items():
        for method, operation in methods.items():
            group = operation.get("tags", ["…"])[0]
            groups[group].append(_operation(path, method, operation))
    context = {
        "groups": dict(groups),
        "errors": ERRORS.items(),
        "calls": CALLS_PER_MINUTE,
    }
    return render(request, "project/api_reference.html", context)


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Operation:
    takes = [
        Field(
            name=parameter["name"],
            place=parameter["in"],
            type=_type(parameter["schema"]),
            needed=parameter.get("required", False),
            said=parameter.get("description", ""),
        )
        for parameter in operation["parameters"]
    ]
    for body in operation.get("requestBody", {}).get("content", {}).values():
        takes.extend(_fields(body["schema"], "body"))
    gives: list[Field] = []
    for status, answer in operation["responses"].items():
        for content in answer.get("content", {}).values():
            gives.extend(_fields(content["schema"], status))
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=gettext(operation["summary"]),
        said=operation.get("description", ""),
        takes=takes,
        gives=gives,
    )


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    held: Mapping[str, Any] = description()["components"]["schemas"].get(name, schema)
    return held


def _fields(schema: Mapping[str, Any], place: str) -> Iterator[Field]:
    held = _resolved(schema)
    needed = set(held.get("required", []))
    for name, field in held.get("properties", {}).items():
        said = field.get("description", "")
        yield Field(name, place, _type(field), name in needed, said)
        if field.get("type") == "array" and "$ref" in field["items"]:
            for inner in _fields(field["items"], place):
                yield Field(f"{name}[].{inner.name}", place, inner.type, inner.needed, inner.said)


def _type(schema: Mapping[str, Any]) -> str:
    """Say a type in a few words: ``string (uuid)``, ``list of integer``, ``"a" or "b"``."""
    if "$ref" in schema:
        held = _resolved(schema)
        return _type(held) if "enum" in held else str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(_type(option) for option in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"“{value}”" for value in schema["enum"])
    if "const" in schema:
        return f"“{schema['const']}”"
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))}]"
    kind = str(schema.get("type", "object"))
    return f"{kind} ({schema['format']})" if "format" in schema else kind
