"""Forms about units and lists of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hikeshi.organisation.exchange import MOST_BYTES
from hikeshi.organisation.forms.fields import (
    NamesMixin,
    zone_choices,
)
from hikeshi.organisation.models import Account, Company, TeamType, Unit
from hikeshi.organisation.queries import companies_of, text_in
from hikeshi.organisation.viewer import Viewer


class UnitForm(NamesMixin):
    """A unit's own fields."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    kind = forms.CharField(
        label=_("Type"),
        max_length=60,
        help_text=_("Business unit, plant, department, team … in your own words."),
        widget=forms.TextInput({"list": "unit-kinds"}),
    )
    team_type = forms.CharField(
        label=_("Team type"),
        max_length=40,
        required=False,
        help_text=_("PSIRT, CSIRT, FSIRT, DSIRT, SSIRT or your own; empty when it is no team."),
        widget=forms.TextInput({"list": "team-types"}),
    )
    protected_asset = forms.CharField(
        label=_("Protects"),
        max_length=200,
        required=False,
        help_text=_("Products, offices and IT, a plant, a service …"),
    )
    owner = forms.ModelChoiceField(
        label=_("Answerable person"), queryset=Account.objects.none(), required=False,
        to_field_name="uid",
    )  # fmt: skip
    outsourced_to = forms.ModelChoiceField(
        label=_("Outsourced to"),
        queryset=Company.objects.none(),
        required=False,
        to_field_name="uid",
        help_text=_("The group company that does the work of this unit."),
    )
    region = forms.CharField(label=_("Region"), max_length=60, required=False)
    zone = forms.ChoiceField(
        label=_("Time zone"), required=False, choices=lambda: zone_choices(empty=True)
    )

    def __init__(
        self, *args: Any, viewer: Viewer, people: Iterable[Account], language: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]
        outsourced: Any = self.fields["outsourced_to"]
        outsourced.queryset = companies_of(viewer)
        outsourced.label_from_instance = lambda company: text_in(company.name, language)

    def clean_kind(self) -> str:
        """Store a type that we know under one word, whatever language it was entered in."""
        return stored_kind(self.cleaned_data["kind"].strip())

    def changes(self) -> dict[str, Any]:
        """Return the entered fields as the unit has them."""
        plain = ("kind", "team_type", "protected_asset", "owner", "outsourced_to", "region", "zone")
        return {"name": self.names()} | {name: self.cleaned_data[name] for name in plain}

    @staticmethod
    def initial_of(unit: Unit) -> dict[str, Any]:
        """Return what the form shows of a unit."""
        return {
            "revision": unit.revision,
            "name_ja": unit.name.get("ja", ""),
            "name_en": unit.name.get("en", ""),
            "kind": shown_kind(unit.kind),
            "team_type": unit.team_type,
            "protected_asset": unit.protected_asset,
            "owner": unit.owner.uid if unit.owner else None,
            "outsourced_to": unit.outsourced_to.uid if unit.outsourced_to else None,
            "region": unit.region,
            "zone": unit.zone,
        }


def shown_kind(kind: str) -> str:
    """Return a type of unit in the reader's language, when it is one that we know."""
    return gettext(kind) if kind in KNOWN_KINDS else kind


def stored_kind(word: str) -> str:
    """Return the stored word of a type that was entered in any of our languages."""
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for kind in KNOWN_KINDS:
                if word.casefold() in {kind.casefold(), gettext(kind).casefold()}:
                    return kind
    return word


class ParentForm(forms.Form):
    """Where a unit hangs."""

    parent = forms.ChoiceField(label=_("Under"), required=False)

    def __init__(self, *args: Any, choices: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].choices = choices  # type: ignore[attr-defined]


class FileForm(forms.Form):
    """A CSV to look at before it is taken in."""

    file = forms.FileField(label=_("CSV file"))

    def clean_file(self) -> bytes:
        """Return the bytes; what is too large is not even read."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 2 MiB; split it."))
        content: bytes = file.read()
        return content


TEAM_TYPES = TeamType.values
KNOWN_KINDS = ("business unit", "plant", "department", "team", "quality assurance")
UNIT_KINDS = [
    _("business unit"),
    _("plant"),
    _("department"),
    _("team"),
    _("quality assurance"),
]
