"""What people fill in about offerings, models, releases and SBOMs."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hikeshi.inventory.choices import ModelChoice, NamedChoice
from hikeshi.inventory.models import (
    ComponentClass,
    Offering,
    OfferingKind,
    ProductModel,
    Rank,
    Release,
    ReleaseState,
)
from hikeshi.organisation.models import Account, Company, Unit
from hikeshi.organisation.queries import companies_of, people_of, units_of
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer

_NOT_SAID = ("", "–")
# Names of parts that fit most devices; any other name may be typed.
SLOT_NAMES = ("application", "root file system", "boot loader", "kernel", "MCU")


def _day(label: Any, hint: Any = "") -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(label=label, required=False, widget=widget, help_text=hint)


class RevisionForm(forms.Form):
    """A form that remembers which revision the person saw."""

    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)


class OfferingForm(RevisionForm):
    """A product, part, service or resold product."""

    company = NamedChoice(Company.objects.none(), label=_("company"), empty_label=None)
    kind = forms.ChoiceField(label=_("kind"), choices=OfferingKind.choices)
    code = forms.CharField(
        label=_("product code"), max_length=80, required=False,
        help_text=_("Your own, as in price lists. Imports find the product by it."),
    )  # fmt: skip
    unit = NamedChoice(Unit.objects.none(), label=_("owner unit"), required=False)
    owner = ModelChoice(Account.objects.none(), label=_("person in charge"), required=False)
    rank = forms.ChoiceField(
        label=_("rank"), choices=Rank.choices, initial=Rank.OTHER,
        help_text=_("Findings in products of a higher rank come first."),
    )  # fmt: skip
    component_class = forms.ChoiceField(
        label=_("part of a system"), choices=[_NOT_SAID, *ComponentClass.choices], required=False
    )
    is_safety = forms.BooleanField(label=_("a failure can hurt people"), required=False)
    maker = forms.CharField(
        label=_("made by"), max_length=200, required=False,
        help_text=_("Only for what another company makes: OEM, contractor, supplier."),
    )  # fmt: skip

    def __init__(self, *args: Any, viewer: Viewer, offering: Offering | None = None, **kw: Any):
        if offering is not None and "initial" not in kw:
            kw["initial"] = offering_values(offering)
        super().__init__(*args, **kw)
        self._viewer, self._offering = viewer, offering
        for code, language in settings.LANGUAGES:
            self.fields[f"name_{code}"] = forms.CharField(
                label=_("name (%(language)s)") % {"language": language},
                max_length=200, required=False,
            )  # fmt: skip
        first = [f"name_{code}" for code, _language in settings.LANGUAGES]
        self.order_fields([*first, "company", *self.base_fields])
        companies = companies_of(viewer).filter(
            pk__in=viewer.company_ids(Permission.INVENTORY_EDIT)
        )
        self._field("company").queryset = companies
        if offering is not None or len(companies) == 1:
            # Where there is nothing to choose, nothing is asked.
            del self.fields["company"]
            self.only_company: Company | None = offering.company if offering else companies[0]
        else:
            self.only_company = None
        self._field("unit").queryset = units_of(viewer)
        self._field("owner").queryset = people_of(viewer)

    def _field(self, name: str) -> Any:
        return self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Ask for one name at least, and for a unit of the company in which the right is held."""
        values = super().clean() or {}
        names = [f"name_{code}" for code, _language in settings.LANGUAGES]
        if not any((values.get(name) or "").strip() for name in names):
            self.add_error(names[0], _("Write the name in at least one language."))
        company = values.get("company") or self.only_company
        unit = values.get("unit")
        if company is None:
            return values
        if unit is not None and unit.company_id != company.pk:
            self.add_error("unit", _("The unit belongs to another company."))
        elif not self._viewer.may(Permission.INVENTORY_EDIT, company.pk, unit.pk if unit else None):
            self.add_error("unit", _("Choose a unit whose products you may edit."))
        return values

    def chosen_company(self) -> Company:
        """Return the company that was chosen, or the only one there is to choose."""
        return cast(Company, self.cleaned_data.get("company") or self.only_company)

    def service_values(self) -> dict[str, Any]:
        """Return what ``services.create_offering`` and ``change_offering`` take."""
        values = {k: v for k, v in self.cleaned_data.items() if k not in {"company", "revision"}}
        name = {code: values.pop(f"name_{code}") for code, _language in settings.LANGUAGES}
        return values | {"name": {code: text for code, text in name.items() if text}}


