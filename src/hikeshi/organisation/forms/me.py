"""Forms about oneself: looks, tokens, passkeys, the first way in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from hikeshi.organisation.forms.fields import (
    DayField,
    zone_choices,
)
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import PERMISSION_WORDS, Permission
from hikeshi.organisation.viewer import Viewer


class MeForm(forms.ModelForm[Account]):
    """How pages look and speak to oneself."""

    zone = forms.ChoiceField(label=_("Time zone"), choices=lazy(zone_choices, list))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    theme = forms.ChoiceField(
        label=_("Appearance"),
        choices=[
            ("auto", _("as the system")),
            ("light", _("light")),
            ("dark", _("dark")),
        ],
    )
    density = forms.ChoiceField(
        label=_("Row height"),
        choices=[("compact", _("compact")), ("comfortable", _("comfortable"))],
    )

    class Meta:
        model = Account
        fields = ["name", "language", "zone", "theme", "density", "shortcuts"]


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Which program uses it, and where.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("Rights"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("It can do no more than you may, whatever is chosen here."),
    )
    expires_on = DayField(
        label=_("Last day"), help_text=_("A year from now at most."), required=True
    )

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (permission.value, PERMISSION_WORDS[permission])
            for permission in Permission
            if viewer.may_somewhere(permission)
        ]
        self.fields["expires_on"].initial = (timezone.localtime() + timedelta(days=90)).date()


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """A new passkey; one that logs in by itself, unless told otherwise."""

    name = forms.CharField(label=_("Name"), required=False, max_length=80)
    passwordless = forms.BooleanField(
        label=_("Log in with it alone"),
        required=False,
        initial=True,
        help_text=_("Off: it is only asked after the password, as a second factor."),
    )


class PasswordMixin(forms.Form):
    """A first password, or a passkey right after."""

    way = forms.ChoiceField(
        label=_("Way in"),
        widget=forms.RadioSelect,
        initial="password",
        choices=[
            ("password", _("a password")),
            ("passkey", _("a passkey: asked for on the next page")),
        ],
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("12 characters or more; several words are easy to remember."),
    )

    # The browser must let the form go when the passkey is chosen and the password left empty.
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].required = self.data.get("way") != "passkey"

    def clean(self) -> dict[str, Any]:
        """Check a password as the settings demand, near the field."""
        cleaned = super().clean() or {}
        if cleaned.get("way") == "password" and cleaned.get("password"):
            try:
                validate_password(cleaned["password"], self.account_for_check(cleaned))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned

    def account_for_check(self, cleaned: dict[str, Any]) -> Account:
        """Return who the password must not resemble."""
        return Account(email=cleaned.get("email") or "", name=cleaned.get("person_name") or "")

    def chosen_password(self) -> str | None:
        """Return the password; None when a passkey was chosen."""
        return self.cleaned_data["password"] if self.cleaned_data["way"] == "password" else None


class WelcomeForm(PasswordMixin):
    """Who was invited chooses a name and a way in."""

    person_name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"})
    )
    field_order = ("person_name", "way", "password")

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"person_name": account.name, "way": "password"})
        super().__init__(*args, **kwargs)
        self.account = account

    def account_for_check(self, cleaned: dict[str, Any]) -> Account:
        """Return the invited person."""
        return self.account
