"""Say in the page's language what the ledger keeps under short names."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from hikeshi.ledger import outbox
from hikeshi.ledger.names import EVENTS
from hikeshi.ledger.queue import KINDS

register = template.Library()


@register.filter
def event_meaning(name: str) -> str:
    """Return what an event of this name says happened; the name itself for one of a later version.

    name: as in ``ledger.names.EVENTS``.
    """
    return _(EVENTS[name]) if name in EVENTS else name


@register.filter
def job_title(name: str) -> str:
    """Return what a job of this name does; the name itself for one that nobody declares now."""
    kind = KINDS.get(name)
    return _(kind.title) if kind is not None and kind.title else name


@register.filter
def message_title(name: str) -> str:
    """Return what a message of this kind is; the name itself for one that nobody declares now."""
    kind = outbox.KINDS.get(name)
    return _(kind.title) if kind is not None and kind.title else name
