from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from leadrails.tenants.models import Role
from tests.make import make_destination, make_route, make_source, make_tenant, make_user


@pytest.fixture
def tenant(db):
    return make_tenant()


@pytest.fixture
def world(tenant):
    """A source, a destination and the route between them."""
    source = make_source(tenant, name="Acme form")
    destination = make_destination(tenant)
    route = make_route(source, destination, name="Acme to sales")
    return SimpleNamespace(
        tenant=tenant, source=source, destination=destination, route=route
    )


@pytest.fixture
def enter():
    """Log a new member of a tenant in and return the client."""

    def enter(tenant, role=Role.OWNER):
        client = Client()
        client.force_login(make_user(tenant, role))
        return client

    return enter


@pytest.fixture
def url(tenant):
    def url(view, **kwargs):
        return reverse(view, kwargs={"tenant": tenant.slug, **kwargs})

    return url
