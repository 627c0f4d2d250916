"""The mailbox of a demo: what would have gone out by mail."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from leadrails.mailbox.models import KeptMail
from leadrails.mailbox.pages import is_owner, readable
from leadrails.tenants.account_pages import enter_last_workspace
from leadrails.tenants.doors import read_id
from leadrails.tenants.models import User
from leadrails.ui.paging import keyset_page

SIZE = 50
# Mail brings its own styles, and nothing else of it may act or load.
_FRAME = {
    "default-src": [NONE],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:"],
    "base-uri": [SELF],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
}


def owners_only(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Where mail goes out there is no such page."""

    @require_safe
    @never_cache
    @login_required
    @wraps(view)
    def enter(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not settings.LEADRAILS_KEEPS_MAIL or not is_owner(_person(request)):
            raise Http404
        enter_last_workspace(request)
        if not hasattr(request, "role"):  # it wants two factors, and has seen one
            raise Http404
        return view(request, **kwargs)

    return enter


@owners_only
def mail_list(request: HttpRequest) -> HttpResponse:
    page = keyset_page(
        readable(_person(request)).defer("text", "html"),
        after=request.GET.get("after"),
        before=request.GET.get("before"),
        size=SIZE,
    )
    return render(request, "mailbox/mail_list.html", {"page": page})


@owners_only
def mail_detail(request: HttpRequest, mail: str) -> HttpResponse:
    return render(request, "mailbox/mail_detail.html", {"mail": _access(request, mail)})


@owners_only
@xframe_options_sameorigin
def mail_html(request: HttpRequest, mail: str) -> HttpResponseBase:
    """The mail alone, for a frame that lets nothing out but links in a new tab."""
    html = _access(request, mail).html
    aside = '<base target="_blank">'
    head, found, rest = html.partition("<head>")

    @csp(_FRAME)
    def framed(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"{head}{found}{aside}{rest}" if found else aside + html)

    return framed(request)


def _access(request: HttpRequest, public_id: str) -> KeptMail:
    rows = readable(_person(request))
    return get_object_or_404(rows, pk=read_id(KeptMail.prefix, public_id))


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)
