"""Nobody outside a wall learns what is behind it, or that there is anything: the generated proof.

1. Everybody outside walks every list and page before and after walled matter of every kind is
   added: the answers are the same to the letter, and so are counts and page sizes.
2. A walled name asked for in an address, a form or an API call is answered like a name that never
   was: same status, same words; nothing is written for it, and what acts on it is refused.
3. Every command as everybody outside, the export and the backup.
4. What leaves or lies about: log lines, mails, jobs, outbox, sessions, the rows at rest.

In each, somebody inside does find the canaries, so that the walk can fail.
"""

from __future__ import annotations

import gzip
import io
import logging
import re
import tarfile
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from hikeshi.ledger import worker
from tests.contracts import walk
from tests.contracts.walk import Call, Said, Walker
from tests.contracts.world import (
    CANARY,
    CLEAR,
    CVE,
    SOUGHT,
    World,
    hide,
    names_behind,
    public_world,
    rows_behind,
)
from tests.ledger.test_outbox import Server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("R054")]
MARKS = re.compile(rf"(?:{CANARY}|{CLEAR})-[a-z]+(?:-[a-z]+)*")
# No page, command or operation shows these to a participant (yet), and why that is right.
SHOWN_NOWHERE = {
    f"{CANARY}-approval": "the content of a test's own approval; an advisory's is its page",
    f"{CANARY}-task-outcome": "an outcome is shown while its task is listed",
    f"{CANARY}-view-name": "one person's own view stands above a list, which no walled name opens",
    f"{CANARY}-view-query": "likewise",
}
# Every answer of these differs by itself: challenges and secrets made anew for the one who asks.
MADE_ANEW = ("/account/sign-in/", "/account/confirm/", "/account/login/passkey/")
NO_WALK = {
    ("serve",): "starts processes and does not end",
    ("restore",): "needs an empty database; its file is the backup's",
    ("feed", "sync"): "reads public feeds in steps that commit, so it cannot be undone here",
    ("match",): "commits in steps and prints figures of public matter",
}


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """All that is logged, as the product would write it."""
    caught = io.StringIO()
    ours = [h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler]
    assert ours, "the product's own handler is not set up"
    before = [handler.stream for handler in ours]
    for handler in ours:
        # Not by setStream, which flushes: an earlier test may have closed what it wrote to.
        handler.stream = caught
    yield caught
    for handler, stream in zip(ours, before, strict=True):
        handler.stream = stream


def traces(text: str) -> set[str]:
    return set(MARKS.findall(text))


def pages_of(walker: Walker, *, most: int) -> dict[Call, Said]:
    """Ask every page without places and what they link to, and every API list."""
    todo = [path for route in walk.routes() for path in walk.filled(route, [], [])]
    todo += [f"/search/?q={SOUGHT}", f"/search/?q={CVE}", f"/vulnerabilities/{CVE}/"]
    found: dict[Call, Said] = {}
    while todo:
        call = Call(todo.pop(0))
        if call in found or call.path.startswith(MADE_ANEW):
            continue
        found[call] = said = walker.ask(call)
        if len(found) + len(todo) < most:
            todo += sorted(path for path in walk.page_calls(call.path, said)[0] if path[-1] != "?")
    for call in walk.operations([], []):
        if call.method == "get":
            found[call] = walker.ask(call)
    return found


def compare_before_and_after(world: World, walkers: dict[str, Walker], *, most: int) -> None:
    # Signed in beforehand: when somebody last was is on the page of people.
    lead = Walker(world.lead)
    before = {who: pages_of(walker, most=most) for who, walker in walkers.items()}
    hide(world)
    assert world.case is not None
    assert CANARY in lead.ask(Call("/cases/")).body
    numbers, uids = names_behind(world.case.wall)
    told = []
    for who, walker in walkers.items():
        for call, was in before[who].items():
            said = walker.ask(call)
            known = traces(said.head + said.body) | {
                name for name in numbers | uids if name in said.head + said.body
            }
            if known or said.status >= 500 or said.plain({}) != was.plain({}):
                told.append(f"{who}: {call} {was.status}→{said.status} {sorted(known)}")
    assert told == []


@pytest.mark.parametrize("half", [0, 1])
def test_pages_are_the_same_with_and_without_walled_matter(half: int, logged: io.StringIO) -> None:
    world = public_world()
    walkers = {who: Walker(a) for who, a in list(world.outside.items())[half::2]}
    compare_before_and_after(world, walkers, most=70)
    assert traces(logged.getvalue()) == set()


@pytest.mark.soak
def test_every_linked_page_is_the_same_with_and_without_walled_matter() -> None:
    world = public_world()
    compare_before_and_after(world, {w: Walker(a) for w, a in world.outside.items()}, most=2000)


