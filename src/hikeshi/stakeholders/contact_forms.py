"""Forms for contacts: one contact with its ways and keys, lists from files, the filters."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.db.models import Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from hikeshi.core.errors import HikeshiError, InputRefused, gettext_noop
from hikeshi.formats.publickey import LIMIT_BYTES
from hikeshi.formats.table.read import Limits, read_table
from hikeshi.organisation.forms.fields import DayField, zone_choices
from hikeshi.organisation.queries import text_in, units_of
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.search import uids_holding
from hikeshi.stakeholders.forms import ViewerForm
from hikeshi.stakeholders.models import ChannelKind, Contact, ContactKind
from hikeshi.stakeholders.queries import contacts_of
from hikeshi.stakeholders.services import Way, contact_details

LIST_LIMITS: Final = Limits(size_bytes=2 * 1024 * 1024, rows=5_000)
NDA_SOON_DAYS: Final = 90
_MOST: Final = 300
_MOST_WAYS: Final = 20
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_FIRST_WAYS: Final = (ChannelKind.MAIL, ChannelKind.PHONE, ChannelKind.WEB)
_ANY: Final = ("", "–")


class ContactForm(ViewerForm):
    """One contact; ways to reach it are a form of their own."""

    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=_("Kind"), choices=ContactKind.choices)
    name = forms.CharField(label=_("Name"), max_length=200)
    is_person = forms.BooleanField(label=_("A person, not an organisation"), required=False)
    member_of = forms.ChoiceField(label=_("Member of"), required=False)
    languages = forms.CharField(
        label=_("Languages"), initial="ja", max_length=80,
        help_text=_("The one to write in first: ja en"),
    )  # fmt: skip
    zone = forms.ChoiceField(label=_("Time zone"), required=False)
    has_nda = forms.BooleanField(label=_("An NDA is signed"), required=False)
    nda_until = DayField(label=_("NDA until"), required=False)
    rules = forms.CharField(
        label=_("How to deal with them"), required=False, max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def __init__(
        self, *args: Any, viewer: Viewer, contact: Contact | None = None, **kwargs: Any
    ) -> None:
        if contact is not None:
            kwargs["initial"] = self.initial_of(contact)
        super().__init__(*args, viewer=viewer, **kwargs)
        self.order_fields(["company", "kind", "name", "is_person", "member_of"])
        self.fields["zone"].choices = zone_choices(empty=True)  # type: ignore[attr-defined]
        organisations = contacts_of(viewer).filter(is_person=False)
        if contact is not None:
            # A contact stays in the company that it was added to.
            del self.fields["company"]
            self._company_id = contact.company_id
            units: Any = self.fields["unit"]
            units.queryset = units.queryset.filter(company_id=contact.company_id)
            organisations = organisations.filter(company_id=contact.company_id)
            organisations = organisations.exclude(pk=contact.pk)
        self._organisations = {str(one.uid): one for one in organisations.order_by("-pk")[:_MOST]}
        unseal(self._organisations.values(), "name")
        named = [(uid, str(one.name.value or "")) for uid, one in self._organisations.items()]
        choices = [_ANY, *sorted(named, key=lambda pair: pair[1])]
        self.fields["member_of"].choices = choices  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(contact: Contact) -> dict[str, Any]:
        """Return what the form shows of a contact that was opened."""
        return {
            "revision": contact.revision,
            "unit": contact.unit_id,
            "kind": contact.kind,
            "name": contact.name.value or "",
            "is_person": contact.is_person,
            "member_of": str(contact.member_of.uid) if contact.member_of else "",
            "languages": " ".join(contact.languages),
            "zone": contact.zone,
            "has_nda": contact.has_nda,
            "nda_until": contact.nda_until,
            "rules": (contact.rules.value if contact.rules else "") or "",
        }

    def clean_languages(self) -> str:
        """Take language codes, each once."""
        codes = list(dict.fromkeys(self.cleaned_data["languages"].replace(",", " ").split()))
        wrong = [code for code in codes if not _LANGUAGE.fullmatch(code)]
        if wrong:
            said = _("“%(code)s” is no language code; write ja, en, zh-TW.") % {"code": wrong[0]}
            raise ValidationError(said)
        return " ".join(codes)

    def clean(self) -> dict[str, Any]:
        """Take an organisation of the same company alone."""
        entered = super().clean()
        company = entered.get("company")
        above = self._organisations.get(entered.get("member_of", ""))
        company_id = company.pk if company is not None else getattr(self, "_company_id", None)
        if above is not None and above.company_id != company_id:
            self.add_error("member_of", _("The contact belongs to another company."))
        return entered

    def changes(self) -> dict[str, Any]:
        """Return the arguments of the services."""
        entered = self.cleaned_data
        plain = ("unit", "name", "is_person", "zone", "has_nda", "nda_until", "rules")
        return {name: entered[name] for name in plain} | {
            "kind": ContactKind(entered["kind"]),
            "member_of": self._organisations.get(entered["member_of"]),
            "languages": entered["languages"].split(),
        }


class WayForm(forms.Form):
    """One way to reach a contact; without an address it is left out."""

    rank = forms.IntegerField(
        label=_("Order"), min_value=1, max_value=99, required=False,
        widget=forms.NumberInput(attrs={"size": 2}),
    )  # fmt: skip
    kind = forms.ChoiceField(label=_("Channel"), choices=ChannelKind.choices)
    address = forms.CharField(label=_("Address or number"), max_length=320, required=False)
    for_emergency = forms.BooleanField(label=_("For emergencies"), required=False)

    def has_changed(self) -> bool:
        """Judge by the address: a line whose kind alone was chosen is an empty line."""
        return bool(self.data.get(self.add_prefix("address"), "").strip()) or bool(self.initial)

    def clean(self) -> dict[str, Any]:
        """Check what a mail or a web address must look like."""
        entered = super().clean() or {}
        address = (entered.get("address") or "").strip()
        try:
            if address and entered.get("kind") == ChannelKind.MAIL:
                validate_email(address)
            elif address and entered.get("kind") == ChannelKind.WEB:
                URLValidator(schemes=["http", "https"])(address)
        except ValidationError as error:
            self.add_error("address", error)
        return entered


class Ways(forms.BaseFormSet[WayForm]):
    """The ways of a contact."""

    def in_order(self) -> list[Way]:
        """Return the ways that have an address, by the order that was written."""
        lines = [line for line in self.cleaned_data if (line.get("address") or "").strip()]
        lines.sort(key=lambda line: line.get("rank") or 99)
        return [
            Way(ChannelKind(line["kind"]), line["address"].strip(), line["for_emergency"])
            for line in lines
        ]


def ways_form(data: Any, contact: Contact | None = None) -> Ways:
    """Return the ways of a contact as lines to fill in, with empty ones below."""
    held = list(contact.channels.all()) if contact is not None else []
    initial: list[dict[str, Any]] = [
        {"rank": way.rank, "kind": way.kind, "address": way.address.value or "",
         "for_emergency": way.for_emergency}
        for way in held
    ]  # fmt: skip
    made = forms.formset_factory(
        WayForm, formset=Ways, extra=2 if held else len(_FIRST_WAYS),
        max_num=_MOST_WAYS, absolute_max=_MOST_WAYS,
    )  # fmt: skip
    lines = cast(Ways, made(data, prefix="way", initial=initial))
    if not held and data is None:
        for rank, (line, kind) in enumerate(zip(lines.forms, _FIRST_WAYS, strict=False), start=1):
            line.fields["rank"].initial, line.fields["kind"].initial = rank, kind
    return lines


class KeyForm(forms.Form):
    """A public key, pasted or as a file."""

    material = forms.CharField(
        label=_("Public key or certificate"), required=False, max_length=LIMIT_BYTES,
        widget=forms.Textarea(attrs={"rows": 4, "class": "mono", "spellcheck": "false"}),
        help_text=_("Paste the text from BEGIN to END, or choose the file."),
    )  # fmt: skip
    file = forms.FileField(label=_("Key file"), required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two, and for no more than a key can be."""
        entered = super().clean() or {}
        file = entered.get("file")
        if not file and not (entered.get("material") or "").strip():
            self.add_error("material", _("Paste a key, or choose a file."))
        if file and file.size > LIMIT_BYTES:
            self.add_error("file", _("The key is larger than 256 KB; export it without photos."))
        return entered

    def content(self) -> bytes:
        """Return the bytes of the key."""
        file = self.cleaned_data.get("file")
        return bytes(file.read()) if file else self.cleaned_data["material"].strip().encode()


