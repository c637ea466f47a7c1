"""What the shell around every page needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """Offer the viewer to templates."""
    return {"viewer": getattr(request, "viewer", None)}
