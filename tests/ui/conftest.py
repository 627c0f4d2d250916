"""The shell without the rest: its own URLs, no database, no session."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def shell_alone(settings):
    settings.ROOT_URLCONF = "tests.ui.urls"
    settings.MIDDLEWARE = [
        "csp.middleware.CSPMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "leadrails.ui.middleware.WayBackMiddleware",
    ]
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [ROOT / "templates", ROOT / "tests/ui/templates"],
            "OPTIONS": {
                "context_processors": ["django.template.context_processors.request"]
            },
        }
    ]
