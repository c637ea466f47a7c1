"""Fields and parts of forms that several forms here have alike."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from holidays.registry import COUNTRIES

from hikeshi.organisation.models import Company
from hikeshi.organisation.queries import text_in
from hikeshi.organisation.units import unit_tree
from hikeshi.organisation.viewer import Viewer

_NEVER = {"Etc", "US", "Canada", "Brazil", "Chile", "Mexico", "SystemV"}


def zone_choices(*, empty: bool = False) -> list[Any]:
    """Return time zones grouped by part of the world."""
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in sorted(available_timezones()):
        part, _slash, place = name.partition("/")
        if place and part not in _NEVER:
            groups[part].append((name, name.replace("_", " ")))
    first: list[Any] = [("", _("as the company"))] if empty else []
    return [*first, ("UTC", "UTC"), *groups.items()]


def calendar_choices() -> list[tuple[str, str]]:
    """Return the countries whose holidays are known, by code; names as the library has them."""
    names = {entry[1]: entry[0] for entry in COUNTRIES.values() if len(entry[1]) == 2}
    spaced = {code: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name) for code, name in names.items()}
    return sorted((code, f"{code} – {name}") for code, name in spaced.items())


class DayField(forms.DateField):
    """A day, as browsers send it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> date | None:
        """Refuse what no calendar of people reaches: its midnight elsewhere may be no moment."""
        day: date | None = super().to_python(value)
        if day is not None and not 1900 <= day.year <= 9998:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return day


def end_of(day: date, zone: str) -> datetime:
    """Return the moment at which a day is over in a zone."""
    return datetime.combine(day, time.min, ZoneInfo(zone)) + timedelta(days=1)


def midnight(day: date | None, zone: str) -> datetime | None:
    """Return the moment at which a day begins in a zone."""
    return datetime.combine(day, time.min, ZoneInfo(zone)) if day else None


class NamesMixin(forms.Form):
    """A name in each language that is offered; one of them is needed."""

    name_ja = forms.CharField(
        label=_("Name in Japanese"),
        max_length=120,
        required=False,
        help_text=_("Write the name in one language at least."),
    )
    name_en = forms.CharField(label=_("Name in English"), max_length=120, required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for one of the names."""
        cleaned = super().clean() or {}
        if not (cleaned.get("name_ja") or cleaned.get("name_en")):
            self.add_error("name_ja", _("Write the name in one language at least."))
        return cleaned

    def names(self) -> dict[str, str]:
        """Return the names by language, empty ones left out."""
        texts = {lang: self.cleaned_data[f"name_{lang}"].strip() for lang in ("ja", "en")}
        return {lang: text for lang, text in texts.items() if text}


PREFIX = RegexValidator(r"\A[A-Z][A-Z0-9]{1,7}\Z", _("Two to eight capital letters and digits."))


def unit_choices(
    viewer: Viewer, company: Company, language: str, *, top: Any
) -> list[tuple[str, Any]]:
    """Return the open units of a company as an indented list; ``top`` names the company itself."""
    return [("", top)] + [
        (str(node.unit.uid), "\u2003" * node.depth + text_in(node.unit.name, language))
        for node in unit_tree(viewer, company, language=language)
    ]
