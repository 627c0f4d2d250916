"""Links from one part's pages to another's."""

from typing import Any

from django.urls import NoReverseMatch, reverse

from leadrails.tenants.models import Tenant


def link(tenant: Tenant, view: str, **kwargs: Any) -> str:
    """The address of a tenant's page, or "" where that page is not installed."""
    try:
        return reverse(view, kwargs={"tenant": tenant.slug, **kwargs})
    except NoReverseMatch:
        return ""
