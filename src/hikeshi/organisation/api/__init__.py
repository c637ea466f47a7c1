"""Oneself, companies, units, people and their roles over the API."""

from ninja import Router

from hikeshi.organisation.api import companies, people, units

router = Router(tags=["organisation"])
for part in (companies, units, people):
    router.add_router("", part.router)
