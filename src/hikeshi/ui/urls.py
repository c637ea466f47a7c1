"""Addresses that belong to no area."""

from django.urls import path

from hikeshi.ui import gallery, views

app_name = "ui"
urlpatterns = [
    path("language/", views.language, name="language"),
    path("appearance/", views.appearance, name="appearance"),
    path("keys/", views.keys, name="keys"),
    path("settings/gallery/", gallery.gallery, name="gallery"),
    path("more/", views.more, name="more"),
]
