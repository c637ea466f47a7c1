"""Saved views: who reads them, who changes them, what sharing tells, and the pages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from hikeshi.core.errors import Conflict, InputRefused, NotAllowed, NotFound
from hikeshi.ledger.models import Event, EventPayload
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Role
from hikeshi.records import saved
from hikeshi.records.models import SavedList
from hikeshi.records.saved import ToldOutside
from tests.builders import NOW, Firm, firm, person, seen_by
from tests.triage.cases import opened

pytestmark = pytest.mark.django_db
QUERY = "phase=triage&sort=due,-severity"


@pytest.fixture
def kazahaya() -> Firm:
    return firm()


def save(by: Account, name: str = "Late ones", readers: str = "me", **more: Any) -> Any:
    viewer = seen_by(by)
    return saved.save_view(
        kept=saved.list_named("cases"), name=name, by=viewer, at=NOW,
        **{"query": QUERY, "readers": saved.readers_named(viewer, readers), **more},
    )  # fmt: skip


def names(account: Account) -> list[str]:
    return [view.name for view in saved.saved_views(seen_by(account))]


def test_who_reads_a_view(kazahaya: Firm) -> None:
    company, owner = kazahaya.company, kazahaya.admin
    other = person("lead@kazahaya.example", company, Role.LEAD)
    inside = person("plant@kazahaya.example", company, Role.RESPONDER, kazahaya.control)
    stranger = firm("other", "OT").admin
    save(owner, "mine")
    save(owner, "everybody's", f"company:{company.slug}")
    save(owner, "the unit's", f"unit:{kazahaya.control.uid}")
    assert names(owner) == ["everybody's", "mine"]
    assert names(other) == ["everybody's"]
    assert names(inside) == ["everybody's", "the unit's"]
    assert names(stranger) == []


def test_only_its_owner_and_administrators_change_what_is_shared(kazahaya: Firm) -> None:
    company = kazahaya.company
    owner = person("lead@kazahaya.example", company, Role.LEAD)
    other = person("second@kazahaya.example", company, Role.LEAD)
    mine, shared = save(owner), save(owner, "shared", f"company:{company.slug}")
    for act in (
        lambda: saved.delete_view(uid=shared, by=seen_by(other), at=NOW),
        lambda: saved.change_view(
            uid=shared, name="x", by=seen_by(other), at=NOW,
            readers=saved.readers_named(seen_by(other), "me"),
        ),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(NotFound):
        saved.delete_view(uid=mine, by=seen_by(kazahaya.admin), at=NOW)
    saved.delete_view(uid=shared, by=seen_by(kazahaya.admin), at=NOW)
    assert names(owner) == ["Late ones"]


def test_what_one_keeps_alone_lies_sealed_and_is_not_in_the_audit_log(kazahaya: Firm) -> None:
    save(kazahaya.admin, "zebrafink", query="q=kanariya")
    row = SavedList.objects.get()
    assert row.wall is not None
    assert b"zebrafink" not in row.name.raw
    assert b"kanariya" not in row.query.raw
    event = Event.objects.get(name="view.saved")
    assert event.wall == row.wall
    assert b"zebrafink" not in EventPayload.objects.get(event=event).content.raw


def test_sharing_words_of_a_walled_case_asks_first(kazahaya: Firm) -> None:
    case = opened(kazahaya, by=kazahaya.admin)
    word, company = case.title.value["en"].split()[0], f"company:{kazahaya.company.slug}"
    uid = save(kazahaya.admin, "kept", query=f"q={word}")
    with pytest.raises(ToldOutside) as refused:
        save(kazahaya.admin, "told", company, query=f"q={word}")
    assert refused.value.facts == {"word": word, "number": case.number}
    with pytest.raises(ToldOutside):
        save(kazahaya.admin, f"all of {case.number}", company)
    change = {
        "uid": uid, "name": "kept", "by": seen_by(kazahaya.admin), "at": NOW,
        "readers": saved.readers_named(seen_by(kazahaya.admin), company),
    }  # fmt: skip
    with pytest.raises(ToldOutside):
        saved.change_view(**change)  # type: ignore[arg-type]
    saved.change_view(**change, confirmed=True)  # type: ignore[arg-type]
    row = SavedList.objects.get()
    assert row.wall is None
    assert row.name.value == "kept"


def test_a_view_keeps_what_is_set_and_the_same_name_replaces(kazahaya: Firm) -> None:
    save(kazahaya.admin, query="?q=&phase=triage&after=abc&view=standard&tag=a&tag=b")
    (view,) = saved.saved_views(seen_by(kazahaya.admin))
    assert view.query == "phase=triage&tag=a&tag=b"
    save(kazahaya.admin, query="phase=closed")
    assert [v.query for v in saved.saved_views(seen_by(kazahaya.admin))] == ["phase=closed"]
    for wrong in ({"name": "  "}, {"name": "x" * 81}, {"query": f"q={'x' * 2001}"}):
        with pytest.raises(InputRefused):
            save(kazahaya.admin, **wrong)
    with pytest.raises(InputRefused):
        saved.list_named("nothing")


def test_one_keeps_so_many_views_of_a_list(kazahaya: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "MOST", 1)
    save(kazahaya.admin, "one")
    with pytest.raises(Conflict):
        save(kazahaya.admin, "two")


def test_on_the_page_a_view_is_saved_opened_made_the_start_and_deleted(
    kazahaya: Firm, client_as: Any
) -> None:
    client: Client = client_as(kazahaya.admin)
    assert "list-views" not in client.get("/cases/").text
    page = client.get("/cases/?phase=triage").text
    assert 'name="query" value="phase=triage"' in page
    sent = {"list": "cases", "query": "phase=triage", "name": "In triage", "start": "on"}
    answer = client.post("/settings/views/new/", sent)
    assert answer["Location"] == "/cases/?phase=triage"
    # From now on the bare list leads to it, and the list's own words lead around it.
    assert client.get("/cases/")["Location"] == "/cases/?phase=triage"
    page = client.get("/cases/?phase=triage").text
    assert 'href="/cases/?phase=triage" aria-current="true"' in page
    assert 'href="?view=standard"' in page
    assert client.get("/cases/?view=standard").status_code == 200
    (view,) = client.get("/api/v1/views").json()["rows"]
    client.post(f"/settings/views/{view['uid']}/", {"name": "Triage", "readers": "me"})
    (view,) = client.get("/api/v1/views").json()["rows"]
    assert (view["name"], view["is_start"]) == ("Triage", False)
    assert client.get("/cases/").status_code == 200
    client.post(f"/settings/views/{view['uid']}/start/")
    assert client.get("/cases/").status_code == 302
    client.post(f"/settings/views/{view['uid']}/delete/")
    assert client.get("/cases/").status_code == 200
    assert "保存した表示はまだありません" in client.get("/settings/views/").text


def test_the_page_asks_before_words_are_shared(kazahaya: Firm, client_as: Any) -> None:
    case = opened(kazahaya, by=kazahaya.admin)
    client: Client = client_as(kazahaya.admin)
    sent = {
        "list": "cases", "query": "phase=triage", "name": case.number,
        "readers": f"company:{kazahaya.company.slug}",
    }  # fmt: skip
    page = client.get("/settings/views/new/", {"list": "cases", "query": "phase=triage"}).text
    assert "confirmed" not in page
    answer = client.post("/settings/views/new/", sent)
    assert answer.status_code == 422
    assert 'name="confirmed"' in answer.text
    assert client.post("/settings/views/new/", {**sent, "confirmed": "on"}).status_code == 302


@pytest.mark.parametrize("kept", ["cases", "findings", "products", "contacts", "people", "audit",
                                  "jobs", "outbox"])  # fmt: skip
def test_every_list_with_filters_keeps_views(kept: str, kazahaya: Firm, client_as: Any) -> None:
    client: Client = client_as(kazahaya.admin)
    from django.urls import reverse

    saved.save_view(
        kept=saved.list_named(kept), name="mine", query="sort=name", by=seen_by(kazahaya.admin),
        readers=saved.readers_named(seen_by(kazahaya.admin), "me"), at=NOW,
    )  # fmt: skip
    page = client.get(reverse(saved.LISTS[kept].route), follow=True)
    assert page.status_code == 200
    assert "list-views" in page.text
    assert "?sort=name" in page.text


def test_the_api_does_what_the_pages_do(kazahaya: Firm, client_as: Any) -> None:
    client: Client = client_as(kazahaya.admin)

    def ask(method: str, path: str, **body: Any) -> Any:
        return getattr(client, method)(
            f"/api/v1/views{path}", json.dumps(body), content_type="application/json"
        )

    made = ask("post", "", list="cases", name="Late", query=QUERY, is_start=True)
    assert made.status_code == 201
    view = made.json()
    assert view["query"] == "phase=triage&sort=due,-severity"
    assert view["readers"] == "me"
    shared = f"company:{kazahaya.company.slug}"
    changed = ask("patch", f"/{view['uid']}", readers=shared, is_start=False).json()
    assert (changed["readers"], changed["is_start"], changed["name"]) == (shared, False, "Late")
    assert [one["name"] for one in client.get("/api/v1/views?list=cases").json()["rows"]] == [
        "Late"
    ]
    assert ask("post", "", list="nothing", name="x").status_code == 422
    assert ask("delete", f"/{view['uid']}").status_code == 204
    assert client.get("/api/v1/views").json()["rows"] == []
