"""One's own account: the browsers in which one is logged in."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from leadrails.tenants.account_pages import enter_last_workspace, render_account
from leadrails.tenants.devices import describe
from leadrails.tenants.models import Session, User
from leadrails.tenants.sessions import end_others, end_session, mark_of, open_sessions


@require_safe
@never_cache
@login_required
def sessions(request: HttpRequest) -> HttpResponseBase:
    mine = request.session.session_key
    running = open_sessions(cast(User, request.user), now=timezone.now())
    running.sort(key=lambda session: session.pk != mine)
    rows = [_row(session, is_this=session.pk == mine) for session in running]
    return render_account(request, "sessions", "tenants/sessions.html", {"rows": rows})


def _row(session: Session, *, is_this: bool) -> dict[str, Any]:
    return {
        "device": describe(session.agent),
        "agent": session.agent,
        "address": session.address,
        "began_at": session.began_at,
        "seen_at": session.seen_at,
        "is_this": is_this,
        "mark": mark_of(session),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def session_end(request: HttpRequest, session: str) -> HttpResponseBase:
    """Log out one other browser, after a second thought."""
    user, mine = cast(User, request.user), request.session.session_key
    running = open_sessions(user, now=timezone.now())
    others = {mark_of(other): other for other in running if other.pk != mine}
    if (chosen := others.get(session)) is None:
        if request.method != "POST":
            raise Http404
        return redirect("tenants:sessions")  # it ended by itself, or by another click
    device = describe(chosen.agent)
    if request.method == "POST":
        end_session(user, chosen)
        messages.success(request, _("%(device)s is logged out.") % {"device": device})
        return redirect("tenants:sessions")
    enter_last_workspace(request)
    context = {"device": device, "address": chosen.address}
    return render(request, "tenants/session_end.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def sessions_end(request: HttpRequest) -> HttpResponseBase:
    """Log out everywhere else, after a second thought."""
    user, mine = cast(User, request.user), request.session.session_key
    if request.method == "POST":
        count = end_others(user, keep=mine)
        words = ngettext(
            "Logged out in %(count)s other browser.",
            "Logged out in %(count)s other browsers.",
            count,
        )
        messages.success(request, words % {"count": count})
        return redirect("tenants:sessions")
    running = open_sessions(user, now=timezone.now())
    enter_last_workspace(request)
    context = {"count": sum(session.pk != mine for session in running)}
    return render(request, "tenants/sessions_end.html", context)
