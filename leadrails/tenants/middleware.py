"""Request ids, the short way for machines, and the viewer's time zone."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from django.utils import timezone

from leadrails.core import ids

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
    """

    PATHS = ("/v1/", "/webhooks/")

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(self.PATHS):
            return self.get_response(request)
        request.resolver_match = found = resolve(request.path_info)
        response: HttpResponse = found.func(request, *found.args, **found.kwargs)
        return response


class TimeZoneMiddleware:
    """Shows times in the viewer's zone: theirs if set, else the tenant's, else UTC."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(("/t/", "/account")):
            return self.get_response(request)
        zone = getattr(request.user, "time_zone", "")
        with timezone.override(zone_of(zone)):
            return self.get_response(request)


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")
