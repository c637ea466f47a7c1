"""Addresses of findings and vulnerabilities."""

from django.urls import path

from hikeshi.matching import views

app_name = "matching"
urlpatterns = [
    path("findings/", views.findings, name="findings"),
    path("vulnerabilities/<str:name>/", views.vulnerability, name="vulnerability"),
]
