"""The one map of addresses; each area brings its own."""

from django.urls import include, path

from hikeshi.project.api import api
from hikeshi.project.api_reference import api_docs, openapi_json
from hikeshi.project.health import healthz, metrics, readyz
from hikeshi.project.today import hide_first_steps, today
from hikeshi.records.views import find

urlpatterns = [
    path("", today, name="today"),
    path("first-steps/hide/", hide_first_steps, name="hide-first-steps"),
    path("", include("hikeshi.ui.urls")),
    path("search/", find, name="search"),
    path("", include("hikeshi.ledger.urls")),
    path("", include("hikeshi.records.urls")),
    path("", include("hikeshi.stakeholders.urls")),
    path("", include("hikeshi.intelligence.urls")),
    path("", include("hikeshi.matching.urls")),
    path("", include("hikeshi.triage.urls")),
    path("", include("hikeshi.disclosure.urls")),
    path("products/", include("hikeshi.inventory.urls")),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("", include("hikeshi.organisation.urls")),
    path("account/", include("hikeshi.organisation.account_urls")),
    path("api/v1/docs", api_docs, name="api-docs"),
    path("api/v1/openapi.json", openapi_json, name="api-openapi"),
    path("api/v1/", api.urls),
]
