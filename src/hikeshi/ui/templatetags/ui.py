"""Tags and filters that every template has without loading them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms, template
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString

from hikeshi.ui.once import FIELD, new_key
from hikeshi.ui.slots import render_slot

register = template.Library()
# What Django writes where nothing is chosen; people read a dash more easily.
_DASHES: Final = "---------"
_EMPTY: Final = "–"


@register.filter
def tr(texts: Any) -> str:
    """Show a ``{language: text}`` in the page's language, else in English, else in any."""
    if not isinstance(texts, Mapping):
        return "" if texts is None else str(texts)
    language = translation.get_language() or "en"
    return str(texts.get(language) or texts.get("en") or next(iter(texts.values()), ""))


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon of the sprite; it always stands beside a word."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.simple_tag(takes_context=True)
def slot(context: Context, name: str, subject: Any = None) -> SafeString:
    """Show what higher areas have to say about a subject."""
    return render_slot(name, context["request"], subject)


@register.simple_tag
def form_key() -> SafeString:
    """Give a form its key: sent twice it acts once, and the second gets the first answer."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, new_key())


@register.simple_tag
def field(bound: forms.BoundField) -> SafeString:
    """Draw one form field with its label, hint and errors."""
    if bound.is_hidden:
        return bound.as_widget()
    # Django's class for boxes of which several are ticked derives from RadioSelect.
    if isinstance(bound.field.widget, forms.RadioSelect):
        return render_to_string("ui/choices.html", {"field": bound})
    context = {
        "field": bound,
        "widget": _widget(bound),
        "is_choice": isinstance(bound.field.widget, forms.CheckboxInput),
    }
    return render_to_string("ui/field.html", context)


@register.simple_tag
def cell(bound: forms.BoundField) -> SafeString:
    """Draw one form field in a cell of a table, whose head already says its label."""
    return render_to_string("ui/cell.html", {"field": bound, "widget": _widget(bound)})


def _widget(bound: forms.BoundField) -> SafeString:
    widget = bound.field.widget
    if isinstance(bound.field, forms.ModelChoiceField) and bound.field.empty_label == _DASHES:
        bound.field.empty_label = _EMPTY
    described = [f"{bound.auto_id}_hint"] if bound.help_text else []
    described += [f"{bound.auto_id}_error"] if bound.errors else []
    attributes: dict[str, Any] = {}
    if not isinstance(widget, forms.CheckboxInput):
        own = widget.attrs.get("class", "")
        attributes["class"] = "form-select" if isinstance(widget, forms.Select) else "form-control"
        attributes["class"] += f" {own}" if own else ""
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if bound.errors:
        attributes["aria-invalid"] = "true"
    return bound.as_widget(attrs=attributes)


@register.inclusion_tag("ui/empty.html")
def empty_state(
    title: str, text: str = "", href: str = "", action: str = "", icon_name: str = "box"
) -> dict[str, Any]:
    """Teach what belongs here and how the first one comes."""
    return {"title": title, "text": text, "href": href, "action": action, "icon": icon_name}
