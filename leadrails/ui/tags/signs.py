"""Icons, badges, times, numbers and ids."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from leadrails.core import ids
from leadrails.ui import formats
from leadrails.ui.icons import ICONS
from leadrails.ui.masks import MASKS
from leadrails.ui.states import TONES, look_of
from leadrails.ui.tags import register

register.filter("number", formats.number)
register.filter("compact", formats.compact)
register.filter("percent", formats.percent)
register.filter("money", formats.money)
register.filter("duration", formats.duration)


@register.filter
def public_id(value: UUID | None, prefix: str) -> str:
    """The form an id has in URLs and on pages: evt_01J5Z7…"""
    return ids.encode(prefix, value) if value else ""


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon is decoration unless it has a label, which screen readers then say."""
    return _drawn(name, label)


def _drawn(name: str, label: str = "") -> SafeString:
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
        _drawn(icon) if icon else "",
        word,
    )


@register.simple_tag
def state_badge(state: str, reason: str = "") -> str:
    """A job's state as icon and word; on hover its reason, else what it means."""
    look = look_of(state)
    return badge(str(look.word), look.tone, look.icon, reason or str(look.meaning))


@register.simple_tag
def row_badge(word: str, tone: str, icon: str, title: str = "") -> SafeString:
    """A badge in a row of a long list, in a third of the bytes: CSS has its icon."""
    if tone not in TONES or icon not in MASKS:
        raise ValueError(f"no such tone, or icon in signs.css: {tone}, {icon}")
    return format_html(
        '<span class="badge badge-{} sign-{}"{}>{}</span>',
        tone,
        icon,
        format_html(' title="{}"', title) if title else "",
        word,
    )


@register.simple_tag
def row_state(state: str) -> SafeString:
    look = look_of(state)
    return row_badge(str(look.word), look.tone, look.icon)


@register.simple_tag
def alert_icon(tone: str) -> SafeString:
    return _drawn({"failed": "x-circle", "ok": "check-circle"}.get(tone, "warning"))


@register.simple_tag
def ago(then: datetime | None, now: datetime | None = None) -> str:
    if then is None:
        return formats.NONE
    return _time(then, formats.ago(then, now or timezone.now()))


@register.simple_tag
def instant(then: datetime | None) -> str:
    return formats.NONE if then is None else _time(then, formats.instant(then))


@register.simple_tag
def moment(then: datetime | None, now: datetime | None = None) -> str:
    if then is None:
        return formats.NONE
    return _time(then, formats.moment(then, now or timezone.now()))


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
