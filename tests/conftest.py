"""What every test stands on: settings, the database under test, shared data, the marker report."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_configure() -> None:
    from hypothesis import settings as properties

    # The gate asks the same questions in every run; HIKESHI_RANDOM=1 asks new ones.
    properties.register_profile("gate", derandomize=not os.environ.get("HIKESHI_RANDOM"))
    properties.load_profile("gate")
    from django.conf import settings

    from hikeshi.organisation.keys import make_key_file

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    make_key_file(Path(settings.KEY_FILE))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real feeds, SBOMs and conformance data."""
    root = Path(__file__).parents[1]
    path = (root / os.environ.get("HIKESHI_SHARED", "../shared")).resolve()
    if not (path / "conformance").is_dir():
        pytest.fail(f"HIKESHI_SHARED: no conformance data at {path}; this test needs it")
    return path


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Start each test in English: a language that one test speaks must not reach the next."""
    from django.utils import translation

    translation.activate("en")
    yield
    translation.deactivate()
