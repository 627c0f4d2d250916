"""Where a request comes from, and where its answers lead to."""

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """
    The caller's address; behind a trusted proxy the last that it wrote down.

    Earlier entries of `X-Forwarded-For` are whatever the caller made up.
    """
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
    if settings.LEADRAILS_TRUSTED_PROXY and forwarded:
        return forwarded.rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def whole(request: HttpRequest, path: str) -> str:
    """
    A path as a link for a mail or to copy.

    Under the public address where there is one: what a request calls this server is
    up to whoever sent it.
    """
    if settings.LEADRAILS_PUBLIC_URL:
        return f"{settings.LEADRAILS_PUBLIC_URL}{path}"
    return request.build_absolute_uri(path)
