"""The theme chosen by hand; without a choice the system's is used."""

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

COOKIE = "leadrails_theme"
THEMES = (
    ("auto", _("System"), "monitor"),
    ("light", _("Light"), "sun"),
    ("dark", _("Dark"), "moon"),
)
CHOICES = frozenset(name for name, _word, _icon in THEMES)


def theme_of(request: HttpRequest | None) -> str:
    chosen = request.COOKIES.get(COOKIE, "auto") if request else "auto"
    return chosen if chosen in CHOICES else "auto"
