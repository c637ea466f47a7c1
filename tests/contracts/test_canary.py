"""Walk every page as everybody who stands outside a wall, and look for what lies behind it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from hikeshi.organisation.roles import Role
from hikeshi.records.tasks import give_task
from hikeshi.stakeholders.services import start_conversation
from tests.builders import NOW, firm, person, seen_by
from tests.plugins.database import ClientAs
from tests.triage.cases import CANARY, offering, opened, release

OUTSIDERS = ["anonymous", "outsider", "other unit", "same company", "administrator", "expired"]
# Signing in and out has no matter of ours, and leaving would end the walk.
LEFT_OUT = ("account/",)


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in resolver.url_patterns:
        here = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, here)
        elif isinstance(entry, URLPattern):
            yield here, dict(entry.pattern.converters)


def addresses(number: str, uid: str) -> list[str]:
    """Every address of the map, its places filled with what names the walled record."""
    found = set()
    for route, converters in patterns(get_resolver()):
        if route.startswith(LEFT_OUT) or "^" in route:
            continue
        for name, converter in converters.items():
            kind = type(converter).__name__
            value = {"UUIDConverter": uid, "IntConverter": "1"}.get(kind, number)
            start = next(p for p in route.split("<") if p.partition(">")[0].endswith(name))
            route = route.replace(f"<{start.partition('>')[0]}>", value)
        found.add("/" + route)
    return sorted(found)


@pytest.mark.django_db
@pytest.mark.requirement("R054")
def test_nobody_outside_a_wall_finds_a_trace_on_any_page(client_as: ClientAs) -> None:
    kazahaya, other = firm(), firm("other", "OT")
    lead = person("lead@kazahaya.example", kazahaya.company, Role.LEAD)
    case = opened(kazahaya, by=lead, releases=[release(offering(kazahaya), "4.2.1")])
    give_task(subject=case, title=f"Check {CANARY}", by=seen_by(lead), at=NOW, assignee=lead)
    start_conversation(
        subject_kind="triage.case", subject=case, title=f"Talk {CANARY}", by=lead, at=NOW
    )
    expired = person("guest@lab.example", kazahaya.company, Role.GUEST, until=NOW + timedelta(1))
    expired.expires_at = NOW - timedelta(days=1)
    expired.save(update_fields=["expires_at"])
    walkers = {
        "anonymous": None,
        "outsider": other.admin,
        "other unit": person("c@kazahaya.example", kazahaya.company, Role.LEAD, kazahaya.control),
        "same company": person("r@kazahaya.example", kazahaya.company, Role.RESPONDER),
        "administrator": kazahaya.admin,
        "expired": expired,
    }
    asked = addresses(case.number, str(case.uid))
    assert list(walkers) == OUTSIDERS
    assert f"/cases/{case.number}/" in asked
    inside = client_as(lead).get(f"/cases/{case.number}/")
    assert CANARY in inside.content.decode(), "a walk that finds nothing must have had something"
    traces = []
    for who, account in walkers.items():
        client = client_as(account)
        for address in asked:
            answer = client.get(address)
            body = b"".join(answer) if answer.streaming else answer.content
            said = f"{dict(answer.items())} {body.decode(errors='replace')}"
            if CANARY in said or answer.status_code >= 500:
                traces.append(f"{who}: {address} answered {answer.status_code}")
        lists = [client.get(path) for path in ("/", "/cases/")]
        if any(case.number in page.content.decode() for page in lists):
            traces.append(f"{who}: a list names {case.number}")
    assert traces == []