def ghosts(world: World) -> dict[str, str]:
    """Return for each walled name one of the same shape that never was."""
    assert world.case is not None
    numbers, uids = names_behind(world.case.wall)
    names = {number: f"{number[:-4]}{9900 + at}" for at, number in enumerate(sorted(numbers))}
    return names | {uid: f"0fffffff{uid[8:]}" for uid in uids} | {CVE: "CVE-2026-29999"}


# Routes that no walled name opens: one's own account, links with a secret of their own, the
# organisation, feeds, what is public. The other test walks them.
NEVER_WALLED = re.compile(
    r"^(account/|r/|setup/|link/|settings/|advisories/|vulnerabilities/|findings/feeds/)"
)


def opened_operations(
    lead: Walker, numbers: list[str], uids: list[str]
) -> Iterator[tuple[Call, Said]]:
    """Yield the API operations that these names open, with their answers."""
    # A record's own address first: where it is not, nothing lies below it either.
    closed: set[str] = set()
    for call in sorted(
        walk.operations(numbers, uids), key=lambda c: (c.path.count("/"), c.method != "get")
    ):
        own = "/".join(call.path.partition("?")[0].split("/")[:5])
        if own in closed:
            continue
        said = lead.ask(call)
        if said.status != 404:
            yield call, said
        elif call == Call(own):
            closed.add(own)


def walled_calls(world: World) -> tuple[list[Call], set[str], set[str]]:
    """Return what a participant can ask by walled names, the canaries they saw, routes not met."""
    assert world.case is not None
    lead = Walker(world.lead)
    numbers, _uids = names_behind(world.case.wall)
    uids = sorted(
        {
            str(row.uid)  # type: ignore[attr-defined]
            for row in rows_behind(world.case.wall)
            if hasattr(row, "uid") and row._meta.app_label not in {"ledger", "organisation"}
        }
    )
    seen: set[str] = set()
    calls: dict[Call, None] = {}
    unmet = set()
    links: set[str] = set()
    for route in walk.routes():
        if not walk.places(route) or NEVER_WALLED.match(route):
            continue
        met = False
        # Below a record, its own pages lead to the addresses that are any.
        several = walk.places(route) > 1
        for path in [] if several else walk.filled(route, [*sorted(numbers), CVE], uids):
            call = Call(path)
            said = lead.ask(call)
            if said.status == 405:
                call = Call(path, "post", ())
                said = lead.ask(call)
            if said.status == 404:
                continue
            met = True
            calls[call] = None
            seen |= traces(said.body)
            linked, forms = walk.page_calls(path, said)
            links |= linked
            calls |= dict.fromkeys(forms)
        if not met and not several:
            unmet.add(route)
    names = ghosts(world)
    for path in sorted(links):
        call = Call(path)
        if call not in calls and call.renamed(names) != call:
            calls[call] = None
            said = lead.ask(call)
            seen |= traces(said.body)
            calls |= dict.fromkeys(walk.page_calls(path, said)[1])
    for call, said in opened_operations(lead, sorted(numbers), uids):
        calls[call] = None
        seen |= traces(said.body)
    return [call for call in calls if call.renamed(names) != call], seen, unmet


def compare_with_ghosts(
    world: World,
    walkers: dict[str, Walker],
    *,
    htmx: bool,
    hostile: bool,
    askers: int | None = None,
) -> None:
    """Ask each call by a walled name and by a ghost's.

    askers: so many of the walkers ask each call, in turn; None lets all of them ask.
    """
    calls, seen, unmet = walled_calls(world)
    assert unmet == set(), "no walled name opens these"
    names = ghosts(world)
    told = []
    everybody = list(walkers.items())
    for turn, call in enumerate(calls):
        asked = [call]
        if htmx:
            asked.append(Call(call.path, call.method, call.body, htmx=True))
        if hostile and isinstance(call.body, tuple):
            asked += [
                Call(call.path, call.method, tuple((name, odd) for name, _value in call.body))
                for odd in walk.HOSTILE
            ]
        for one in asked:
            for who, walker in (everybody * 2)[turn % len(everybody) :][: askers or len(everybody)]:
                said, ghost = walker.ask(one), walker.ask(one.renamed(names))
                known = traces(said.head + said.body)
                if known or said.status >= 500 or said.plain(names) != ghost.plain(names):
                    told.append(f"{who}: {one} {said.status}, never was {ghost.status} {known}")
                told += [f"{who}: {one} {wrong}" for wrong in wrongly_done(one, said, ghost, names)]
    assert told == []
    expected = {mark for mark in canaries() if mark not in SHOWN_NOWHERE}
    assert expected - seen == set(), "a participant does not find what the walk looks for"
    if askers is None or "anonymous" in walkers:
        # The others want a file, a key or a date that no example has; they meet the wall the same.
        done = done_inside(world, calls, names)
        assert len(done) >= 30, "too few of the forms and operations that are sent do anything"


