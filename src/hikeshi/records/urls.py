"""Addresses of what many areas keep alike."""

from django.urls import path

from hikeshi.records import audit_views, news_views, retention_views, saved_views, views

app_name = "records"
urlpatterns = [
    path("files/<uuid:uid>/", views.download, name="file"),
    path("notifications/", news_views.news_page, name="news"),
    path("notifications/bell/", news_views.counted_bell, name="bell"),
    path("notifications/read/", news_views.read, name="news-read"),
    path("settings/audit/", audit_views.audit, name="audit"),
    path("settings/audit/verify/", audit_views.audit_verify, name="audit-verify"),
    path("settings/audit/audit.<str:form>", audit_views.audit_export, name="audit-export"),
    path("settings/retention/", retention_views.due, name="retention"),
    path("settings/retention/hold/", retention_views.hold, name="retention-hold"),
    path("settings/retention/<uuid:uid>/", retention_views.one, name="retention-one"),
    path("settings/retention/<uuid:uid>/<str:act>/", retention_views.act, name="retention-act"),
    path("settings/views/", saved_views.views_page, name="views"),
    path("settings/views/new/", saved_views.view_new, name="view-new"),
    path("settings/views/<uuid:uid>/", saved_views.view_edit, name="view-edit"),
    path("settings/views/<uuid:uid>/delete/", saved_views.view_delete, name="view-delete"),
    path("settings/views/<uuid:uid>/start/", saved_views.view_start, name="view-start"),
]
