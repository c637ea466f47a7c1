"""The one thing the shell stores: which forms were sent."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Sent(models.Model):
    """A form or API call that acted, so that its repeat does not act again (``ui.once``).

    digest: SHA-256 over the key, who sent it and where to; the key itself is never stored.
    answer: the first answer, encrypted under the key that only the sender holds.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    answer = models.BinaryField(default=b"")
    sent_at = models.DateTimeField(default=timezone.now, db_index=True)
