"""Request ids, the short way for machines, and the viewer's time zone."""

import logging
import zoneinfo
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import resolve
from django.utils import timezone, translation

from leadrails.core import ids
from leadrails.tenants.addresses import address_of

if TYPE_CHECKING:
    from leadrails.tenants.session_store import SessionStore

log = logging.getLogger(__name__)
# Leads all come to one address, which takes Django longer to find than to verify.
_resolve = lru_cache(maxsize=256)(resolve)
Handler = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Gives each request an id that its answer carries as `X-Request-Id`."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = ids.encode("req", ids.uuid7())
        request.request_id = request_id  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


class WireMiddleware:
    """
    Calls the views that machines post to, past what only pages need.

    Sessions, languages, CSRF and headers for browsers took half of the time in which a
    lead or a callback is stored. Those views authenticate each request themselves.
    While the database is away the answer is 503, which every sender tries again.
    """

    PATHS = ("/v1/", "/webhooks/")

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(self.PATHS):
            return self.get_response(request)
        if self._is_too_open(request):
            return _refusal("https_required", "Post to the https address.", status=403)
        request.resolver_match = found = _resolve(request.path_info)
        try:
            response: HttpResponse = found.func(request, *found.args, **found.kwargs)
        except (OperationalError, InterfaceError) as error:
            log.error("answered 503, the database is away: %s", _first_line(error))
            reason = "It may not be stored. Post it again, unchanged, in a moment."
            response = _refusal("unavailable", reason, status=503)
            response["Retry-After"] = "5"
        if response.status_code != HTTPStatus.NO_CONTENT:  # else it comes in chunks
            response["Content-Length"] = str(len(response.content))
        return response

    @staticmethod
    def _is_too_open(request: HttpRequest) -> bool:
        # Pages are redirected; a post would lose its body and has shown its key.
        is_exempt = request.path_info.startswith("/webhooks/")
        return settings.SECURE_SSL_REDIRECT and not (is_exempt or request.is_secure())


def _refusal(code: str, reason: str, *, status: int) -> JsonResponse:
    return JsonResponse({"error": code, "reason": reason}, status=status)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


class ViewerMiddleware:
    """
    Shows pages in the viewer's time zone and language, and notes who is here.

    The zone is theirs if set, else the tenant's, else UTC; the language theirs if set,
    else what the browser asks for.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(("/t/", "/account")):
            return self.get_response(request)
        session = cast("SessionStore", request.session)
        session.caller = {
            "address": address_of(request)[:45],
            "agent": request.headers.get("User-Agent", "")[:300],
        }
        zone = getattr(request.user, "time_zone", "")
        language = getattr(request.user, "language", "") or translation.get_language()
        with timezone.override(zone_of(zone)), translation.override(language):
            session.note_use(now=timezone.now())
            response = self.get_response(request)
            response.headers["Content-Language"] = translation.get_language()
            return response


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")
