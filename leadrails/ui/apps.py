from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "leadrails.ui"
    label = "ui"
    verbose_name = "Interface"
