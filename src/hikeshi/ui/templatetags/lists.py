"""Tags for the rows of lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

register = template.Library()


@register.simple_tag
def pick(value: object, name: object, ident: str = "list") -> SafeString:
    """Write the cell with the box that selects a row. name: what the row is called."""
    return format_html(
        '<td class="tight"><input type="checkbox" name="pick" value="{}" form="{}-bulk" '
        'aria-label="{}"></td>',
        value,
        ident,
        _("Select %(name)s") % {"name": name},
    )


@register.simple_tag
def filter_box(box: BoundField) -> SafeString:
    """Write one filter's field with its label, small enough for a menu."""
    if isinstance(
        box.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple | forms.CheckboxInput
    ):
        return format_html(
            '<fieldset class="filter-box"><legend>{}</legend>{}</fieldset>', box.label, box
        )
    return format_html(
        '<div class="filter-box"><label for="{}">{}</label>{}</div>',
        box.id_for_label,
        box.label,
        _select(box)
        if type(box.field.widget) is forms.Select
        else box.as_widget(attrs={"class": "form-control"}),
    )


def _select(box: BoundField) -> SafeString:
    """Write a choice of one. Django renders each option by a template: some hundred on a page."""
    field: Any = box.field
    value = box.value()
    chosen = "" if value is None else str(value)
    return format_html(
        '<select name="{}" id="{}" class="form-select">{}</select>',
        box.html_name,
        box.id_for_label,
        format_html_join("", "{}", ((part,) for part in _options(field.choices, chosen))),
    )


def _options(choices: Any, chosen: str) -> Iterator[SafeString]:
    for value, label in choices:
        if isinstance(label, list | tuple):
            inside = format_html_join("", "{}", ((part,) for part in _options(label, chosen)))
            yield format_html('<optgroup label="{}">{}</optgroup>', value, inside)
            continue
        said = "" if value is None else str(value)
        mark = mark_safe(" selected") if said == chosen else ""
        yield format_html('<option value="{}"{}>{}</option>', said, mark, label)
