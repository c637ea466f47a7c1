"""Neither a test nor a process that it starts can reach another machine.

The addresses are of the blocks for documentation (RFC 5737, RFC 3849): even if the guard failed,
nobody would be reached.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.network import NotLoopback

pytestmark = pytest.mark.pure
ROOT = Path(__file__).parents[2]
ATTEMPTS = {
    "connect": "socket.create_connection(('192.0.2.1', 9), timeout=0.2)",
    "connect_ex": "socket.socket().connect_ex(('192.0.2.1', 9))",
    "ipv6": "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 9, 0, 0))",
    "sendto": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 9))",
    "sendmsg": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"
    ".sendmsg([b'x'], [], 0, ('192.0.2.1', 9))",
    "name": "socket.getaddrinfo('host.example', 80)",
    "http": "__import__('httpx').get('http://192.0.2.1:9/', timeout=0.2, trust_env=False)",
    "mail": "__import__('smtplib').SMTP('192.0.2.1', 25, timeout=0.2)",
}
CHILD = """
import socket
try:
    {attempt}
except Exception as error:
    import traceback
    said = traceback.format_exc()
    print("refused" if "tests may" in said else said)
else:
    print("reached")
"""


def in_a_child(code: str, **more: object) -> str:
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
                         timeout=60, check=False, **more)  # type: ignore[call-overload]  # fmt: skip
    return str(ran.stdout + ran.stderr).strip()


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_a_child_reaches_no_other_machine(attempt: str) -> None:
    assert in_a_child(CHILD.format(attempt=attempt)) == "refused"


@pytest.mark.parametrize(
    "environment",
    [{}, {"PATH": os.environ["PATH"], "PYTHONPATH": "src"}],
    ids=["empty", "of its own"],
)
def test_a_child_with_another_environment_is_held_too(environment: dict[str, str]) -> None:
    assert in_a_child(CHILD.format(attempt=ATTEMPTS["connect"]), env=environment) == "refused"


def test_a_child_of_a_child_is_held_too() -> None:
    inner = CHILD.format(attempt=ATTEMPTS["connect"])
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}], env={{}})"
    assert in_a_child(code) == "refused"


def test_the_program_itself_is_held() -> None:
    code = "import sys; sys.argv = ['hikeshi', '--version']; import hikeshi.__main__ as m; "
    said = in_a_child(
        code + "import socket; print(socket.socket.__name__)",
        env={"PYTHONPATH": "src", "PATH": os.environ["PATH"]},
    )
    assert said == "LoopbackSocket"


def test_this_process_is_held_and_may_reach_itself() -> None:
    with pytest.raises(NotLoopback, match=r"not 192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 9), timeout=0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=2).close()
