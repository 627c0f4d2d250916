"""
Slows the guessing of passwords: five failures per e-mail and address in 15 minutes.

A try is written before the password is looked at, so that a hundred guesses at once
count as a hundred. It lives in the database: Redis may be flushed at any time, and a
process's own memory is not shared with the others.
"""

import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest

from leadrails.tenants.models import LoginTry

MOST_FAILURES = 5
WINDOW = timedelta(minutes=15)


def begin_try(email: str, address: str, *, now: datetime) -> bool:
    """Note a try; False, and nothing noted, if there were too many already."""
    LoginTry.objects.filter(at__lt=now - WINDOW).delete()
    key = _key(email, address)
    noted = LoginTry.objects.create(key=key, at=now)
    if LoginTry.objects.filter(key=key).count() > MOST_FAILURES:
        noted.delete()
        return False
    return True


def forget_tries(email: str, address: str) -> None:
    """The password was right."""
    LoginTry.objects.filter(key=_key(email, address)).delete()


def address_of(request: HttpRequest) -> str:
    """
    The caller's address; behind a trusted proxy the last that it wrote down.

    Earlier entries of `X-Forwarded-For` are whatever the caller made up.
    """
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
    if settings.LEADRAILS_TRUSTED_PROXY and forwarded:
        return forwarded.rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def _key(email: str, address: str) -> bytes:
    who = f"login|{email.strip().lower()}|{address}"
    secret = str(settings.SECRET_KEY).encode()
    return hmac.digest(secret, who.encode(errors="replace"), "sha256")
