"""Public keys that people paste or upload: OpenPGP (RFC 9580), certificates (RFC 8551)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from pysequoia import Cert

from hikeshi.core.errors import InputRefused, Malformed, TooLarge, gettext_noop

LIMIT_BYTES: Final = 256 * 1024
_SECRET_KEY_TAG: Final = 5
Kind = Literal["pgp", "smime"]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key as others may use it.

    fingerprint: hexadecimal, capitals; of OpenPGP its own, of a certificate the SHA-256 one.
    owners: whom the key names. expires_on: None when it does not. material: PEM or ASCII armour.
    """

    kind: Kind
    fingerprint: str
    owners: tuple[str, ...]
    expires_on: date | None
    material: str


def read_public_key(content: bytes) -> PublicKey:
    """Read one OpenPGP key or one certificate, armoured or binary.

    Raises TooLarge, InputRefused for a secret or a revoked key, Malformed for anything else.
    """
    if len(content) > LIMIT_BYTES:
        raise TooLarge(gettext_noop("The key is larger than 256 KB; export it without photos."))
    if b"PRIVATE KEY" in content or _packet_tag(content) == _SECRET_KEY_TAG:
        raise _secret()
    if b"-----BEGIN CERTIFICATE-----" in content:
        return _certificate(content)
    return _openpgp(content)


def grouped(fingerprint: str) -> str:
    """Write a fingerprint in groups of four, as people compare it aloud."""
    return " ".join(fingerprint[at : at + 4] for at in range(0, len(fingerprint), 4))


def _packet_tag(content: bytes) -> int:
    """Return the tag of the first packet of a binary OpenPGP file (RFC 9580, 4.2), 0 for none."""
    head = content[0] if content else 0
    if not head & 0x80:
        return 0
    return head & 0x3F if head & 0x40 else (head >> 2) & 0x0F


def _secret() -> InputRefused:
    return InputRefused(
        gettext_noop("This holds a secret key. It was not kept; export the public key instead.")
    )


def _openpgp(content: bytes) -> PublicKey:
    try:
        key = Cert.from_bytes(content)
        revoked = key.is_revoked
    except Exception as error:
        # The library tells what is wrong by a RuntimeError whose text is a stack of its own calls.
        raise Malformed(
            gettext_noop(
                "This is no public key: paste one OpenPGP key (BEGIN PGP PUBLIC KEY BLOCK) or one"
                " certificate (BEGIN CERTIFICATE)."
            )
        ) from error
    if revoked:
        raise InputRefused(gettext_noop("Its owner has revoked this key; ask for the new one."))
    return PublicKey(
        kind="pgp",
        fingerprint=key.fingerprint.upper(),
        owners=tuple(str(owner) for owner in key.user_ids),
        expires_on=key.expiration.date() if key.expiration else None,
        material=str(key),
    )


def _certificate(content: bytes) -> PublicKey:
    try:
        found = x509.load_pem_x509_certificate(content)
        names = (found.subject.rfc4514_string(),)
    except ValueError as error:
        raise Malformed(gettext_noop("The certificate is damaged; export it again.")) from error
    return PublicKey(
        kind="smime",
        fingerprint=found.fingerprint(hashes.SHA256()).hex().upper(),
        owners=names,
        expires_on=found.not_valid_after_utc.date(),
        material=found.public_bytes(serialization.Encoding.PEM).decode("ascii"),
    )
