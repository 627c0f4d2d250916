"""What stands around a page."""

from collections import defaultdict
from typing import Any

from django.contrib.messages.storage.base import Message
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from leadrails.ui.tags import register
from leadrails.ui.theme import THEMES, theme_of

# Pages of another app that stand in a section, by the heads of their names.
OF_SECTION: dict[str, tuple[str, ...]] = defaultdict(
    tuple, settings=("channels:",), conversations=("rules:",)
)


@register.inclusion_tag("ui/_nav_item.html", takes_context=True)
def nav_item(
    context: Context, view: str, label: str, icon: str, count: int | None = None
) -> dict[str, Any]:
    request = context["request"]
    match = request.resolver_match
    here = match.view_name if match else ""
    section = view.partition(":")[0]
    return {
        "url": reverse(view, kwargs={"tenant": request.tenant.slug}),
        "label": label,
        "icon": icon,
        "count": count,
        "is_current": here == view
        or (":" in view and here.startswith((f"{section}:", *OF_SECTION[section]))),
    }


@register.inclusion_tag("ui/_tab.html")
def tab(
    url: str, label: str, is_current: bool = False, count: int | None = None
) -> dict[str, Any]:
    return {"url": url, "label": label, "is_current": is_current, "count": count}


@register.simple_tag
def in_dialog(url: str) -> SafeString:
    """
    Attributes of a link whose page opens in a dialog when scripts run.

    The page at `url` extends `_confirm.html`; without scripts the link leads to it.
    """
    return format_html(
        'href="{0}" hx-get="{0}" hx-target="#dialog" hx-select=".confirm"'
        ' hx-swap="innerHTML" aria-haspopup="dialog"',
        url,
    )


@register.simple_tag
def in_dialog_form(url: str) -> SafeString:
    """The same of a button, for what its form's fields say."""
    return format_html(
        'formaction="{0}" hx-get="{0}" hx-include="closest form" hx-target="#dialog"'
        ' hx-select=".confirm" hx-swap="innerHTML" aria-haspopup="dialog"',
        url,
    )


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """The theme chosen by hand, or "auto"."""
    return theme_of(context.get("request"))


@register.inclusion_tag("ui/_theme_switch.html", takes_context=True)
def theme_switch(context: Context) -> dict[str, Any]:
    try:
        url = reverse("ui:theme")
    except NoReverseMatch:
        return {}
    request = context["request"]
    return {
        "url": url,
        "chosen": theme_of(request),
        "themes": THEMES,
        "next": request.get_full_path(),
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag
def logo() -> SafeString:
    """A track and its points: one line in, two out."""
    return mark_safe(
        '<svg class="brand-mark" viewBox="0 0 28 28" aria-hidden="true">'
        '<rect class="brand-plate" width="28" height="28" rx="7"/>'
        '<path d="M9 22.5v-17M9 17c0-4.5 10-3.5 10-9.5V5.5M19 22.5v-6"/></svg>'
    )


MESSAGE_LOOKS = {
    "debug": ("neutral", "info"),
    "info": ("waiting", "info"),
    "success": ("ok", "check-circle"),
    "warning": ("attention", "warning"),
    "error": ("failed", "x-circle"),
}


@register.simple_tag
def message_look(message: Message) -> dict[str, str]:
    tone, sign = MESSAGE_LOOKS.get(message.level_tag, MESSAGE_LOOKS["info"])
    return {"tone": tone, "icon": sign}
