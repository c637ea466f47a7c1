"""Addresses of the feeds page."""

from django.urls import path

from hikeshi.intelligence import views

app_name = "intelligence"
urlpatterns = [
    path("findings/feeds/", views.feeds_page, name="feeds"),
    path("findings/feeds/<str:family>/run/", views.run_now, name="run_now"),
    path("findings/feeds/<str:family>/switch/", views.switch, name="switch"),
]
