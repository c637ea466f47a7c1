"""Keep a Python process, and the Python processes it starts, on this machine.

``install()`` refuses any other address before a packet leaves, also the question to a name server,
and puts this folder first on the path of every child: its ``sitecustomize`` installs the guard
there before anything else runs, whatever environment the child is given.

What is no Python is not held by this: the browser has rules of its own (``browser.py``), and
PostgreSQL's client library is only ever told of a local socket.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import subprocess
from typing import Any

FOLDER = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  # starts fast


class NotLoopback(OSError):
    """A test tried to reach another machine."""


class NotResolved(NotLoopback, socket.gaierror):
    """A test tried to ask where another machine is."""


def _is_here(host: object) -> bool:
    text = host.decode() if isinstance(host, bytes) else str(host or "")
    if text in {"", "localhost", "localhost.localdomain", "ip6-localhost"}:
        return True
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse_others(address: Any) -> None:
    # Anything but a pair or more is the path of a local socket.
    if isinstance(address, tuple) and not _is_here(address[0]):
        raise NotLoopback(f"tests may reach loopback only, not {address[0]}")


class LoopbackSocket(socket.socket):
    """A socket that connects and sends to this machine only."""

    def connect(self, address: Any, /) -> None:
        _refuse_others(address)
        super().connect(address)

    def connect_ex(self, address: Any, /) -> int:
        _refuse_others(address)
        return super().connect_ex(address)

    def sendto(self, data: Any, /, *rest: Any) -> int:
        _refuse_others(rest[-1])
        return super().sendto(data, *rest)

    def sendmsg(self, buffers: Any, *rest: Any) -> int:
        if len(rest) > 2:
            _refuse_others(rest[2])
        return super().sendmsg(buffers, *rest)


def _asking_only_here(ask: Any) -> Any:
    def asking(host: Any, *rest: Any, **more: Any) -> Any:
        if not _is_here(host) and not _is_literal(host):
            raise NotResolved(socket.EAI_NONAME, f"tests may not look up {host}")
        return ask(host, *rest, **more)

    return asking


def _is_literal(host: object) -> bool:
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True  # an address needs no question; connecting to it is refused above


def guarded_environment(given: Any) -> dict[str, str]:
    """Return the environment of a child with this folder first on its path."""
    found = dict(os.environ if given is None else given)
    parts = [part for part in found.get("PYTHONPATH", "").split(os.pathsep) if part]
    found["PYTHONPATH"] = os.pathsep.join([FOLDER, *(part for part in parts if part != FOLDER)])
    return found


def install() -> None:
    """Guard this process and those it starts; a second time does nothing."""
    if socket.socket is LoopbackSocket:
        return
    socket.socket = LoopbackSocket  # type: ignore[misc]
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        setattr(socket, name, _asking_only_here(getattr(socket, name)))
    start = subprocess.Popen.__init__

    def guarded(self: Any, args: Any, *rest: Any, **more: Any) -> None:
        if len(rest) < 10:  # the environment may come by position; nobody here does that
            more["env"] = guarded_environment(more.get("env"))
        start(self, args, *rest, **more)

    subprocess.Popen.__init__ = guarded  # type: ignore[method-assign]
    # Children that are started without subprocess (multiprocessing, os.exec) inherit the path.
    os.environ["PYTHONPATH"] = guarded_environment(None)["PYTHONPATH"]
