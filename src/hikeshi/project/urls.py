"""The one map of addresses; each area brings its own."""

from django.urls import include, path

urlpatterns = [
    path("", include("hikeshi.ui.urls")),
    path("account/", include("allauth.urls")),
]
