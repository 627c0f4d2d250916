"""
Lists that follow what happens: a poll that finds nothing new is answered with 304.

What a list shows is summed up in a mark before anything else is read or rendered. The
page carries it, each poll sends it back, and if it still holds nothing is sent.
"""

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from leadrails.ui import formats
from leadrails.version import VERSION


def is_poll(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers


def is_first_page(request: HttpRequest) -> bool:
    """Later pages do not follow: rows would move under the reader's eyes."""
    return not (request.GET.get("after") or request.GET.get("before"))


def answer(
    request: HttpRequest,
    template: str,
    rows: str,
    context: Callable[[], dict[str, Any]],
    *,
    shown: Iterable[Any],
    is_live: bool,
) -> HttpResponse:
    """
    Answer with a page, with its rows alone for a poll, or with 304.

    Args:
        template: of the page; it includes that of its `rows` within `live`.
        context: builds what both need; not called for a 304.
        shown: all that the rows depend on. See `seen` for rows of a table.
        is_live: whether anything can change, else the page does not poll.
    """
    mark = _mark(request, shown)
    response: HttpResponse
    if is_poll(request) and request.headers.get("If-None-Match") == mark:
        response = HttpResponse(status=HTTPStatus.NOT_MODIFIED)
    else:
        found = context() | {"live": {"mark": mark, "is_on": is_live}}
        response = render(request, rows if is_poll(request) else template, found)
    if is_poll(request):
        response["ETag"] = mark
        response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["HX-Request"])
    return response


def seen(rows: Iterable[Model]) -> list[dict[str, Any]]:
    """What was read of each row; times as the page words them, which grow old."""
    now = timezone.now()
    return [
        {
            name: formats.ago(value, now) if isinstance(value, datetime) else value
            for name, value in row.__dict__.items()
            if name != "_state"
        }
        for row in rows
    ]


def _mark(request: HttpRequest, shown: Iterable[Any]) -> str:
    tenant = getattr(request, "tenant", None)
    viewer = (
        VERSION,
        translation.get_language(),
        timezone.get_current_timezone_name(),
        getattr(request, "role", ""),
        getattr(tenant, "version", 0),  # names of sources and destinations
    )
    text = repr((viewer, request.GET.urlencode(), list(shown)))
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
