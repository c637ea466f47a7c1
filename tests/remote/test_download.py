"""Fetching from a server on loopback that has the faults of real ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from hikeshi.core.errors import TooLarge
from hikeshi.remote.download import LONGEST_WAIT_SECONDS, FetchFailed, download

pytestmark = pytest.mark.pure
BODY = b"cve,epss\n" * 100


class Replay(BaseHTTPRequestHandler):
    """Answers each request with the next fault of its list, then well; knows its ETag."""

    faults: ClassVar[list[str]] = []
    asked: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        self.asked.append({key.lower(): value for key, value in self.headers.items()})
        fault = self.faults.pop(0) if self.faults else ""
        if fault.isdigit():
            self.send_response(int(fault))
            if fault == "429":
                self.send_header("Retry-After", "7" if self.path != "/long" else "99999")
            self.end_headers()
            return
        if self.headers.get("If-None-Match") == '"one"':
            self.send_response(304)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.send_header("ETag", '"one"')
        self.end_headers()
        if fault == "cut":
            self.wfile.write(BODY[:100])
            self.close_connection = True
            return
        # A slow server: the body comes in pieces.
        for start in range(0, len(BODY), 300):
            self.wfile.write(BODY[start : start + 300])
            self.wfile.flush()

    def log_message(self, *args: object) -> None:  # the name of the first differs, nobody gives it
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    Replay.faults.clear()
    Replay.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Replay)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def waits() -> list[float]:
    return []


def test_a_file_comes_whole_and_is_asked_for_by_its_tag_the_next_time(
    address: str, tmp_path: Path
) -> None:
    target = tmp_path / "deep" / "epss.csv"
    first = download(f"{address}/x", target, limit_bytes=10_000)
    again = download(f"{address}/x", target, limit_bytes=10_000)
    assert (first.is_new, again.is_new) == (True, False)
    assert target.read_bytes() == BODY
    assert "if-none-match" not in Replay.asked[0]
    assert Replay.asked[1]["if-none-match"] == '"one"'
    assert sorted(path.name for path in target.parent.iterdir()) == ["epss.csv", "epss.csv.state"]


def test_another_address_is_not_asked_by_the_tag_of_the_first(address: str, tmp_path: Path) -> None:
    download(f"{address}/x", tmp_path / "f", limit_bytes=10_000)
    assert download(f"{address}/y", tmp_path / "f", limit_bytes=10_000).is_new


def test_faults_that_pass_are_waited_out(address: str, tmp_path: Path, waits: list[float]) -> None:
    Replay.faults[:] = ["500", "cut", "429", "503"]
    got = download(f"{address}/x", tmp_path / "f", limit_bytes=10_000, sleep=waits.append)
    assert got.is_new
    assert (tmp_path / "f").read_bytes() == BODY
    # The server's own wish counts where it has one.
    assert waits == [1.0, 2.0, 7.0, 8.0]


def test_a_wish_for_days_is_not_granted(address: str, tmp_path: Path, waits: list[float]) -> None:
    Replay.faults[:] = ["429"]
    download(f"{address}/long", tmp_path / "f", limit_bytes=10_000, sleep=waits.append)
    assert waits == [LONGEST_WAIT_SECONDS]


@pytest.mark.parametrize(("faults", "said"), [(["404"], "HTTP 404"), (["500"] * 9, "in 5 tries"),
                                              (["cut"] * 9, "in 5 tries")])  # fmt: skip
def test_what_does_not_pass_leaves_the_copy_that_was_there(
    address: str, tmp_path: Path, waits: list[float], faults: list[str], said: str
) -> None:
    target = tmp_path / "f"
    target.write_bytes(b"old")
    Replay.faults[:] = faults
    with pytest.raises(FetchFailed, match=said):
        download(f"{address}/x", target, limit_bytes=10_000, sleep=waits.append)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_file_over_the_limit_is_not_kept(address: str, tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        download(f"{address}/x", tmp_path / "f", limit_bytes=500)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_is_told(tmp_path: Path, waits: list[float]) -> None:
    with pytest.raises(FetchFailed, match="in 5 tries"):
        download("http://127.0.0.1:9/x", tmp_path / "f", limit_bytes=500, sleep=waits.append)
    assert len(waits) == 4
