"""Tests talk to this machine only: any other address is refused before a packet leaves."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any


class NotLoopback(OSError):
    """A test tried to reach another machine."""


def _refuse_others(address: Any) -> None:
    if not isinstance(address, tuple):
        return  # the path of a local socket
    host = address[0].decode() if isinstance(address[0], bytes) else str(address[0])
    if host in {"localhost", ""}:
        return
    try:
        if ipaddress.ip_address(host.partition("%")[0]).is_loopback:
            return
    except ValueError:
        pass
    raise NotLoopback(f"tests may reach loopback only, not {host}")


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


def pytest_configure() -> None:
    socket.socket = LoopbackSocket  # type: ignore[misc]
