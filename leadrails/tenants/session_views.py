"""One's own account: the browsers in which one is logged in."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from leadrails.tenants.account_pages import enter_last_workspace, render_account
from leadrails.tenants.devices import describe
from leadrails.tenants.models import Session, User
from leadrails.tenants.sessions import end_others, open_sessions


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
    }


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
