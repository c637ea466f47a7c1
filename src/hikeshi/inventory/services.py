"""Change what we ship. Each verb is one transaction with its audit line."""

from __future__ import annotations

from hikeshi.inventory.interning import (
    PackageName,
    VersionName,
    intern_packages,
    intern_versions,
)

__all__ = ["PackageName", "VersionName", "intern_packages", "intern_versions"]
