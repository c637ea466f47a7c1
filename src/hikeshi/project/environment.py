"""Read Hikeshi's settings from the environment; every name stands in docs/operator/settings.md."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs


@dataclass(frozen=True, slots=True)
class Environment:
    """What an operator can set. Paths are absolute."""

    data_dir: Path
    key_file: Path
    database_url: str
    base_url: str
    allowed_hosts: list[str]
    debug: bool
    secret_key: str
    smtp_url: str
    smtp_ca: str
    mail_from: str
    mail_domain: str
    metrics_token: str
    log_level: str
    log_format: str


def _flag(value: str) -> bool:
    return value.strip().lower() in {"1", "true", "yes", "on"}


def _secret_key(data_dir: Path) -> str:
    """Return the key that signs sessions, making one beside the data on the first start."""
    path = data_dir / "secret_key"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        data_dir.mkdir(parents=True, exist_ok=True)
    key = secrets.token_urlsafe(48)
    try:
        # Exclusive creation: of two processes that start together one makes the key.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(key)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    return key


def read_environment() -> Environment:
    """Read the environment once, at start."""
    get = os.environ.get
    data_dir = Path(get("HIKESHI_DATA") or platformdirs.user_data_dir("hikeshi")).absolute()
    base_url = (get("HIKESHI_URL") or "http://127.0.0.1:8000").rstrip("/")
    hosts = [h.strip() for h in get("HIKESHI_HOSTS", "").split(",") if h.strip()]
    return Environment(
        data_dir=data_dir,
        key_file=Path(get("HIKESHI_KEY_FILE") or data_dir / "master.key").absolute(),
        database_url=get("HIKESHI_DATABASE_URL") or f"sqlite:///{data_dir / 'hikeshi.sqlite3'}",
        base_url=base_url,
        allowed_hosts=hosts or ["127.0.0.1", "localhost", "[::1]"],
        debug=_flag(get("HIKESHI_DEBUG", "")),
        secret_key=get("HIKESHI_SECRET_KEY") or _secret_key(data_dir),
        smtp_url=get("HIKESHI_SMTP_URL", ""),
        smtp_ca=get("HIKESHI_SMTP_CA", ""),
        mail_from=get("HIKESHI_MAIL_FROM", ""),
        mail_domain=get("HIKESHI_MAIL_DOMAIN") or urlsplit(base_url).hostname or "localhost",
        metrics_token=get("HIKESHI_METRICS_TOKEN", ""),
        log_level=get("HIKESHI_LOG_LEVEL", "INFO").upper(),
        log_format=get("HIKESHI_LOG_FORMAT", "").strip().lower(),
    )
