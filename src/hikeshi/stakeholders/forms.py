"""Forms for contacts and rounds of questions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from hikeshi.core.errors import HikeshiError, InputRefused, gettext_noop
from hikeshi.formats.table.read import Limits, read_table
from hikeshi.organisation.models import Company, Unit
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.stakeholders.models import AnswerKind, ChannelKind, ContactKind
from hikeshi.stakeholders.rounds import Ask
from hikeshi.stakeholders.services import contact_details

LIST_LIMITS = Limits(size_bytes=2 * 1024 * 1024, rows=5_000)


class ViewerForm(forms.Form):
    """A form whose company and unit are those in which the viewer holds the right."""

    company = forms.ModelChoiceField(Company.objects.none(), label=_("Company"))
    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"), required=False)

    permission = Permission.STAKEHOLDER_EDIT

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = viewer.company_ids(self.permission)
        companies = Company.objects.filter(pk__in=held).order_by("slug")
        self.fields["company"].queryset = companies  # type: ignore[attr-defined]
        units = Unit.objects.filter(company_id__in=held, closed_at__isnull=True)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        if len(held) == 1:
            # One company leaves nothing to choose.
            self.fields["company"].initial = held[0]
            self.fields["company"].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        """Take a unit of the chosen company alone."""
        entered: dict[str, Any] = super().clean() or {}
        company, unit = entered.get("company"), entered.get("unit")
        if company is not None and unit is not None and unit.company_id != company.pk:
            self.add_error("unit", _("The unit belongs to another company."))
        return entered


class ContactForm(ViewerForm):
    """One contact."""

    kind = forms.ChoiceField(label=_("Kind"), choices=ContactKind.choices)
    name = forms.CharField(label=_("Name"), max_length=200)
    mail = forms.EmailField(label=_("Mail"), required=False)
    phone = forms.CharField(label=_("Phone"), max_length=60, required=False)
    web = forms.URLField(label=_("Web form"), required=False, assume_scheme="https")
    languages = forms.CharField(
        label=_("Languages"), initial="ja", help_text=_("The one to write in first: ja en")
    )
    has_nda = forms.BooleanField(label=_("An NDA is signed"), required=False)
    nda_until = forms.DateField(
        label=_("NDA until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    rules = forms.CharField(
        label=_("How to deal with them"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def channels(self) -> list[tuple[ChannelKind, str]]:
        """Return the channels in the order of trying."""
        found = [
            (ChannelKind.MAIL, self.cleaned_data["mail"]),
            (ChannelKind.PHONE, self.cleaned_data["phone"]),
            (ChannelKind.WEB, self.cleaned_data["web"]),
        ]
        return [(kind, address) for kind, address in found if address]


class ContactListForm(ViewerForm):
    """A list of contacts, CSV or Excel: kind, name, mail, phone, languages, zone."""

    file = forms.FileField(label=_("CSV or Excel file"))

    def lines(self) -> list[dict[str, Any]]:
        """Read the list wholly, so that a wrong line is met before anything is written.

        Raises InputRefused naming the line and what is wrong with it.
        """
        file = self.cleaned_data["file"]
        if file.size > LIST_LIMITS.size_bytes:
            raise InputRefused(gettext_noop("The file is larger than 2 MB."))
        table = read_table(file.read(), LIST_LIMITS)
        if "name" not in table.header:
            raise InputRefused(
                gettext_noop("The first line must name the columns, “name” among them.")
            )
        return [_line(row.line, dict(zip(table.header, row.cells, strict=True)))
                for row in table.rows]  # fmt: skip


def _line(number: int, row: dict[str, str]) -> dict[str, Any]:
    try:
        return contact_details(row)
    except HikeshiError as error:
        raise InputRefused(
            gettext_noop("Line %(line)s: %(problem)s. Nothing was imported."),
            line=number,
            problem=(_g(error.sentence) % error.facts).rstrip(".。"),
        ) from error


class RoundForm(ViewerForm):
    """A round of questions. Questions are written one per line: ``text | answer | answer``."""

    title = forms.CharField(label=_("Title"), max_length=200)
    letter = forms.CharField(
        label=_("Letter"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("The parties read this above the questions."),
    )
    questions = forms.CharField(
        label=_("Questions"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_(
            "One per line. Answers to choose from follow after | signs: "
            "Is your product affected? | yes | no | not known yet"
        ),
    )
    due_at = forms.DateTimeField(
        label=_("Answer until"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )

    def asks(self) -> list[Ask]:
        """Turn the lines into questions."""
        found = []
        for line in self.cleaned_data["questions"].splitlines():
            text, *choices = [part.strip() for part in line.split("|")]
            if not text:
                continue
            kind = AnswerKind.CHOICE if choices else AnswerKind.TEXT
            found.append(Ask(text=text, kind=kind, choices=tuple(filter(None, choices))))
        return found


class PartiesForm(forms.Form):
    """Whom to ask: contacts and units by their uids."""

    contact = forms.TypedMultipleChoiceField(coerce=str, required=False)
    unit = forms.TypedMultipleChoiceField(coerce=str, required=False)
