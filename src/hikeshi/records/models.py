"""The base record that cases, reports, advisories, products and the like share.

``uid`` is the outward name, the integer key stays inside. ``number`` counts per company and kind
and skips at random. ``revision`` rises by one with each save; a save that names an older one is
refused (``records.services.save_record``).
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hikeshi.organisation.models import Realm, new_uid
from hikeshi.organisation.walls import WalledRow


class Record(WalledRow):
    """A walled row with an identity of its own."""

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    number = models.CharField(_("number"), max_length=40)
    realm = models.CharField(max_length=8, choices=Realm.choices, default=Realm.LIVE)
    revision = models.PositiveIntegerField(default=1)
    retention = models.CharField(max_length=20, default="case")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta(WalledRow.Meta):
        abstract = True

    def __str__(self) -> str:
        return self.number
