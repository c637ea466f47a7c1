"""Ask those who stand behind products: a round of questions to the links of their chains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from hikeshi.inventory import related
from hikeshi.inventory.models import Offering
from hikeshi.organisation.models import Company, Unit
from hikeshi.organisation.queries import text_in, units_of
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.models import Record
from hikeshi.stakeholders.forms import RoundForm
from hikeshi.stakeholders.models import Contact, Round
from hikeshi.stakeholders.rounds import Ask, add_parties, draft_round


class AskForm(RoundForm):
    """The questions, and whom of those behind some products to ask."""

    party = forms.MultipleChoiceField(
        label=_("Whom to ask"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Those who stand behind the products. Others can be added to the draft."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, viewer: Viewer, offerings: Iterable[Offering], **kw: Any
    ) -> None:
        super().__init__(*args, viewer=viewer, **kw)
        # Company and unit are those of what is asked about.
        del self.fields["company"], self.fields["unit"]
        contacts, unit_ids = related.behind(viewer, offerings)
        self._contacts = {f"c{one.pk}": one for one in contacts.order_by("pk")}
        unseal(list(self._contacts.values()), "name")
        self._units = {f"u{one.pk}": one for one in units_of(viewer).filter(pk__in=unit_ids)}
        language = get_language() or "en"
        choices = [(key, text_in(one.name, language)) for key, one in self._units.items()]
        choices += [(key, str(one.name.value or one.number)) for key, one in self._contacts.items()]
        field: Any = self.fields["party"]
        field.choices = choices
        field.initial = [key for key, _name in choices]
        self.order_fields(["party", *self.fields])

    def chosen(self) -> tuple[list[Contact], list[Unit]]:
        """Return whom to ask."""
        keys = self.cleaned_data["party"]
        return (
            [one for key, one in self._contacts.items() if key in keys],
            [one for key, one in self._units.items() if key in keys],
        )


def ask_about(
    *,
    company: Company,
    unit: Unit | None,
    title: str,
    letter: str,
    questions: Sequence[Ask],
    due_at: datetime,
    contacts: Sequence[Contact],
    units: Sequence[Unit],
    by: Any,
    at: datetime,
    subject: Record | None = None,
) -> Round:
    """Write a round down with its parties; it is sent from its own page.

    subject: the record that it is about, whose wall it then lies behind.
    Raises what ``draft_round`` and ``add_parties`` raise; nothing is written then.
    """
    with transaction.atomic():
        drafted = draft_round(
            company=company, unit=unit, title=title, letter=letter, questions=questions,
            due_at=due_at, by=by, at=at, subject=subject,
        )  # fmt: skip
        if contacts or units:
            add_parties(asked=drafted, by=by, at=at, contacts=contacts, units=units)
    return drafted
