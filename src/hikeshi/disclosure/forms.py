"""The form of an advisory's texts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hikeshi.disclosure.models import Advisory

# Where most readers of advisories sit; the company's and the reader's own zone come first.
_ZONES: Final = ("Asia/Tokyo", "UTC", "Europe/Brussels", "America/New_York", "America/Los_Angeles")
_TITLE_LIMIT: Final = 300
_TEXT_LIMIT: Final = 50_000
LABELS = {
    "title": _("Title"),
    "summary": _("Summary"),
    "description": _("Description"),
    "impact": _("Impact"),
    "remedy": _("Remedy"),
    "workaround": _("Workaround"),
    "change_note": _("What this edition changes"),
}


class AdvisoryForm(forms.Form):
    """Texts in each language, credits and references, one per line."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, advisory: Advisory, languages: Sequence[str], **kwargs: Any
    ) -> None:
        initial: dict[str, Any] = {"revision": advisory.revision}
        self.languages = list(languages)
        for name in LABELS:
            for language in self.languages:
                held = getattr(advisory, name).value or {}
                initial[f"{name}_{language}"] = held.get(language, "")
        initial["credits"] = "\n".join(
            " | ".join([", ".join(one.get("names") or ()), one.get("organisation") or ""]).strip(
                " |"
            )
            for one in advisory.credits.value or ()
        )
        initial["references"] = "\n".join(
            f"{one['url']} {next(iter((one.get('summary') or {}).values()), '')}".strip()
            for one in advisory.references.value or ()
        )
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        for name, label in LABELS.items():
            if name == "change_note" and not advisory.edition:
                continue
            written = [one for one in self.languages if initial[f"{name}_{one}"]]
            for language in self.languages:
                lacks = bool(written) and language not in written
                self.fields[f"{name}_{language}"] = forms.CharField(
                    label=f"{label} ({language})",
                    required=False,
                    max_length=_TITLE_LIMIT if name == "title" else _TEXT_LIMIT,
                    help_text=_("Not yet written in this language.") if lacks else "",
                    widget=forms.TextInput()
                    if name == "title"
                    else forms.Textarea(attrs={"rows": 4}),
                )
        self.fields["credits"] = forms.CharField(
            label=_("Acknowledgements"), required=False, max_length=5_000,
            widget=forms.Textarea(attrs={"rows": 2}),
            help_text=_("One per line: name, name | organisation. Only with their consent."),
        )  # fmt: skip
        self.fields["references"] = forms.CharField(
            label=_("References"), required=False, max_length=10_000,
            widget=forms.Textarea(attrs={"rows": 2}),
            help_text=_("One per line: address, then a few words."),
        )  # fmt: skip

    def changes(self) -> dict[str, Any]:
        """Return the arguments of ``edit_advisory``."""
        entered = self.cleaned_data
        found: dict[str, Any] = {
            name: {one: entered[f"{name}_{one}"] for one in self.languages}
            for name in LABELS
            if f"{name}_{self.languages[0]}" in entered
        }
        found["credits"] = [_credit(line) for line in _lines(entered["credits"])]
        found["references"] = [
            _reference(line, self.languages) for line in _lines(entered["references"])
        ]
        return found


class ScheduleForm(forms.Form):
    """A moment to publish at: a wall clock and the zone it hangs in."""

    publish_on = forms.DateTimeField(
        label=_("Publish on"), input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip
    zone = forms.ChoiceField(label=_("Time zone"))

    def __init__(self, *args: Any, zones: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = dict.fromkeys([*zones, *_ZONES])
        self.fields["zone"].choices = [(one, one.replace("_", " ")) for one in known]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Read the wall clock in the zone that was chosen, not in the reader's own."""
        entered: dict[str, Any] = super().clean() or {}
        read, zone = entered.get("publish_on"), entered.get("zone")
        if read is not None and zone:
            # The field read it in the zone of the page; what counts are the digits that were typed.
            typed = timezone.localtime(read) if timezone.is_aware(read) else read
            wall_clock = typed.replace(tzinfo=ZoneInfo(zone))
            back = wall_clock.astimezone(UTC).astimezone(ZoneInfo(zone))
            if back.replace(tzinfo=None) != typed.replace(tzinfo=None):
                raise forms.ValidationError(
                    _("This moment does not exist in that zone: the clock is put forward then.")
                )
            entered["publish_at"] = wall_clock
        return entered


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _credit(line: str) -> dict[str, Any]:
    names, _bar, organisation = line.partition("|")
    listed = [one.strip() for one in names.replace("、", ",").split(",") if one.strip()]
    return {"names": listed, "organisation": organisation.strip(), "summary": {}}


def _reference(line: str, languages: Sequence[str]) -> dict[str, Any]:
    url, _space, words = line.partition(" ")
    said = words.strip()
    return {"url": url, "summary": dict.fromkeys(languages, said) if said else {}}
