"""A page where Django answers nothing but a status."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from leadrails.ui.views import method_not_allowed

Handler = Callable[[HttpRequest], HttpResponse]


class WayBackMiddleware:
    """Says what to do to whoever opens an address that only takes forms."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed):
            return response
        return method_not_allowed(request, allowed=response["Allow"])