class ContactListForm(ViewerForm):
    """A list of contacts, CSV or Excel: kind, name, mail, phone, languages, zone."""

    file = forms.FileField(label=_("CSV or Excel file"))

    def lines(self) -> list[dict[str, Any]]:
        """Read the list; errors as ``read_contacts``."""
        file = self.cleaned_data["file"]
        if file.size > LIST_LIMITS.size_bytes:
            raise InputRefused(gettext_noop("The file is larger than 2 MB."))
        return read_contacts(file.read())


def read_contacts(content: bytes) -> list[dict[str, Any]]:
    """Read a list wholly, so that a wrong line is met before anything is written.

    Raises InputRefused naming the line and what is wrong with it.
    """
    table = read_table(content, LIST_LIMITS)
    if "name" not in table.header:
        raise InputRefused(gettext_noop("The first line must name the columns, “name” among them."))
    return [_line(row.line, dict(zip(table.header, row.cells, strict=True))) for row in table.rows]


def _line(number: int, row: dict[str, str]) -> dict[str, Any]:
    try:
        return contact_details(row)
    except HikeshiError as error:
        raise InputRefused(
            gettext_noop("Line %(line)s: %(problem)s. Nothing was imported."),
            line=number,
            problem=(_g(error.sentence) % error.facts).rstrip(".。"),
        ) from error


