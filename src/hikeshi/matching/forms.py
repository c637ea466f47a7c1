"""What the list of findings can be narrowed to; every filter is in the address."""

from __future__ import annotations

from typing import Final

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from hikeshi.inventory.models import Offering
from hikeshi.matching.queries import BANDS, Narrowing
from hikeshi.organisation.queries import text_in
from hikeshi.organisation.viewer import Viewer
from hikeshi.ui.marks import NOT_SCORED, SEVERITY

_MOST_PRODUCTS: Final = 300


class FindingFilter(forms.Form):
    """Part of a name, product, severity, known exploitation."""

    q = forms.CharField(label=_("Name of a vulnerability"), required=False, max_length=100)
    product = forms.ChoiceField(label=_("Product"), required=False)
    severity = forms.ChoiceField(label=_("Severity"), required=False)
    kev = forms.ChoiceField(
        label=_("CISA KEV"), required=False, choices=[("", "–"), ("1", _("known to be exploited"))]
    )

    def __init__(self, *args: object, viewer: Viewer) -> None:
        super().__init__(*args)  # type: ignore[arg-type]  # the data of the address
        self._viewer = viewer
        offerings = Offering.objects.visible_to(viewer).order_by("pk")
        # A list of thousands helps nobody; the one that the address names is always among them.
        shown = list(offerings[:_MOST_PRODUCTS])
        named = self.data.get("product", "")
        if named and all(one.number != named for one in shown):
            shown += offerings.filter(number=named)[:1]
        self._products = {one.number: one for one in shown}
        language = get_language() or "en"
        names = [(one.number, text_in(one.name, language)) for one in shown]
        self.fields["product"].choices = [("", "–"), *sorted(names, key=lambda n: n[1])]  # type: ignore[attr-defined]
        words = {name: SEVERITY[name].word if name in SEVERITY else name for name in BANDS}
        words["none"] = NOT_SCORED.word
        self.fields["severity"].choices = [("", "–"), *words.items()]  # type: ignore[attr-defined]

    def narrowing(self) -> Narrowing:
        """Return what was asked; an unknown value narrows nothing."""
        self.is_valid()
        said = self.cleaned_data
        return Narrowing(
            text=said.get("q", "").strip(),
            product=self._products.get(said.get("product", "")),
            band=said.get("severity", ""),
            exploited=said.get("kev") == "1",
        )
