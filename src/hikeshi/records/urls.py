"""Addresses of what many areas keep alike."""

from django.urls import path

from hikeshi.records import views

app_name = "records"
urlpatterns = [
    path("files/<uuid:uid>/", views.download, name="file"),
]