class ContactFilter(forms.Form):
    """Words, kind, unit and NDA; what is out of use is shown on demand."""

    q = forms.CharField(label=_("Name, address or number"), max_length=200, required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[_ANY, *ContactKind.choices])
    unit = forms.ChoiceField(label=_("Unit"), required=False)
    nda = forms.ChoiceField(
        label=_("NDA"), required=False,
        choices=[_ANY, ("signed", _("signed")), ("soon", _("runs out within 90 days")),
                 ("none", _("none"))],
    )  # fmt: skip
    retired = forms.ChoiceField(
        label=_("Out of use"), required=False, choices=[_ANY, ("1", _("shown too"))]
    )

    def __init__(self, *args: Any, viewer: Viewer) -> None:
        super().__init__(*args)
        self._viewer = viewer
        language = get_language() or "en"
        self._units = {str(one.uid): one for one in units_of(viewer)[:_MOST]}
        units = [(uid, text_in(one.name, language)) for uid, one in self._units.items()]
        choices = [_ANY, *sorted(units, key=lambda named: named[1])]
        self.fields["unit"].choices = choices  # type: ignore[attr-defined]

    def rows(self) -> QuerySet[Contact]:
        """Select the viewer's contacts that pass; an unknown value narrows nothing."""
        self.is_valid()
        said, viewer = self.cleaned_data, self._viewer
        found = contacts_of(viewer, kind=said.get("kind", ""), retired=bool(said.get("retired")))
        if text := said.get("q", ""):
            found = found.filter(uid__in=uids_holding(viewer, text, "stakeholders.contact"))
        if unit := self._units.get(said.get("unit", "")):
            found = found.filter(unit=unit)
        return found.filter(self._nda(said.get("nda", "")))

    def _nda(self, asked: str) -> Q:
        today = self._viewer.at.date()
        counts = Q(has_nda=True) & (Q(nda_until__isnull=True) | Q(nda_until__gte=today))
        if asked == "signed":
            return counts
        if asked == "soon":
            return counts & Q(nda_until__lte=today + timedelta(days=NDA_SOON_DAYS))
        return ~counts if asked == "none" else Q()
