"""`{% load ui %}`: what every page shares. Examples of each are in docs/ui.md."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import template
from django.contrib.messages.storage.base import Message
from django.forms import BaseForm, BoundField
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from leadrails.core import ids
from leadrails.core.segments import CONCATENATED, SINGLE, Segments
from leadrails.ui import charts, formats
from leadrails.ui.icons import ICONS
from leadrails.ui.states import TONES, look_of
from leadrails.ui.theme import THEMES, theme_of

register = template.Library()

register.filter("number", formats.number)
register.filter("compact", formats.compact)
register.filter("percent", formats.percent)
register.filter("money", formats.money)
register.filter("duration", formats.duration)


@register.filter
def public_id(value: UUID | None, prefix: str) -> str:
    """The form an id has in URLs and on pages: evt_01J5Z7…"""
    return ids.encode(prefix, value) if value else ""


# Signs


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon is decoration unless it has a label, which screen readers then say."""
    says = format_html('role="img" aria-label="{}"', label)
    return format_html(
        '<svg class="icon" viewBox="0 0 16 16" {}><path d="{}"/></svg>',
        says if label else mark_safe('aria-hidden="true"'),
        ICONS[name],
    )


@register.simple_tag
def badge(word: str, tone: str = "neutral", icon: str = "", title: str = "") -> str:
    if tone not in TONES:
        raise ValueError(f"no such tone: {tone}")
    return format_html(
        '<span class="badge badge-{}"{}>{}{}</span>',
        tone,
        format_html(' title="{}"', title) if title else "",
        _icon(icon) if icon else "",
        word,
    )


@register.simple_tag
def state_badge(state: str, reason: str = "") -> str:
    """A job's state as icon and word; on hover its reason, else what it means."""
    look = look_of(state)
    return badge(str(look.word), look.tone, look.icon, reason or str(look.meaning))


_icon = icon


# Times


@register.simple_tag
def ago(then: datetime | None, now: datetime | None = None) -> str:
    if then is None:
        return formats.NONE
    return _time(then, formats.ago(then, now or timezone.now()))


@register.simple_tag
def instant(then: datetime | None) -> str:
    return formats.NONE if then is None else _time(then, formats.instant(then))


@register.simple_tag
def time_of_day(then: datetime) -> str:
    return _time(then, formats.clock(then))


def _time(then: datetime, text: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        formats.machine(then),
        formats.instant(then),
        text,
    )


# Ids and code


@register.inclusion_tag("ui/_copy_button.html")
def copy_button(text: str, label: str = "") -> dict[str, Any]:
    return {"text": text, "label": label}


@register.inclusion_tag("ui/_copyable.html")
def copyable(text: str, url: str = "", keep: int = 0) -> dict[str, Any]:
    """An id with a copy button; `keep` shortens it to prefix and last characters."""
    shown = str(text)
    if keep and len(shown) > keep + 6:
        head = shown[: shown.find("_") + 1] or shown[:4]
        shown = f"{head}…{shown[-keep:]}"
    return {"text": text, "shown": shown, "url": url}


@register.simple_block_tag
def codeblock(content: str, label: str = "", copy: bool = True) -> SafeString:
    return template.loader.get_template("ui/_codeblock.html").render(
        {"content": content.strip("\n"), "label": label, "copy": copy}
    )


# Forms


@register.inclusion_tag("ui/_field.html")
def field(field: BoundField, help: str = "") -> dict[str, Any]:  # noqa: A002
    kind = getattr(field.field.widget, "input_type", "") or "text"
    return {
        "field": field,
        "help": help or field.help_text,
        "is_check": kind == "checkbox" and not field.use_fieldset,
        "is_group": field.use_fieldset,
        "is_optional": not field.field.required and kind != "checkbox",
    }


@register.inclusion_tag("ui/_form_errors.html")
def form_errors(form: BaseForm) -> dict[str, Any]:
    """Summary above a form; each line leads to its field."""
    return {"form": form, "broken": [f for f in form.visible_fields() if f.errors]}


# Lists


@register.inclusion_tag("ui/_pager.html", takes_context=True)
def pager(context: Context, page: Any) -> dict[str, Any]:
    """`page` is a ui.paging.KeysetPage; other parameters of the address are kept."""
    return {"page": page, "request": context["request"]}


