from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    JsonResponse,
)
from django.shortcuts import redirect, render
from django.template import loader
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from leadrails.ui.samples import styleguide_context
from leadrails.ui.theme import CHOICES, COOKIE

YEAR = 365 * 24 * 3600


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("theme", "")
    if chosen not in CHOICES:
        return HttpResponseBadRequest("No such theme.")
    target = request.POST.get("next", "/")
    is_ours = url_has_allowed_host_and_scheme(
        target, {request.get_host()}, require_https=request.is_secure()
    )
    response = redirect(target if is_ours else "/")
    response.set_cookie(
        COOKIE,
        chosen,
        max_age=YEAR,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


@require_GET
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component in every state, for whoever builds the next page."""
    if not settings.DEBUG:
        raise Http404
    return render(request, "ui/styleguide.html", styleguide_context())


def _is_for_a_machine(request: HttpRequest) -> bool:
    return request.path_info.startswith("/v1/")


def _told(status: int, code: str, reason: str) -> JsonResponse:
    """An error as the wire contract words it."""
    return JsonResponse({"error": code, "reason": reason}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return render(request, "413.html", status=413)
    return render(request, "400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return render(request, "403.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    if _is_for_a_machine(request):
        return _told(404, "not_found", "There is nothing at this address.")
    return render(request, "404.html", status=404)


def method_not_allowed(request: HttpRequest, *, allowed: str) -> HttpResponse:
    response = render(request, "405.html", status=405)
    response["Allow"] = allowed
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Without the context processors: what they ask may be what broke."""
    if _is_for_a_machine(request):
        reason = "Something failed on our side. Post it again with the same key."
        return _told(500, "internal_error", reason)
    return HttpResponse(loader.get_template("500.html").render(), status=500)
