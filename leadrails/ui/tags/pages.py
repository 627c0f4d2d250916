"""Forms, lists, ids to copy, code."""

from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any

from django.forms import BaseForm, BoundField
from django.template import Context, loader
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from leadrails.ui.tags import register

MOST_CHOICES = 25


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
    """Shows what it holds as text: quotes and angle brackets may stand as they are."""
    text = unescape(content).strip("\n")
    context = {"content": text, "label": label, "copy": copy}
    return loader.render_to_string("ui/_codeblock.html", context)


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


@register.inclusion_tag("ui/_pager.html", takes_context=True)
def pager(context: Context, page: Any, is_by_time: bool = True) -> dict[str, Any]:
    """`page` is a ui.paging.KeysetPage; other parameters of the address are kept."""
    return {"page": page, "is_by_time": is_by_time, "request": context["request"]}


@register.simple_tag(takes_context=True)
def live(context: Context) -> SafeString:
    """Attributes of the element whose rows are asked for again while it is watched."""
    mark = context["live"]["mark"]
    if not context["live"]["is_on"]:
        return mark_safe("")
    return format_html(
        'hx-get="{}" hx-trigger="every 5s, refresh from:body" data-mark="{}"',
        context["request"].get_full_path(),
        mark,
    )


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


@register.inclusion_tag("ui/_choose.html")
def choose(
    name: str, label: str, every: str, rows: Sequence[Any], chosen: str | None
) -> dict[str, Any]:
    """
    A filter by one of `rows`, which have a `name` and a `public_id`; `every` is none.

    A page has no room for hundreds of names: their own pages lead to what is theirs.
    """
    shown = [row for row in rows[:MOST_CHOICES] if row.public_id != chosen]
    picked = [row for row in rows if row.public_id == chosen]
    return {
        "name": name,
        "label": label,
        "every": every,
        "rows": sorted([*shown, *picked], key=lambda row: row.name.casefold()),
        "chosen": chosen,
        "more": len(rows) - len(shown) - len(picked),
    }


@register.inclusion_tag("ui/_find.html", takes_context=True)
def find(context: Context, page: Any, placeholder: str) -> dict[str, Any]:
    """A search by name, once there is more than `page` shows."""
    text = context["request"].GET.get("q", "")
    is_long = bool(text or page.older or page.newer)
    return {"text": text, "placeholder": placeholder, "is_long": is_long}


@register.inclusion_tag("ui/_empty_state.html")
def empty_state(
    title: str, text: str = "", icon: str = "inbox", url: str = "", action: str = ""
) -> dict[str, Any]:
    return {"title": title, "text": text, "icon": icon, "url": url, "action": action}
