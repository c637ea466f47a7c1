"""Show both sides when two people changed the same thing: what is saved now, what was entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs."""

    label: str
    saved: str
    entered: str


def differences(form: forms.Form, saved: Mapping[str, Any]) -> list[Difference]:
    """Compare what a form was sent with what is saved now, field by field."""
    found = []
    for name, value in saved.items():
        bound = form[name]
        if bound.is_hidden:
            continue
        entered = form.cleaned_data.get(name)
        here = getattr(entered, _key_of(bound.field), entered)
        if (here or None) != (value or None) and str(here or "") != str(value or ""):
            found.append(Difference(str(bound.label), _said(bound, value), _said(bound, here)))
    return found


def _key_of(field: forms.Field) -> str:
    """Return by which attribute a choice of rows names its row."""
    if isinstance(field, forms.ModelChoiceField):
        return field.to_field_name or "pk"
    return "uid"


def with_revision(form: forms.Form, revision: int) -> forms.Form:
    """Let the next save of this form count from what is saved now: the person has seen it."""
    sent = cast(QueryDict, form.data).copy()
    sent["revision"] = str(revision)
    form.data = sent
    return form


def _said(bound: forms.BoundField, value: Any) -> str:
    """Say a value as the form would show it."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ", ".join(_said(bound, each) for each in value)
    choices = getattr(bound.field, "choices", None)
    if choices is not None:
        for key, label in _flat(choices):
            if str(getattr(key, "value", key)) == str(value or ""):
                return str(label)
    return str(value) if value not in (None, "") else "–"


def _flat(choices: Any) -> list[tuple[Any, Any]]:
    flat: list[tuple[Any, Any]] = []
    for key, label in choices:
        if isinstance(label, list | tuple):
            flat.extend(label)
        else:
            flat.append((key, label))
    return flat
