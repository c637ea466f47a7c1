"""Contacts and rounds of questions over the API."""

from __future__ import annotations

from ninja import Router

from hikeshi.stakeholders.api.contacts import router as contacts
from hikeshi.stakeholders.api.rounds import router as rounds

router = Router(tags=["stakeholders"])
router.add_router("", contacts)
router.add_router("", rounds)
