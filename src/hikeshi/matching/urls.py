"""Addresses of findings and vulnerabilities."""

from django.urls import path

from hikeshi.matching import views

app_name = "matching"
urlpatterns = [
    path("findings/", views.findings, name="findings"),
    path("findings/export.csv", views.findings_csv, name="export_csv"),
    path("findings/export.json", views.findings_json, name="export_json"),
    path("vulnerabilities/<str:name>/reach/", views.reach, name="reach"),
    path("vulnerabilities/<str:name>/", views.vulnerability, name="vulnerability"),
]
