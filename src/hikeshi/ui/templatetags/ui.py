"""Tags and filters that every template has without loading them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms, template
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString

from hikeshi.ui.once import FIELD, new_key
from hikeshi.ui.slots import render_slot

register = template.Library()


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
    widget = bound.field.widget
    if bound.is_hidden:
        return bound.as_widget()
    described = [f"{bound.auto_id}_hint"] if bound.help_text else []
    described += [f"{bound.auto_id}_error"] if bound.errors else []
    attributes: dict[str, Any] = {}
    if not isinstance(widget, forms.CheckboxInput):
        attributes["class"] = "form-select" if isinstance(widget, forms.Select) else "form-control"
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if bound.errors:
        attributes["aria-invalid"] = "true"
    context = {
        "field": bound,
        "widget": bound.as_widget(attrs=attributes),
        "is_choice": isinstance(widget, forms.CheckboxInput),
    }
    return render_to_string("ui/field.html", context)


@register.inclusion_tag("ui/empty.html")
def empty_state(
    title: str, text: str = "", href: str = "", action: str = "", icon_name: str = "box"
) -> dict[str, Any]:
    """Teach what belongs here and how the first one comes."""
    return {"title": title, "text": text, "href": href, "action": action, "icon": icon_name}