def wrongly_done(call: Call, said: Said, ghost: Said, names: dict[str, str]) -> Iterator[str]:
    """Tell what was done for somebody outside that would not be done for a name that never was."""
    if said.tables != ghost.tables:
        yield f"wrote {said.tables}, for what never was {ghost.tables}"
    # What was sent is the asker's own; a canary that was not sent came from behind the wall.
    sent = traces(str(call.body))
    kept = {mark for _act, values in said.written for mark in traces(values)} - sent
    if kept:
        yield f"kept {kept}"
    if call.method != "get" and any(name in call.path for name in names):
        # To HTMX a redirect is told as a 200 with a header.
        redirect = 200 if call.htmx else 302
        if said.status not in REFUSALS | {redirect} or (
            "/account/login/" not in said.head and said.status == redirect
        ):
            yield f"was answered with {said.status}"
        if said.tables:
            yield f"wrote {said.tables}"


# Beside a redirect to the login; 422 where the body is looked at before the name in the address.
REFUSALS = {401, 403, 404, 405, 422}


def done_inside(world: World, calls: list[Call], names: dict[str, str]) -> set[str]:
    """Return the routes of forms and operations that do something for somebody inside as sent."""
    lead = Walker(world.lead)
    unsafe = [c for c in calls if c.method != "get" and any(name in c.path for name in names)]
    answers = {call: lead.ask(call) for call in unsafe}
    return {
        f"{call.method} {walk.renamed(call.path, dict.fromkeys(names, '-'))}"
        for call, said in answers.items()
        if said.tables and said.status < 400
    }


def canaries() -> set[str]:
    source = Path(__file__).with_name("world.py").read_text(encoding="utf-8")
    made = {f"{CANARY}-{place}" for place in re.findall(r'(?:\bc|both)\("([\w-]+)"\)', source)}
    fields = ("title", "summary", "description", "impact", "remedy", "workaround")
    return made | {f"{CANARY}-advisory-{field}" for field in fields} | {f"{CANARY}-channel"}


@pytest.mark.parametrize("half", [0, 1])
def test_a_walled_name_is_answered_like_one_that_never_was(half: int, logged: io.StringIO) -> None:
    world = public_world()
    hide(world)
    walkers = {who: Walker(a) for who, a in list(world.outside.items())[half::2]}
    compare_with_ghosts(world, walkers, htmx=False, hostile=False, askers=2)
    assert traces(logged.getvalue()) == set()


@pytest.mark.soak
def test_a_walled_name_is_answered_alike_to_every_odd_question() -> None:
    world = public_world()
    hide(world)
    compare_with_ghosts(
        world, {w: Walker(a) for w, a in world.outside.items()}, htmx=True, hostile=True
    )


def arguments_of(parser: Any, values: dict[str, list[str]], folder: Path) -> Iterator[list[str]]:
    """Yield ways to fill the places of a command, each with walled names."""
    places = [a for a in parser._actions if not a.option_strings]
    needed = [a for a in parser._actions if a.option_strings and a.required]
    for turn in range(max((len(values.get(a.dest, [])) for a in [*places, *needed]), default=1)):
        found: list[str] = []
        for action in [*needed, *places]:
            several = values.get(action.dest, [str(folder / "file")])
            value = next(iter(action.choices)) if action.choices else several[turn % len(several)]
            found += [*action.option_strings[-1:], value]
        yield found


def said_by_commands(world: World, who: str, values: Any, folder: Path) -> dict[str, str]:
    said = {}
    for words, parser in walk.commands().items():
        if words in NO_WALK or not parser._defaults.get("acts"):
            continue
        for turn, arguments in enumerate(arguments_of(parser, values, folder)):
            # Both come from the same answer, so that each is asked in turn.
            form = ("table", "json")[turn % 2]
            order = [*words, *arguments, "--as", who, "--format", form]
            code, text = walk.run_command(order)
            assert "Traceback" not in text, order
            said[" ".join(order)] = f"{code} {text}"
    return said


def opened(path: Path) -> str:
    """Return all that is in a tar, unpacked."""
    text = ""
    with tarfile.open(path) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member)
            content = file.read() if file else b""
            if content[:2] == b"\x1f\x8b":
                content = gzip.decompress(content)
            text += content.decode(errors="replace")
    return text


