"""Addresses of cases."""

from django.urls import path

from hikeshi.triage import ask_views, bulk_views, list_views, views

app_name = "triage"
urlpatterns = [
    path("findings/decide/", bulk_views.decide, name="decide"),
    path("findings/decided/<str:token>/", bulk_views.decided, name="decided"),
    path("findings/decided/<str:token>/back/", bulk_views.take_back, name="take_back"),
    path("cases/", list_views.case_list, name="cases"),
    path("cases/together/", list_views.together, name="together"),
    path("cases/open/", views.case_open, name="open"),
    path("cases/<str:number>/", views.case_page, name="case"),
    path("cases/<str:number>/edit/", views.case_edit, name="edit"),
    path("cases/<str:number>/ask/", ask_views.ask, name="ask"),
    path("cases/<str:number>/course/", views.course, name="course"),
    path("cases/<str:number>/releases/", views.releases, name="releases"),
    path("cases/<str:number>/decisions/<uuid:release>/", views.decisions, name="decisions"),
    path("cases/<str:number>/vulnerabilities/<uuid:uid>/", views.describe, name="describe"),
    path("cases/<str:number>/vulnerabilities/<uuid:uid>/score/", views.rate, name="score"),
    path("cases/<str:number>/people/<uuid:uid>/dismiss/", views.dismiss, name="dismiss"),
    path("cases/<str:number>/tasks/<uuid:uid>/", views.task_move, name="task"),
    path("cases/<str:number>/files/<uuid:uid>/remove/", views.file_remove, name="file_remove"),
    path("cases/<str:number>/<str:act>/", views.act, name="act"),
]
