"""Forms about companies: the first set-up, settings, a further company."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from hikeshi.organisation.forms.fields import (
    PREFIX,
    NamesMixin,
    calendar_choices,
    zone_choices,
)
from hikeshi.organisation.forms.me import PasswordMixin
from hikeshi.organisation.models import Company, OrgModel
from hikeshi.organisation.queries import companies_of, text_in
from hikeshi.organisation.viewer import Viewer


class SetupForm(NamesMixin, PasswordMixin):
    """The first set-up: the company, and who sets it up."""

    number_prefix = forms.CharField(
        label=_("Number prefix"),
        max_length=8,
        validators=[PREFIX],
        required=False,
        help_text=_(
            "Starts every number: with KZ cases read KZ-2026-0042. Cannot be changed. Left empty, "
            "it is made of the name."
        ),
    )
    zone = forms.ChoiceField(label=_("Time zone"), choices=lazy(zone_choices, list))
    languages = forms.MultipleChoiceField(
        label=_("Languages of what you publish"),
        choices=settings.LANGUAGES,
        widget=forms.CheckboxSelectMultiple,
        initial=["ja", "en"],
    )
    single_person = forms.BooleanField(
        label=_("One person runs the PSIRT"),
        required=False,
        help_text=_("Pages then show less: no owners, no approval by a second person."),
    )
    person_name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("Your mail address"), widget=forms.EmailInput({"autocomplete": "email"})
    )
    field_order = (
        "name_ja", "name_en", "number_prefix", "zone", "languages", "single_person", "person_name",
        "email", "way", "password",
    )  # fmt: skip


class CompanyForm(NamesMixin):
    """A company's settings."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    org_model = forms.ChoiceField(
        label=_("Organisation model"),
        choices=OrgModel.choices,
        help_text=_(
            "One PSIRT for all, one in each business unit, or a centre with teams in them."
        ),
    )
    single_person = forms.BooleanField(
        label=_("One person runs the PSIRT"),
        required=False,
        help_text=_("Pages then show less: no owners, no approval by a second person."),
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages of what you publish"),
        choices=settings.LANGUAGES,
        widget=forms.CheckboxSelectMultiple,
    )
    zone = forms.ChoiceField(label=_("Time zone"), choices=lazy(zone_choices, list))
    calendar = forms.ChoiceField(label=_("Holiday calendar"), choices=calendar_choices)
    host = forms.CharField(
        label=_("Host name of the public pages"),
        max_length=253,
        required=False,
        help_text=_("psirt.example.com; advisories, the report form and security.txt live there."),
        validators=[
            RegexValidator(
                r"\A[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+\Z",
                _("Write a host name in small letters, without https://."),
            )
        ],
    )
    mail_from = forms.EmailField(
        label=_("Mail sender"), required=False, help_text=_("psirt@example.com")
    )
    mail_bounce = forms.EmailField(
        label=_("Bounce address"),
        required=False,
        help_text=_("Where mail that cannot be delivered comes back to."),
    )
    mail_domain = forms.CharField(label=_("Message-ID domain"), max_length=253, required=False)
    mail_reply_token = forms.CharField(
        label=_("Reply address"),
        max_length=64,
        required=False,
        help_text=_("psirt+{token}@example.com: {token} tells an answer where it belongs."),
        validators=[
            RegexValidator(
                r"\A[A-Za-z0-9._+-]*\{token\}[A-Za-z0-9._+-]*@[A-Za-z0-9.-]+\Z",
                _("Write an address with {token} before the @, as psirt+{token}@example.com."),
            )
        ],
    )

    PLAIN = (
        "org_model", "single_person", "languages", "zone", "calendar", "mail_from", "mail_bounce",
        "mail_domain", "mail_reply_token",
    )  # fmt: skip

    def changes(self) -> dict[str, Any]:
        """Return the entered fields as the company has them."""
        entered = {name: self.cleaned_data[name] for name in self.PLAIN}
        return {"name": self.names(), "host": self.cleaned_data["host"] or None} | entered

    @classmethod
    def initial_of(cls, company: Company) -> dict[str, Any]:
        """Return what the form shows of a company."""
        return {
            "revision": company.revision,
            "name_ja": company.name.get("ja", ""),
            "name_en": company.name.get("en", ""),
            "host": company.host or "",
        } | {name: getattr(company, name) for name in cls.PLAIN}


class NewCompanyForm(NamesMixin):
    """A further company."""

    slug = forms.SlugField(
        label=_("Short name"), max_length=40, help_text=_("In addresses and commands.")
    )
    number_prefix = forms.CharField(
        label=_("Number prefix"),
        max_length=8,
        validators=[PREFIX],
        required=False,
        help_text=_(
            "Starts every number, and no other company has it. Left empty, it is made of the name."
        ),
    )
    parent = forms.ModelChoiceField(
        label=_("Belongs to"), queryset=Company.objects.none(), required=False, to_field_name="uid"
    )
    zone = forms.ChoiceField(label=_("Time zone"), choices=lazy(zone_choices, list))
    field_order = ("name_ja", "name_en", "slug", "number_prefix", "parent", "zone")

    def __init__(self, *args: Any, viewer: Viewer, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parent: Any = self.fields["parent"]
        parent.queryset = companies_of(viewer)
        parent.label_from_instance = lambda company: text_in(company.name, language)
