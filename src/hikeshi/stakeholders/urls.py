"""Addresses of the directory and of answers by link."""

from django.urls import path, re_path

from hikeshi.stakeholders import views

app_name = "stakeholders"
urlpatterns = [
    path("directory/", views.contact_list, name="contacts"),
    path("directory/add/", views.contact_add, name="contact_add"),
    path("directory/import/", views.contact_import, name="contact_import"),
    path("directory/contacts/<uuid:uid>/", views.contact, name="contact"),
    path("directory/rounds/", views.round_list, name="rounds"),
    path("directory/rounds/add/", views.round_add, name="round_add"),
    path("directory/rounds/<str:number>/", views.round_page, name="round"),
    re_path(
        r"^directory/rounds/(?P<number>[^/]+)/(?P<act>parties|open|remind|close)/$",
        views.round_act,
        name="round_act",
    ),
    path("r/<str:key>/", views.round_answer, name="answer"),
    path("r/<str:key>/done/", views.round_answered, name="answered"),
]
