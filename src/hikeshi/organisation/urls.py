"""Addresses of the settings, of the first set-up and of one-time links."""

from django.urls import path

from hikeshi.organisation.views import company, door, me, people, units

app_name = "organisation"
urlpatterns = [
    path("setup/", door.setup_hint, name="setup-hint"),
    path("setup/<str:secret>/", door.setup, name="setup"),
    path("link/<str:secret>/", door.link, name="link"),
    path("settings/", me.me, name="settings"),
    path("settings/", me.me, name="me"),
    path("settings/tokens/", me.token_list, name="tokens"),
    path("settings/tokens/add/", me.token_add, name="token-add"),
    path("settings/tokens/<uuid:uid>/revoke/", me.token_revoke, name="token-revoke"),
    path("settings/unit/", units.unit_choose, name="choose"),
    path("settings/organisation/", units.unit_list, name="units"),
    path("settings/organisation/add/", units.unit_add, name="unit-add"),
    path("settings/organisation/units.csv", units.unit_export, name="unit-export"),
    path("settings/organisation/import/", units.unit_import, name="unit-import"),
    path("settings/organisation/<uuid:uid>/", units.unit, name="unit"),
    path("settings/organisation/<uuid:uid>/move/", units.unit_move, name="unit-move"),
    path("settings/organisation/<uuid:uid>/close/", units.unit_close, name="unit-close"),
    path("settings/people/", people.person_list, name="people"),
    path("settings/people/invite/", people.person_invite, name="invite"),
    path("settings/people/people.csv", people.person_export, name="person-export"),
    path("settings/people/import/", people.person_import, name="person-import"),
    path("settings/people/<uuid:uid>/", people.person, name="person"),
    path("settings/people/<uuid:uid>/appoint/", people.person_appoint, name="appoint"),
    path("settings/people/<uuid:uid>/invite/", people.person_invite_again, name="invite-again"),
    path("settings/people/<uuid:uid>/change/", people.person_change, name="person-change"),
    path("settings/roles/<uuid:uid>/delegate/", people.role_delegate, name="delegate"),
    path("settings/roles/<uuid:uid>/end/", people.role_end, name="role-end"),
    path("settings/company/", company.company, name="company"),
    path("settings/company/add/", company.company_add, name="company-add"),
    path("settings/company/import/", company.company_import, name="company-import"),
    path("settings/company/companies.csv", company.company_export, name="company-export"),
    path("settings/company/keys/rotate/", company.key_rotate, name="key-rotate"),
]
