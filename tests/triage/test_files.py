"""Files of a case: kept behind its wall, handed out safely, taken away with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from hikeshi.core.errors import InputRefused, NotAllowed, NotFound
from hikeshi.organisation.roles import Role
from hikeshi.records.blobs import blobs_about, space_of
from hikeshi.records.models import Blob, FileSpace
from hikeshi.triage import filing
from hikeshi.triage.models import Case, CaseRole
from tests.builders import NOW, Firm, firm, person, seen_by
from tests.triage.cases import opened
from tests.triage.test_pages import logged_in

pytestmark = pytest.mark.django_db
PCAP = b"\xd4\xc3\xb2\xa1" + b"canary-pcap" * 40


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def kept(kazahaya: Firm, case: Case, name: str = "調査/証拠.pcap") -> Blob:
    return filing.add_file(
        case=case, name=name, content=[PCAP], by=seen_by(kazahaya.admin), at=NOW,
        declared="application/vnd.tcpdump.pcap",
    )  # fmt: skip


def send(client: Client, case: Case, name: str, content: bytes, **more: str) -> Any:
    upload = SimpleUploadedFile(name, content, more.pop("declared", "application/octet-stream"))
    return client.post(reverse("triage:act", args=[case.number, "files"]), {"file": upload})


def test_a_file_sent_by_the_page_is_kept_listed_and_handed_out_as_bytes() -> None:
    kazahaya = firm()
    case = opened(kazahaya)
    client = logged_in(kazahaya.admin)
    answer = send(client, case, "証拠.html", b"<script>alert(1)</script>", declared="text/html")
    assert answer.status_code == 302
    page = client.get(reverse("triage:case", args=[case.number])).content.decode()
    assert "証拠.html" in page
    [blob] = blobs_about(seen_by(kazahaya.admin), case.uid)
    given = client.get(reverse("records:file", args=[blob.uid]))
    assert b"".join(given.streaming_content) == b"<script>alert(1)</script>"
    assert given["Content-Type"] == "application/octet-stream"
    assert given["Content-Disposition"].startswith("attachment")
    assert (given["X-Content-Type-Options"], given["Cache-Control"]) == (
        "nosniff",
        "private, no-store",
    )


def test_a_file_lies_behind_the_wall_of_its_case() -> None:
    kazahaya = firm()
    case = opened(kazahaya)
    blob = kept(kazahaya, case)
    outsider = person("o@kazahaya.example", kazahaya.company, Role.LEAD)
    assert blob.wall_id == case.wall_id
    assert blobs_about(seen_by(outsider), case.uid) == []
    client = logged_in(outsider)
    assert client.get(reverse("records:file", args=[blob.uid])).status_code == 404
    assert send(client, case, "x.txt", b"x").status_code == 404
    gone = client.post(reverse("triage:file_remove", args=[case.number, blob.uid]), {"reason": "x"})
    assert gone.status_code == 404
    with pytest.raises(NotFound):
        filing.add_file(case=case, name="x", content=[b"x"], by=seen_by(outsider), at=NOW)


@pytest.mark.parametrize(
    ("name", "content", "declared", "said"),
    [
        ("tool.exe", b"MZ\x90\x00", "application/octet-stream", "This is a program"),
        ("shot.png", b"%PDF-1.7", "image/png", "its content is application/pdf"),
    ],
)
def test_what_is_not_taken_is_said_at_the_form_and_nothing_is_kept(
    name: str, content: bytes, declared: str, said: str
) -> None:
    kazahaya = firm()
    case = opened(kazahaya)
    answer = send(logged_in(kazahaya.admin), case, name, content, declared=declared)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Blob.objects.for_system("a test counts").exists()


def test_a_full_quota_refuses_the_file() -> None:
    kazahaya = firm()
    case = opened(kazahaya)
    FileSpace.objects.filter(pk=space_of(kazahaya.company).pk).update(quota_bytes=10)
    answer = send(logged_in(kazahaya.admin), case, "log.txt", b"x" * 11, declared="text/plain")
    assert answer.status_code == 413
    assert not Blob.objects.for_system("a test counts").exists()


def test_a_file_is_removed_with_a_reason_and_stays_on_record() -> None:
    kazahaya = firm()
    case = opened(kazahaya)
    blob = kept(kazahaya, case)
    by = seen_by(kazahaya.admin)
    with pytest.raises(InputRefused, match="Say why"):
        filing.remove_file(case=case, blob=blob, by=by, at=NOW, reason=" ")
    client = logged_in(kazahaya.admin)
    client.post(
        reverse("triage:file_remove", args=[case.number, blob.uid]), {"reason": "個人情報のため"}
    )
    assert client.get(reverse("records:file", args=[blob.uid])).status_code == 404
    page = client.get(reverse("triage:case", args=[case.number])).content.decode()
    assert "証拠.pcap" in page
    assert "個人情報のため" in page
    assert space_of(kazahaya.company).used_bytes == 0


def test_who_does_not_lead_the_case_removes_nothing() -> None:
    kazahaya = firm()
    developer = person("d@kazahaya.example", kazahaya.company, Role.DEVELOPER)
    case = opened(kazahaya, members=[(developer, CaseRole.OWNER_UNIT)])
    blob = kept(kazahaya, case)
    with pytest.raises(NotAllowed):
        filing.remove_file(case=case, blob=blob, by=seen_by(developer), at=NOW, reason="x")
    other = opened(kazahaya, vulnerabilities=["CVE-2026-10002"])
    with pytest.raises(NotFound):
        filing.remove_file(case=other, blob=blob, by=seen_by(kazahaya.admin), at=NOW, reason="x")


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "“End the embargo” is not possible"), ("ja", "「公表保留を終える」はできません")],
)
def test_a_refused_step_is_said_in_words_and_not_in_codes(language: str, said: str) -> None:
    kazahaya = firm()
    case = opened(kazahaya)
    client = logged_in(kazahaya.admin, language)
    answer = client.post(
        reverse("triage:act", args=[case.number, "embargo"]), {"act": "terminate"}
    ).content.decode()
    assert said in answer
    assert "“terminate”" not in answer
    moved = client.post(
        reverse("triage:act", args=[case.number, "move"]), {"to": "disclosure"}
    ).content.decode()
    assert ("“Discovery” cannot move to “Disclosure”" if language == "en" else "「発見」") in moved
