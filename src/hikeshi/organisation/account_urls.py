"""The addresses of allauth that we use, each with who may come; sign-up and the rest stay out."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions import views as sessions
from django.urls import path, re_path

from hikeshi.organisation.access import logged_in, public

urlpatterns = [
    path("login/", public(account.login), name="account_login"),
    path("login/passkey/", public(webauthn.login_webauthn), name="mfa_login_webauthn"),
    path("login/code/", public(mfa.authenticate), name="mfa_authenticate"),
    path("logout/", public(account.logout), name="account_logout"),
    path("inactive/", public(account.account_inactive), name="account_inactive"),
    path("confirm/", logged_in(account.reauthenticate), name="account_reauthenticate"),
    path("confirm/code/", logged_in(mfa.reauthenticate), name="mfa_reauthenticate"),
    path(
        "confirm/passkey/",
        logged_in(webauthn.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path("password/reset/", public(account.password_reset), name="account_reset_password"),
    path(
        "password/reset/sent/",
        public(account.password_reset_done),
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        public(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done/",
        public(account.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    path("password/", logged_in(account.password_change), name="account_change_password"),
    path("password/set/", logged_in(account.password_set), name="account_set_password"),
    path("sign-in/", logged_in(mfa.index), name="mfa_index"),
    path("sign-in/app/", logged_in(totp.activate_totp), name="mfa_activate_totp"),
    path("sign-in/app/remove/", logged_in(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("sign-in/codes/", logged_in(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "sign-in/codes/new/",
        logged_in(codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "sign-in/codes/download/",
        logged_in(codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("sign-in/passkeys/", logged_in(webauthn.list_webauthn), name="mfa_list_webauthn"),
    path("sign-in/passkeys/add/", logged_in(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path(
        "sign-in/passkeys/<int:pk>/",
        logged_in(webauthn.edit_webauthn),
        name="mfa_edit_webauthn",
    ),
    path(
        "sign-in/passkeys/<int:pk>/remove/",
        logged_in(webauthn.remove_webauthn),
        name="mfa_remove_webauthn",
    ),
    path("sessions/", logged_in(sessions.list_usersessions), name="usersessions_list"),
]
