"""Public keys: what they say of themselves, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pysequoia import Tsk

from hikeshi.core.errors import InputRefused, Malformed, TooLarge
from hikeshi.formats.publickey import grouped, read_public_key

pytestmark = pytest.mark.pure


def certificate() -> tuple[bytes, bytes]:
    """Make a certificate and its secret key, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Nordvik PSIRT")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(begin).not_valid_after(begin + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made.public_bytes(serialization.Encoding.PEM), secret


def test_an_openpgp_key_is_read_armoured_and_binary_alike() -> None:
    made = Tsk.generate("Enomoto <enomoto@finder.example>")
    public = made.extract_certificate()
    armoured, binary = read_public_key(str(public).encode()), read_public_key(bytes(public))
    assert armoured == binary
    assert armoured.kind == "pgp"
    assert armoured.fingerprint == public.fingerprint.upper()
    assert armoured.owners == ("Enomoto <enomoto@finder.example>",)
    assert armoured.material.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----")


def test_a_certificate_tells_its_owner_and_its_last_day() -> None:
    found = read_public_key(certificate()[0])
    assert (found.kind, found.owners) == ("smime", ("CN=Nordvik PSIRT",))
    assert found.expires_on is not None
    assert found.expires_on.isoformat() == "2027-01-01"
    assert len(found.fingerprint) == 64


def test_a_secret_key_is_refused_before_anything_is_kept() -> None:
    made = Tsk.generate("Enomoto <enomoto@finder.example>")
    for secret in (bytes(made), str(made).encode(), certificate()[1]):
        with pytest.raises(InputRefused, match="secret key"):
            read_public_key(secret)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"\x00" * 500, "鍵".encode("utf-16"),
     b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nnot base64\n-----END PGP PUBLIC KEY BLOCK-----",
     b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"],
)  # fmt: skip
def test_what_is_no_key_is_refused_in_one_sentence(content: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        read_public_key(content)
    assert "\n" not in str(refused.value)


def test_a_cut_key_and_an_endless_one_are_refused() -> None:
    whole = certificate()[0]
    with pytest.raises(Malformed):
        read_public_key(whole[: len(whole) // 2])
    with pytest.raises(TooLarge):
        read_public_key(b"x" * (256 * 1024 + 1))


def test_a_fingerprint_is_written_in_groups_of_four() -> None:
    assert grouped("95D2E90212BB") == "95D2 E902 12BB"
