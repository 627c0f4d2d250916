"""From a workspace to its virtual phones."""

import pytest
import requests

from leadrails.tenants.models import Role
from tests.make import make_destination, make_tenant, make_user

pytestmark = pytest.mark.django_db
PHONE = "+12125550142"


@pytest.fixture
def tenant():
    return make_tenant(slug="acme")


@pytest.fixture
def running(settings, simulator):
    settings.LEADRAILS_SIMULATOR_URL = simulator.url
    return simulator


@pytest.fixture
def page(client, tenant):
    def page(path, role=Role.OPERATOR):
        client.force_login(make_user(tenant, role))
        return client.get(f"/t/acme/{path}")

    return page


def test_the_way_leads_to_the_phone_that_was_meant(running, tenant, page):
    make_destination(tenant, is_simulated=True)

    answer = page(f"destinations/handsets/?phone=%2B{PHONE[1:]}")

    assert answer.status_code == 302
    assert answer.url.startswith(running.url)
    assert "It is quiet here" in requests.get(answer.url, timeout=5).text
    other = page("destinations/handsets/?phone=//evil.example/")
    assert other.url == answer.url.removesuffix(PHONE)


def test_who_may_not_send_may_not_write_as_a_recipient_either(running, tenant, page):
    make_destination(tenant, is_simulated=True)

    assert page("destinations/handsets/", Role.VIEWER).status_code == 403
    assert "destinations/handsets/" not in page("", Role.VIEWER).content.decode()
    assert "destinations/handsets/" in page("").content.decode()


def test_without_a_simulator_or_simulated_destinations_there_is_no_link(
    tenant, page, settings, simulator
):
    make_destination(tenant, is_simulated=False)
    settings.LEADRAILS_SIMULATOR_URL = simulator.url
    assert "destinations/handsets/" not in page("").content.decode()

    make_destination(tenant, is_simulated=True)
    settings.LEADRAILS_SIMULATOR_URL = ""
    assert "destinations/handsets/" not in page("").content.decode()
    assert page("destinations/handsets/").url == "/t/acme/destinations/"
