"""Charts, messages, timelines, checklists."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from leadrails.core.graphemes import clusters
from leadrails.core.rich import Kind, Rich, Suggestion
from leadrails.core.segments import CONCATENATED, SINGLE, Segments
from leadrails.ui import charts
from leadrails.ui.tags import register

_AROUND = 24  # characters before and after the one at fault
_SIGNS = {
    Kind.OPEN_URL: "external",
    Kind.DIAL: "call",
    Kind.VIEW_LOCATION: "place",
    Kind.SHARE_LOCATION: "here",
    Kind.CALENDAR: "calendar",
}


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


@register.inclusion_tag("ui/_handset.html")
def handset(
    body: str, sender: str, at: datetime | None = None, note: str = ""
) -> dict[str, Any]:
    """The message as the recipient's phone shows it."""
    return {"body": body, "sender": sender, "at": at, "note": note}


@register.inclusion_tag("ui/_phone.html")
def phone(
    name: str,
    rich: Rich | None = None,
    *,
    is_rcs: bool = False,
    text: str = "",
    media: Sequence[str] = (),
    fetches: bool = False,
) -> dict[str, Any]:
    """
    A phone with one message: `rich` by RCS, or `text` and `media` without it.

    `fetches`: the pictures, where the page's policy allows it; else a sign of them.
    """
    return {
        "name": name,
        "rich": rich,
        "is_rcs": is_rcs,
        "text": text,
        "media": media,
        "fetches": fetches,
    }


@register.simple_tag
def suggestion(one: Suggestion) -> SafeString:
    """What can be tapped, with what it does on hover; here it does nothing."""
    where = one.url or one.phone or one.place or one.title
    sign = _SIGNS.get(one.kind)
    return format_html(
        '<li class="rich-act{}"{}>{}</li>',
        f" sign-{sign}" if sign else "",
        format_html(' title="{}"', where) if where else "",
        one.label,
    )


@register.inclusion_tag("ui/_segment_meter.html")
def segment_meter(measured: Segments) -> dict[str, Any]:
    """`measured` is what core.segments.measure returns, or an MMS, which is one."""
    count, encoding = measured.segments, measured.encoding
    if encoding not in SINGLE:
        return {"measured": measured, "room": None}
    room = CONCATENATED[encoding] * count if count > 1 else SINGLE[encoding]
    return {"measured": measured, "room": room}


@register.simple_tag
def mark_character(text: str, index: int | str | None) -> SafeString:
    """The text with the one character marked that forces UCS-2, if there is one."""
    if not isinstance(index, int) or not 0 <= index < len(text):
        return format_html("{}", text)
    return format_html(
        '{}<mark class="culprit" title="{}">{}</mark>{}',
        text[:index],
        _("This character makes the whole message UCS-2."),
        text[index],
        text[index + 1 :],
    )


@register.simple_tag
def mark_fault(text: str, position: int) -> SafeString:
    """Where a text goes wrong: a few words around it, with the character marked."""
    before = text[:position]
    at = next(clusters(text[position : position + _AROUND]), "")
    after = text[position + len(at) :]
    return format_html(
        '{}{}<mark class="culprit">{}</mark>{}{}',
        "…" if len(before) > _AROUND else "",
        before[-_AROUND:],
        at,
        after[:_AROUND],
        "…" if len(after) > _AROUND else "",
    )


@register.inclusion_tag("ui/_timeline.html")
def timeline(steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Each step: title, at, tone, icon; perhaps took, cause, detail, url, url_label."""
    return {"steps": steps}


@register.inclusion_tag("ui/_checklist.html", takes_context=True)
def checklist(context: Context, steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """
    Each step: title, text, is_done, url, action. The first open one is current.

    `is_post` makes of the link a button that posts.
    """
    current = next((i for i, step in enumerate(steps) if not step["is_done"]), None)
    done = sum(bool(step["is_done"]) for step in steps)
    return {
        "steps": steps,
        "current": current,
        "done": done,
        "csrf_token": context.get("csrf_token"),
    }
