"""Mail to a server that asks for TLS and a login: a real one, with a certificate made here."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hikeshi.remote.mail import Letter, MailNotSetUp, SMTPSender

pytestmark = pytest.mark.pure
LETTER = Letter(
    sender=("風早電機", "psirt@kazahaya.example"), to=(("発見者", "finder@lab.example"),),
    subject="KZ-2026-0001", text="受け付けました。\n", message_id="<1@kazahaya.example>",
    written_at=datetime(2026, 11, 26, tzinfo=UTC),
)  # fmt: skip


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a self-signed certificate for 127.0.0.1; return its file and that of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "crl_sign", "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=True, **usage), critical=True
        )
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(own, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    public, private = folder / "mail.pem", folder / "mail.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )  # fmt: skip
    return public, private


class Kept:
    """What the server took, and over which kind of connection."""

    def __init__(self) -> None:
        self.taken: list[tuple[bool, Any]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken.append((session.ssl is not None, envelope))
        return "250 OK"


class Server:
    """A mail server that takes nothing without STARTTLS and a login, unless it is told to."""

    def __init__(self, folder: Path, *, tls: bool = True) -> None:
        self.ca, private = certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, private)
        self.kept = Kept()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        more: dict[str, Any] = {"tls_context": context, "require_starttls": True} if tls else {}
        self.controller = Controller(
            self.kept, hostname="127.0.0.1", port=self.port, authenticator=_knows,
            auth_required=tls, **more,
        )  # fmt: skip
        self.controller.start()

    def sender(self, *, password: str = "p%40ss", trusted: bool = True) -> SMTPSender:
        ca = str(self.ca) if trusted else ""
        url = f"smtp://psirt:{password}@127.0.0.1:{self.port}"
        return SMTPSender(url, ca_file=ca, timeout_seconds=10)


def _knows(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    known = LoginPassword(b"psirt", b"p@ss")
    return AuthResult(success=given == known, handled=False)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("mail"))
    yield found
    found.controller.stop()


def test_a_letter_goes_over_tls_and_after_a_login(server: Server) -> None:
    assert server.sender().send(LETTER) == LETTER.message_id
    ((encrypted, envelope),) = server.kept.taken
    assert encrypted
    assert envelope.rcpt_tos == ["finder@lab.example"]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"trusted": False}, "certificate of the mail server 127.0.0.1 is not trusted"),
        ({"password": "wrong"}, r"does not take our user name and password \(535\)"),
    ],
)
def test_without_trust_or_the_right_password_nothing_is_handed_over(
    how: dict[str, Any], said: str, server: Server
) -> None:
    before = len(server.kept.taken)
    with pytest.raises(MailNotSetUp, match=said) as told:
        server.sender(**how).send(LETTER)
    assert "HIKESHI_SMTP_" in str(told.value)
    assert "wrong" not in str(told.value)
    assert len(server.kept.taken) == before


def test_a_server_without_starttls_never_hears_the_password(tmp_path: Path) -> None:
    plain = Server(tmp_path, tls=False)
    try:
        with pytest.raises(MailNotSetUp, match="offers no STARTTLS"):
            plain.sender().send(LETTER)
        assert plain.kept.taken == []
    finally:
        plain.controller.stop()


def test_a_file_of_authorities_that_is_none_is_named(server: Server, tmp_path: Path) -> None:
    for content in (None, b"", b"\x00nonsense"):
        if content is not None:
            (tmp_path / "ca.pem").write_bytes(content)
        sender = SMTPSender(
            f"smtp://127.0.0.1:{server.port}", ca_file=str(tmp_path / "ca.pem"), timeout_seconds=10
        )
        with pytest.raises(MailNotSetUp, match=r"ca\.pem that HIKESHI_SMTP_CA names"):
            sender.send(LETTER)
