"""Tags for the rows of lists."""

from __future__ import annotations

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString
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
    css = "form-select" if isinstance(box.field.widget, forms.Select) else "form-control"
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
        box.as_widget(attrs={"class": css}),
    )
