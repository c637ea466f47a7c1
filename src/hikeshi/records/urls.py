"""Addresses of what many areas keep alike."""

from django.urls import path

from hikeshi.records import audit_views, views

app_name = "records"
urlpatterns = [
    path("files/<uuid:uid>/", views.download, name="file"),
    path("settings/audit/", audit_views.audit, name="audit"),
    path("settings/audit/verify/", audit_views.audit_verify, name="audit-verify"),
    path("settings/audit/audit.<str:form>", audit_views.audit_export, name="audit-export"),
]
