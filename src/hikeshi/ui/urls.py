"""Addresses that belong to no area."""

from django.urls import path

from hikeshi.ui import views

app_name = "ui"
urlpatterns = [
    path("language/", views.language, name="language"),
    path("more/", views.more, name="more"),
]