def offering_values(offering: Offering) -> dict[str, Any]:
    """Return an offering as the form shows it."""
    fields = ("revision", "kind", "code", "unit", "owner", "rank", "component_class")
    names = {f"name_{code}": offering.name.get(code, "") for code, _language in settings.LANGUAGES}
    return {
        **{field: getattr(offering, field) for field in fields},
        **names,
        "is_safety": offering.is_safety,
        "maker": offering.maker,
    }


class ModelForm(RevisionForm):
    """A variant of an offering."""

    code = forms.CharField(label=_("model code"), max_length=80)
    ended_on = _day(_("no longer offered since"))

    def service_values(self) -> dict[str, Any]:
        """Return what ``services.create_model`` and ``change_model`` take."""
        return {k: v for k, v in self.cleaned_data.items() if k != "revision"}


class ReleaseForm(RevisionForm):
    """A version of an offering, or of one of its models."""

    version = forms.CharField(label=_("version"), max_length=120)
    product_model = ModelChoice(
        ProductModel.objects.none(), label=_("model"), required=False,
        empty_label=_("all models"),
    )  # fmt: skip
    state = forms.ChoiceField(
        label=_("state"), choices=ReleaseState.choices, initial=ReleaseState.SHIPPING
    )
    shipped_on = _day(_("shipped on"))
    last_shipped_on = _day(_("last shipped on"))
    support_ends_on = _day(
        _("support ends on"), _("Until this day you answer for it; Today warns before.")
    )
    disposed_on = _day(_("disposed of on"))
    units_in_use = forms.IntegerField(label=_("units in use"), min_value=0, required=False)
    purl = forms.CharField(
        label=_("package URL"), max_length=400, required=False,
        widget=forms.TextInput(attrs={"placeholder": "pkg:generic/…", "spellcheck": "false"}),
    )  # fmt: skip
    cpe = forms.CharField(
        label=_("CPE name"), max_length=400, required=False,
        widget=forms.TextInput(attrs={"placeholder": "cpe:2.3:o:…", "spellcheck": "false"}),
    )  # fmt: skip

    def __init__(
        self, *args: Any, offering: Offering, release: Release | None = None, **kw: Any
    ) -> None:
        if release is not None and "initial" not in kw:
            fields = ("revision", *self.base_fields)
            kw["initial"] = {field: getattr(release, field) for field in fields}
        super().__init__(*args, **kw)
        models = ProductModel.objects.for_system("models of an offering the viewer has read")
        of_offering = models.filter(offering=offering).order_by("code")
        field: Any = self.fields["product_model"]
        field.queryset = of_offering
        field.label_from_instance = lambda row: row.code
        if not of_offering.exists():
            del self.fields["product_model"]

    def clean(self) -> dict[str, Any]:
        """Refuse a life that ends before it begins."""
        values = super().clean() or {}
        shipped, ends = values.get("shipped_on"), values.get("support_ends_on")
        for name in ("last_shipped_on", "disposed_on"):
            day = values.get(name)
            if shipped and day and day < shipped:
                self.add_error(name, _("This day comes before the day of shipping."))
        if shipped and ends and ends < shipped:
            self.add_error("support_ends_on", _("Support cannot end before the day of shipping."))
        return values

    def service_values(self) -> dict[str, Any]:
        """Return what ``services.create_release`` and ``change_release`` take."""
        return {k: v for k, v in self.cleaned_data.items() if k != "revision"}


class SBOMForm(forms.Form):
    """A file for a slot of a release."""

    file = forms.FileField(
        label=_("SBOM file"),
        allow_empty_file=True,
        help_text=_("CycloneDX or SPDX JSON, also packed with gzip. Drop it here or choose it."),
        widget=forms.FileInput(attrs={"accept": ".json,.gz,application/json,application/gzip"}),
    )
    slot = forms.CharField(
        label=_("part it describes"), max_length=80, initial=SLOT_NAMES[0],
        widget=forms.TextInput(attrs={"list": "slot-names", "autocomplete": "off"}),
        help_text=_("A release may have several parts, each with its own SBOM."),
    )  # fmt: skip
