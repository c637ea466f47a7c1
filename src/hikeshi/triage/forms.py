"""Forms of the case pages. What they accept is checked again by the services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from hikeshi.core.scoring.metrics import BASE, vector_of
from hikeshi.core.vex import Action, Justification, ProductStatus, Statement
from hikeshi.organisation.models import Account, Company, Unit
from hikeshi.organisation.queries import people_of, text_in
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.stakeholders.models import Contact
from hikeshi.stakeholders.queries import contacts_of
from hikeshi.triage.metricwords import METRICS, VALUES
from hikeshi.triage.models import (
    ActionChoice,
    Case,
    CaseKind,
    CaseRole,
    ExitReason,
    FactChoice,
    JustificationChoice,
    Participant,
    StatusChoice,
    TLPChoice,
)

_MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
# What one select holds; beyond it people are found by search.
_CHOICES = 500


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def _unit_label(unit: Unit, language: str) -> str:
    return text_in(unit.name, language)


class NamedField(forms.ModelChoiceField[Any]):
    """A choice of units or companies by their name in the page's language."""

    def label_from_instance(self, obj: Any) -> str:
        """Return its name."""
        return text_in(obj.name, get_language() or "en")


class OpenForm(forms.Form):
    """What a case needs to be opened."""

    company = NamedField(Company.objects.none(), label=_("Company"))
    unit = NamedField(Unit.objects.none(), label=_("Unit in the lead"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=CaseKind.choices)
    title = forms.CharField(label=_("Title"), max_length=300)
    summary = forms.CharField(
        label=_("What is known"), required=False, max_length=100_000, widget=_area(5)
    )
    vulnerabilities = forms.CharField(
        label=_("Vulnerabilities"), required=False, max_length=2_000, widget=_area(2),
        help_text=_("CVE or GHSA ids, separated by spaces. Empty: the case names it itself."),
    )  # fmt: skip
    walled = forms.BooleanField(
        label=_("Behind a wall"), required=False, initial=True,
        help_text=_("Only who is invited knows that the case exists, until it is published."),
    )  # fmt: skip

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = viewer.company_ids(Permission.CASE_OPEN)
        companies = Company.objects.filter(pk__in=held).order_by("slug")
        self.fields["company"].queryset = companies  # type: ignore[attr-defined]
        units = Unit.objects.filter(company_id__in=held, closed_at__isnull=True).order_by("pk")
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        if len(held) == 1:
            # One company leaves nothing to choose.
            self.fields["company"].initial = held[0]
            self.fields["company"].widget = forms.HiddenInput()

    def names(self) -> list[str]:
        """Return the names of the vulnerabilities."""
        return str(self.cleaned_data["vulnerabilities"]).replace(",", " ").split()


class EditForm(forms.Form):
    """A case's texts in each language, and who leads it."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    owner = forms.ModelChoiceField(Account.objects.none(), label=_("Case owner"), required=False)
    unit = NamedField(Unit.objects.none(), label=_("Unit in the lead"), required=False)
    tlp = forms.ChoiceField(label=_("TLP label"), choices=TLPChoice.choices)

    def __init__(
        self, *args: Any, case: Case, people: Sequence[Participant], languages: Sequence[str],
        **kwargs: Any,
    ) -> None:  # fmt: skip
        self.languages = list(languages)
        kwargs["initial"] = self.initial_of(case, self.languages) | {"revision": case.revision}
        super().__init__(*args, **kwargs)
        for language in self.languages:
            self.fields[f"title_{language}"] = forms.CharField(
                label=_("Title (%(language)s)") % {"language": language},
                max_length=300,
                required=False,
            )
            self.fields[f"summary_{language}"] = forms.CharField(
                label=_("What is known (%(language)s)") % {"language": language},
                max_length=100_000,
                required=False,
                widget=_area(6),
            )
        accounts = [one.account_id for one in people if one.account_id]
        self.fields["owner"].queryset = Account.objects.filter(pk__in=accounts)  # type: ignore[attr-defined]
        units = Unit.objects.filter(company=case.company_id, closed_at__isnull=True)
        self.fields["unit"].queryset = units.order_by("pk")  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(case: Case, languages: Sequence[str]) -> dict[str, Any]:
        """Return what is saved of a case, by field of this form."""
        found: dict[str, Any] = {
            "owner": case.owner_id, "unit": case.unit_id, "tlp": case.tlp,
        }  # fmt: skip
        for language in languages:
            found[f"title_{language}"] = (case.title.value or {}).get(language, "")
            found[f"summary_{language}"] = (case.summary.value or {}).get(language, "")
        return found

    def texts(self, name: str) -> dict[str, str]:
        """Return a text in all languages in which it is given."""
        given = {one: self.cleaned_data[f"{name}_{one}"].strip() for one in self.languages}
        return {language: text for language, text in given.items() if text}


class MoveForm(forms.Form):
    """A step along the line."""

    to = forms.CharField(label=_("Phase"), max_length=12)
    exit_reason = forms.ChoiceField(
        label=_("How it ended"), choices=[("", "–"), *ExitReason.choices], required=False
    )
    reason = forms.CharField(label=_("Reason"), max_length=2_000, required=False)


class AdmitForm(forms.Form):
    """Whom to let in, as what, and why."""

    party = forms.ChoiceField(label=_("Who"))
    role = forms.ChoiceField(label=_("Role in the case"), choices=CaseRole.choices)
    reason = forms.CharField(label=_("Why they need to know"), max_length=200, required=False)
    until = forms.DateTimeField(label=_("Until"), required=False, widget=_MOMENT)

    def __init__(
        self, *args: Any, viewer: Viewer, case: Case, inside: Sequence[Participant], language: str,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        accounts = {one.account_id for one in inside}
        units = {one.unit_id for one in inside}
        held = {one.contact_id for one in inside}
        contacts = list(contacts_of(viewer).filter(company=case.company_id)[:_CHOICES])
        unseal(contacts, "name")
        groups = [
            (_("People"), [
                (f"account:{one.uid}", one.name)
                for one in people_of(viewer)[:_CHOICES] if one.pk not in accounts
            ]),
            (_("Units"), [
                (f"unit:{one.uid}", _unit_label(one, language))
                for one in Unit.objects.filter(company=case.company_id, closed_at__isnull=True)
                if one.pk not in units
            ]),
            (_("Contacts outside"), [
                (f"contact:{one.uid}", str(one.name.value or one.number))
                for one in contacts if one.pk not in held
            ]),
        ]  # fmt: skip
        self.fields["party"].choices = [  # type: ignore[attr-defined]
            (label, choices) for label, choices in groups if choices
        ]

    def chosen(self) -> dict[str, Any]:
        """Return the party as an argument of ``admit_participant``."""
        kind, _colon, uid = self.cleaned_data["party"].partition(":")
        model: Any = {"account": Account, "unit": Unit}.get(kind)
        if model is None:
            return {"contact": Contact.objects.for_system("offered to this viewer").get(uid=uid)}
        return {kind: model.objects.get(uid=uid)}


class FactForm(forms.Form):
    """Something that became true."""

    fact = forms.ChoiceField(label=_("Fact"), choices=FactChoice.choices)
    happened_at = forms.DateTimeField(label=_("True since"), widget=_MOMENT)
    note = forms.CharField(label=_("How we know"), max_length=2_000, required=False)


class EmbargoForm(forms.Form):
    """A step in agreeing on the embargo."""

    act = forms.ChoiceField(
        label=_("Step"),
        choices=[
            ("propose", _("Propose a date")), ("accept", _("Accept")), ("reject", _("Decline")),
            ("terminate", _("End the embargo")),
        ],
    )  # fmt: skip
    lifts_at = forms.DateTimeField(label=_("Publication on"), required=False, widget=_MOMENT)
    reason = forms.CharField(label=_("Reason"), max_length=2_000, required=False)


class AssessForm(forms.Form):
    """One decision over the releases that were ticked."""

    vulnerability = forms.CharField(max_length=100, widget=forms.HiddenInput)
    release = forms.TypedMultipleChoiceField(label=_("Releases"), coerce=UUID)
    status = forms.ChoiceField(label=_("Status"), choices=StatusChoice.choices)
    justification = forms.ChoiceField(
        label=_("Justification"), choices=[("", "–"), *JustificationChoice.choices], required=False,
        help_text=_("For “Not affected”."),
    )  # fmt: skip
    action = forms.ChoiceField(
        label=_("What users can do"), choices=[("", "–"), *ActionChoice.choices], required=False,
        help_text=_("For “Affected”."),
    )  # fmt: skip
    fixed_in = forms.TypedChoiceField(
        label=_("Fixed in"), required=False, coerce=UUID, empty_value=None
    )
    grounds = forms.CharField(
        label=_("Grounds"), required=False, max_length=20_000, widget=_area(3),
        help_text=_("Stays inside; readers of the advisory see the justification."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, releases: Sequence[tuple[str, str]], fixes: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.fields["release"].choices = releases  # type: ignore[attr-defined]
        self.fields["fixed_in"].choices = [("", "–"), *fixes]  # type: ignore[attr-defined]

    def statement(self) -> Statement:
        """Return the decision; parts that do not belong to its status are left out."""
        entered = self.cleaned_data
        status = ProductStatus(entered["status"])
        affected = status is ProductStatus.KNOWN_AFFECTED
        not_affected = status is ProductStatus.KNOWN_NOT_AFFECTED
        return Statement(
            status=status,
            justification=Justification(entered["justification"])
            if not_affected and entered["justification"] else None,
            action=Action(entered["action"]) if affected and entered["action"] else None,
            grounds=entered["grounds"].strip(),
        )  # fmt: skip


class TaskForm(forms.Form):
    """A task for a person or a unit."""

    title = forms.CharField(label=_("Task"), max_length=300)
    to = forms.ChoiceField(label=_("Assigned to"), required=False)
    due_at = forms.DateTimeField(label=_("Until"), required=False, widget=_MOMENT)

    def __init__(
        self, *args: Any, people: Sequence[Participant], language: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "–")]
        self.parties: dict[str, dict[str, Any]] = {"": {}}
        for one in people:
            # Whoever could not read the task cannot be given it: participants alone are offered.
            if one.account is not None:
                self.parties[str(one.uid)] = {"assignee": one.account}
                choices.append((str(one.uid), one.account.name))
            elif one.unit is not None:
                self.parties[str(one.uid)] = {"unit": one.unit}
                choices.append((str(one.uid), _unit_label(one.unit, language)))
        self.fields["to"].choices = choices  # type: ignore[attr-defined]

    def party(self) -> dict[str, Any]:
        """Return who is to do it, as arguments of ``give_task``."""
        return self.parties[self.cleaned_data["to"]]


class TalkForm(forms.Form):
    """A message into a conversation, or a new conversation with a chosen few."""

    conversation = forms.ChoiceField(label=_("Recipients"), required=False)
    title = forms.CharField(label=_("Subject line"), max_length=200, required=False)
    readers = forms.MultipleChoiceField(
        label=_("Who reads it"), required=False, widget=forms.CheckboxSelectMultiple
    )
    body = forms.CharField(label=_("Message"), max_length=100_000, widget=_area(4))

    def __init__(
        self, *args: Any, people: Sequence[Participant], talks: Sequence[Any], language: str,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.parties = {str(one.uid): one for one in people}
        names = {
            str(one.uid): one.account.name if one.account
            else _unit_label(one.unit, language) if one.unit
            else str(one.contact.name.value or one.contact.number) if one.contact else ""
            for one in people
        }  # fmt: skip
        self.fields["readers"].choices = list(names.items())  # type: ignore[attr-defined]
        self.fields["conversation"].choices = [  # type: ignore[attr-defined]
            ("", _("Everybody in the case")),
            *((str(talk.conversation.uid), talk.title) for talk in talks),
            ("new", _("A new conversation with …")),
        ]


class FileForm(forms.Form):
    """A file to keep with the case."""

    file = forms.FileField(
        label=_("File"), max_length=200,
        help_text=_("Up to 100 MB. Put programs into an archive (ZIP, 7z)."),
    )  # fmt: skip


class AddVulnerabilityForm(forms.Form):
    """One more vulnerability of the case."""

    name = forms.CharField(label=_("Vulnerability"), max_length=100)


class ScoreForm(forms.Form):
    """The base metrics of one CVSS version, or a whole vector instead."""

    vector = forms.CharField(
        label=_("Or paste a vector"), required=False, max_length=400,
        help_text=_("It counts before the choices above, with all its metrics."),
    )  # fmt: skip

    def __init__(self, *args: Any, version: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.version = version
        for metric, values in BASE[version].items():
            choices = [(one, f"{VALUES[metric][one]} ({one})") for one in values]
            self.fields[metric] = forms.ChoiceField(
                label=f"{METRICS[metric]} ({metric})", choices=choices, required=False,
                widget=forms.RadioSelect,
            )  # fmt: skip

    def metrics(self) -> list[forms.BoundField]:
        """Return the fields of the metrics, in the order of the vector."""
        return [self[metric] for metric in BASE[self.version]]

    def entered(self) -> str:
        """Return the vector that was pasted or chosen. Raises InputRefused naming what lacks."""
        pasted = str(self.cleaned_data["vector"]).strip()
        chosen = {metric: self.cleaned_data[metric] for metric in BASE[self.version]}
        return pasted or vector_of(self.version, chosen)


class DescribeForm(forms.Form):
    """What a vulnerability is."""

    cve = forms.CharField(label=_("CVE id"), max_length=20, required=False)
    weaknesses = forms.CharField(
        label=_("Weaknesses"), max_length=400, required=False,
        help_text=_("CWE ids, separated by spaces."),
    )  # fmt: skip
    vectors = forms.CharField(
        label=_("CVSS vectors"), max_length=2_000, required=False, widget=_area(3),
        help_text=_("One per line: CVSS:3.1/… or CVSS:4.0/…"),
    )  # fmt: skip

    def __init__(self, *args: Any, languages: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.languages = list(languages)
        for language in self.languages:
            self.fields[f"title_{language}"] = forms.CharField(
                label=_("Title (%(language)s)") % {"language": language},
                max_length=300,
                required=False,
            )

    def details(self) -> dict[str, Any]:
        """Return the arguments of ``describe_vulnerability``."""
        entered = self.cleaned_data
        titles = {one: entered[f"title_{one}"].strip() for one in self.languages}
        return {
            "title": {language: text for language, text in titles.items() if text},
            "cve": entered["cve"],
            "weaknesses": entered["weaknesses"].replace(",", " ").split(),
            "vectors": entered["vectors"].split(),
        }