def test_no_command_tells_anybody_outside(tmp_path: Path, logged: io.StringIO) -> None:
    world = public_world()
    hide(world)
    assert world.case is not None
    numbers, _uids = names_behind(world.case.wall)
    names = ghosts(world)
    (tmp_path / "file").write_text("{}")
    walled = {
        "number": sorted(numbers), "release": sorted(numbers), "product": sorted(numbers),
        "text": [SOUGHT, CVE], "name": [CVE], "company": ["kazahaya", str(world.company.uid)],
        "version": ["1"], "title": ["t"], "source": ["osv"],
    }  # fmt: skip
    never = {name: [names.get(v, v) for v in several] for name, several in walled.items()}
    everybody = {w: a.email for w, a in world.outside.items() if a is not None}
    for who, email in everybody.items():
        said = said_by_commands(world, email, walled, tmp_path)
        assert traces("".join(said.values())) == set(), who
        if who in {"administrator", "other unit", "ended participant"}:
            ghost = said_by_commands(world, email, never, tmp_path)
            changed = [
                order for order, text in said.items()
                if not re.search(r"\b(add|open|export)\b", order)
                and walk.renamed(text, names) != ghost[walk.renamed(order, names)]
            ]  # fmt: skip
            assert changed == [], who
        target = tmp_path / f"{who}.tar.gz"
        walk.run_command(["export", str(world.company.uid), str(target), "--as", email])
        if target.exists():
            assert traces(opened(target)) == set(), who
    inside = "".join(said_by_commands(world, world.lead.email, walled, tmp_path).values())
    assert f"{CANARY}-case-title" in inside
    target = tmp_path / "inside.tar.gz"
    walk.run_command(["export", str(world.company.uid), str(target), "--as", world.lead.email])
    assert {m for m in canaries() if m not in traces(opened(target))} <= {
        f"{CANARY}-file-content", f"{CANARY}-case-reason"
    }  # fmt: skip
    walk.run_command(["export", str(world.company.uid), str(target), "--as", world.quiet.email])
    assert {m for m in traces(opened(target)) if "private" in m} == set(), "not in the talk"
    target = tmp_path / "backup"
    worker.drain()
    _code, text = walk.run_command(["backup", str(target)])
    kept = opened(target)
    assert {m for m in traces(kept + text) if m.startswith(CANARY)} == set()
    assert traces(logged.getvalue()) == set()


@pytest.fixture
def mail_server(settings: Any) -> Iterator[Server]:
    found = Server()
    settings.SMTP_URL = f"smtp+plain://127.0.0.1:{found.port}"
    yield found
    found.controller.stop()


def everything_at_rest() -> dict[str, str]:
    """Return each table's rows as text, bytes in hexadecimal beside their letters."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            parts = []
            for row in cursor.fetchall():
                for value in row:
                    raw = bytes(value) if isinstance(value, bytes | memoryview) else None
                    parts.append(str(value) if raw is None else raw.decode(errors="replace"))
            found[table] = "\n".join(parts)
    return found


def test_nothing_walled_lies_about_or_leaves(mail_server: Server, logged: io.StringIO) -> None:
    world = public_world()
    type(world.company).objects.filter(pk=world.company.pk).update(
        mail_from="psirt@kazahaya.example", mail_bounce="bounce@kazahaya.example"
    )
    hide(world)
    for path in ("/", "/cases/", f"/search/?q={SOUGHT}"):
        Walker(world.lead).client.get(path)
    worker.drain()
    assert len(mail_server.taken) >= 2
    for mail in mail_server.taken:
        said = message_from_bytes(mail.as_bytes(), policy=policy.default)
        # A letter goes to its party by name; what it asks stays behind its link.
        subject, body = str(said["Subject"]), said.get_body().get_content()  # type: ignore[union-attr]
        assert traces(subject + body) <= {f"{CANARY}-contact-name"}, subject
    rest = everything_at_rest()
    lying = {
        (table, mark) for table, text in rest.items() for mark in traces(text)
        if mark.startswith(CANARY)
    }  # fmt: skip
    assert lying == set()
    # Clear on purpose, and THREAT_MODEL.md says so: what products are made of is no walled text.
    clear = {table for table, text in rest.items() if traces(text)}
    assert clear
    assert clear <= {
        "inventory_offering", "inventory_release", "inventory_productmodel", "inventory_component",
        "inventory_package", "inventory_occurrence", "inventory_sbom", "inventory_sbomslot",
    }  # fmt: skip
    assert SOUGHT not in rest["records_searchtoken"]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(FULL)")
        files = [Path(str(connection.settings_dict["NAME"]) + end) for end in ("", "-wal")]
        stored = b"".join(path.read_bytes() for path in files if path.exists())
        assert CANARY.encode() not in stored
        assert "金糸雀".encode() not in stored
    folder = Path(django_settings.DATA_DIR)
    for path in folder.rglob("*"):
        if path.is_file() and "sqlite" not in path.name:
            assert CANARY.encode() not in path.read_bytes(), path.name
    assert traces(logged.getvalue()) == set()
