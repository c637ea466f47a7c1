"""Addresses of findings and vulnerabilities."""

from django.urls import path

from hikeshi.matching import views

app_name = "matching"
urlpatterns = [
    path("findings/", views.findings, name="findings"),
    path("findings/export/<str:form>/", views.findings_export, name="export"),
    path("vulnerabilities/<str:name>/", views.vulnerability, name="vulnerability"),
]
