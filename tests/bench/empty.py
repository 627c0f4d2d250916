"""The least that Django can do: no middleware, one view, an empty answer."""

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import re_path


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(headers={"Content-Length": "0"})


urlpatterns = [re_path("", answer)]


def _application() -> WSGIHandler:
    import django

    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"])
    django.setup()
    return WSGIHandler()


if not settings.configured:
    application = _application()
