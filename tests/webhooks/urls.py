"""The callbacks alone, mounted where providers find them."""

from django.urls import include, path

urlpatterns = [path("webhooks/", include("webhooks.urls"))]
