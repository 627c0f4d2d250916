"""Loads the Celery app with Django, so that importing the core alone does not."""

from django.apps import AppConfig


class LeadRailsConfig(AppConfig):
    name = "leadrails"
    label = "leadrails"

    def ready(self) -> None:
        from leadrails import celery  # noqa: F401  binds @shared_task to our app
