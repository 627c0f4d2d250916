"""
Logging in: one step, or two for whoever has a second factor.

Between the steps the session knows only who gave the right password, for ten minutes.
Afterwards it knows when the person last proved who they are and whether with two
factors; sensitive acts and strict workspaces ask for that.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.contrib.auth import login
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from leadrails.tenants import factors
from leadrails.tenants.models import User

BACKEND = "django.contrib.auth.backends.ModelBackend"
WAITING = "sign_in"  # in the session: who has given the password
PROVEN_AT = "proven_at"  # seconds since 1970
TWO_FACTORS = "two_factors"
PATIENCE = 600  # seconds, for the second step
GOOD_FOR = 600  # seconds, for sensitive acts

View = Callable[..., HttpResponseBase]


def begin(request: HttpRequest, user: User, *, target: str = "") -> HttpResponse:
    """Log the person in, or ask for the second factor; `target` is where they go."""
    if not factors.has_second(user):
        return finish(request, user, two_factors=False, target=target)
    request.session.cycle_key()
    request.session[WAITING] = {
        "user": str(user.pk),
        # A password changed meanwhile ends this.
        "hash": user.get_session_auth_hash(),
        "at": int(time.time()),
    }
    return redirect(with_next("tenants:second", target))


def waiting(request: HttpRequest) -> User | None:
    """Who has given the password and still has to show the second factor."""
    kept = request.session.get(WAITING)
    if not kept or time.time() - kept["at"] > PATIENCE:
        return None
    user = User.objects.filter(pk=UUID(kept["user"]), is_active=True).first()
    if user is None:
        return None
    is_same = constant_time_compare(kept["hash"], user.get_session_auth_hash())
    return user if is_same else None


def finish(
    request: HttpRequest, user: User, *, two_factors: bool, target: str = ""
) -> HttpResponse:
    request.session.pop(WAITING, None)
    login(request, user, backend=BACKEND)
    request.session[TWO_FACTORS] = two_factors
    prove(request)
    return redirect(safe_target(request, target) or "home")


def prove(request: HttpRequest, *, two_factors: bool = False) -> None:
    """Note that the person has just shown who they are."""
    request.session[PROVEN_AT] = int(time.time())
    if two_factors:
        request.session[TWO_FACTORS] = True


def has_two(request: HttpRequest) -> bool:
    """Whether this session was opened, or confirmed since, with two factors."""
    return bool(request.session.get(TWO_FACTORS))


def is_fresh(request: HttpRequest) -> bool:
    return bool(time.time() - request.session.get(PROVEN_AT, 0) < GOOD_FOR)


def fresh_required(view: View) -> View:
    """
    Ask who is logged in to show once more who they are, if that is long ago.

    Put it inside `member_required`. A form sent too late leads back to its page, which
    asks too: whoever stays on it for longer than that begins anew.
    """

    @wraps(view)
    def enter(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not is_fresh(request):
            return ask_again(request)
        return view(request, *args, **kwargs)

    return enter


def ask_again(request: HttpRequest) -> HttpResponse:
    """Lead to where one shows who one is, and from there back to this page."""
    target = request.get_full_path()
    if request.method == "POST":  # nothing to come back to: the page it came from is
        target = urlsplit(request.headers.get("Referer", "")).path
    return redirect(with_next("tenants:prove", target))


def safe_target(request: HttpRequest, target: str) -> str:
    """`target` if it is a page of ours, else nothing."""
    is_ours = url_has_allowed_host_and_scheme(
        target, {request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else ""


def two_needed(request: HttpRequest) -> HttpResponse:
    """Lead whoever has not shown two factors to where they show or set up one."""
    user = cast(User, request.user)
    to = "tenants:prove" if factors.has_second(user) else "tenants:security"
    target = request.get_full_path() if request.method == "GET" else ""
    return redirect(with_next(to, target, two="1"))


def with_next(name: str, target: str, **more: str) -> str:
    query = {key: value for key, value in {"next": target, **more}.items() if value}
    return reverse(name) + (f"?{urlencode(query)}" if query else "")