@register.inclusion_tag("ui/_chips.html", takes_context=True)
def chips(context: Context, active: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Active filters: `{"name": "state", "label": "State", "value": "Dead"}` each."""
    return {"active": active, "request": context["request"]}


@register.simple_tag(takes_context=True)
def chip_url(context: Context, name: str) -> str:
    """The page without one filter, from its first page on."""
    query = context["request"].GET.copy()
    for gone in (name, "after", "before"):
        query.pop(gone, None)
    return f"?{query.urlencode()}"


@register.inclusion_tag("ui/_empty_state.html")
def empty_state(
    title: str, text: str = "", icon: str = "inbox", url: str = "", action: str = ""
) -> dict[str, Any]:
    return {"title": title, "text": text, "icon": icon, "url": url, "action": action}


# Figures


@register.inclusion_tag("ui/_stat.html")
def stat(
    label: str,
    value: Any,
    note: str = "",
    tone: str = "",
    url: str = "",
    hint: str = "",
) -> dict[str, Any]:
    return {
        "label": label,
        "value": value,
        "note": note,
        "tone": tone,
        "url": url,
        "hint": hint,
    }


@register.inclusion_tag("ui/_sparkline.html")
def sparkline(
    values: Sequence[float], label: str, tone: str = "waiting"
) -> dict[str, Any]:
    return {"points": charts.sparkline(values), "label": label, "tone": tone}


@register.inclusion_tag("ui/_stacked_bars.html")
def stacked_bars(
    buckets: Sequence[Mapping[str, object]], label: str, noun: str = ""
) -> dict[str, Any]:
    chart = charts.stacked_bars(buckets)
    words = {
        "ok": _("delivered"),
        "waiting": _("on the way"),
        "attention": _("need attention"),
        "failed": _("failed"),
    }
    return {
        "chart": chart,
        "label": label,
        "noun": noun or _("jobs"),
        "legend": [(tone, words[tone], chart.totals[tone]) for tone in charts.TONES],
    }


@register.inclusion_tag("ui/_progress.html")
def progress(value: float, most: float, label: str, tone: str = "") -> dict[str, Any]:
    return {"value": value, "most": most, "label": label, "tone": tone}


# Messages


@register.inclusion_tag("ui/_handset.html")
def handset(
    body: str, sender: str, at: datetime | None = None, note: str = ""
) -> dict[str, Any]:
    """The message as the recipient's phone shows it."""
    return {"body": body, "sender": sender, "at": at, "note": note}


@register.inclusion_tag("ui/_segment_meter.html")
def segment_meter(measured: Segments) -> dict[str, Any]:
    """`measured` is what core.segments.measure returns."""
    count = measured.segments
    several = CONCATENATED[measured.encoding] * count
    room = several if count > 1 else SINGLE[measured.encoding]
    return {"measured": measured, "room": room}


@register.simple_tag
def mark_character(text: str, index: int | None) -> SafeString:
    """The text with the one character marked that forces UCS-2."""
    if index is None or not 0 <= index < len(text):
        return format_html("{}", text)
    return format_html(
        '{}<mark class="culprit" title="{}">{}</mark>{}',
        text[:index],
        _("This character makes the whole message UCS-2."),
        text[index],
        text[index + 1 :],
    )


@register.inclusion_tag("ui/_timeline.html")
def timeline(steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Each step: title, at, tone, icon; perhaps took, cause, detail, url, url_label."""
    return {"steps": steps}


@register.inclusion_tag("ui/_checklist.html")
def checklist(steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Each step: title, text, is_done, url, action. The first open one is current."""
    current = next((i for i, step in enumerate(steps) if not step["is_done"]), None)
    done = sum(bool(step["is_done"]) for step in steps)
    return {"steps": steps, "current": current, "done": done}


# Shell


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
        "is_current": here == view or (":" in view and here.startswith(f"{section}:")),
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


@register.simple_tag
def alert_icon(tone: str) -> SafeString:
    return icon({"failed": "x-circle", "ok": "check-circle"}.get(tone, "warning"))
