"""Read rows as they were known at a past moment.

1. A machine fact is an interval: known from one moment, until another. ``as_known(at)`` keeps those
   that were known then. Nothing is rewritten when a fact changes, so that this is a condition and
   no reconstruction.
2. What people edited is rebuilt from the ledger instead (``records.history``).
3. Rights are today's: a query still starts from ``visible_to``, and a wall that was closed later
   hides the past too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self, TypeVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from hikeshi.core.errors import InputRefused, Malformed, gettext_noop

_M_co = TypeVar("_M_co", bound=models.Model, covariant=True)


def known_at(
    at: datetime, *, since: str = "known_from", until: str = "known_to", prefix: str = ""
) -> Q:
    """Return the condition under which a dated row was there at a moment.

    since, until: the columns of the interval, until being NULL while it lasts; it holds from its
    first moment up to but without its last.
    """
    first, last = prefix + since, prefix + until
    return Q(**{f"{first}__lte": at}) & (Q(**{f"{last}__isnull": True}) | Q(**{f"{last}__gt": at}))


class KnownQuerySet(models.QuerySet[_M_co]):
    """Rows with ``known_from`` and ``known_to``."""

    def as_known(self, at: datetime) -> Self:
        """Keep what was known at a moment."""
        return self.filter(known_at(at))


def read_moment(text: str, now: datetime) -> datetime:
    """Read the moment that an address asks for, ``2026-11-01T09:00+09:00``.

    Without an offset it is in the reader's zone; a day alone is its first moment.
    Raises Malformed for what is no moment, InputRefused for one that has not come yet.
    """
    # A plus sign that was not quoted arrives as a space.
    spelled = text.strip()[:40].replace(" ", "+") if "T" in text else text.strip()[:40]
    try:
        read = datetime.fromisoformat(spelled)
        at = timezone.make_aware(read) if timezone.is_naive(read) else read
        # The first hours of year 1 east of Greenwich are no moment that a database could be asked.
        at.astimezone(UTC)
        later = at > now
    except (ValueError, OverflowError) as error:
        raise Malformed(
            gettext_noop("“%(text)s” is no moment. Write it like 2026-11-01T09:00+09:00."),
            text=text[:40],
        ) from error
    if later:
        raise InputRefused(
            gettext_noop("What will be known at %(text)s, nobody can say. Name a past moment."),
            text=text[:40],
        )
    return at


def not_known_yet() -> InputRefused:
    """Return the answer about a record that did not exist at the moment asked for."""
    return InputRefused(
        gettext_noop("This was not known here yet at that moment. Name a later one.")
    )
