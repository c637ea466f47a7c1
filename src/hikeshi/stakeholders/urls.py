"""Addresses of the directory and of answers by link."""

from django.urls import path, re_path

from hikeshi.stakeholders.views import contacts, rounds

app_name = "stakeholders"
urlpatterns = [
    path("directory/", contacts.contact_list, name="contacts"),
    path("directory/add/", contacts.contact_add, name="contact_add"),
    path("directory/import/", contacts.contact_import, name="contact_import"),
    path("directory/contacts/<uuid:uid>/", contacts.contact, name="contact"),
    path("directory/contacts/<uuid:uid>/edit/", contacts.contact_edit, name="contact_edit"),
    path("directory/contacts/<uuid:uid>/keys/", contacts.key_add, name="key_add"),
    path(
        "directory/contacts/<uuid:uid>/retire/", contacts.contact_act, {"act": "retire"}, "retire"
    ),
    path(
        "directory/contacts/<uuid:uid>/return/", contacts.contact_act, {"act": "return"}, "return"
    ),
    path(
        "directory/contacts/<uuid:uid>/keys/<uuid:key>/verify/",
        contacts.key_act,
        {"act": "verify"},
        "key_verify",
    ),
    path(
        "directory/contacts/<uuid:uid>/keys/<uuid:key>/remove/",
        contacts.key_act,
        {"act": "remove"},
        "key_remove",
    ),
    path("directory/rounds/", rounds.round_list, name="rounds"),
    path("directory/rounds/add/", rounds.round_add, name="round_add"),
    path("directory/rounds/<str:number>/", rounds.round_page, name="round"),
    re_path(
        r"^directory/rounds/(?P<number>[^/]+)/(?P<act>parties|open|remind|close)/$",
        rounds.round_act,
        name="round_act",
    ),
    path("r/<str:key>/", rounds.round_answer, name="answer"),
    path("r/<str:key>/done/", rounds.round_answered, name="answered"),
]
