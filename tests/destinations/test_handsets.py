"""From a workspace to its virtual phones."""

import time
from collections import Counter

import pytest
import requests

from leadrails.jobs.models import Attempt, Job
from leadrails.tenants.models import Role
from tests.make import (
    make_destination,
    make_job,
    make_lead,
    make_source,
    make_tenant,
    make_user,
)

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


@pytest.mark.django_db(transaction=True)
def test_the_provider_s_ledger_stands_beside_ours(drain, simulator, tenant, page):
    place, source = make_destination(tenant), make_source(tenant)
    jobs = [
        make_job(make_lead(source, phone=f"+1212555014{n}"), place) for n in (2, 3, 4)
    ]
    stranger = make_job(destination=make_destination())
    drain()
    for _wait in range(50):
        shown = page("simulator/", Role.VIEWER).context
        if {row.entry.word for row in shown["rows"]} == {"delivered"}:
            break
        time.sleep(0.1)
    assert Counter(row.verdict for row in shown["rows"]) == {"behind": 3}
    assert {row.job for row in shown["rows"]} == set(jobs)
    assert stranger not in {row.job for row in shown["rows"]}

    Job.objects.filter(pk=jobs[0].pk).update(state="delivered")
    Job.objects.filter(pk=jobs[1].pk).update(state="undelivered")
    Attempt.objects.filter(job_id=jobs[2].pk).update(provider_id="")
    answer = page("simulator/", Role.VIEWER)

    verdicts = {row.entry.recipient: row.verdict for row in answer.context["rows"]}
    assert verdicts == {
        "+12125550142": "same",
        "+12125550143": "differs",
        "+12125550144": "unknown",
    }
    assert "destinations/handsets/" not in answer.content.decode()


def test_a_simulator_that_is_down_is_said_to_be(tenant, page, settings):
    settings.LEADRAILS_SIMULATOR_URL = "http://127.0.0.1:9"
    answer = page("simulator/")
    assert answer.status_code == 200
    assert "The simulator does not answer" in answer.content.decode()
    settings.LEADRAILS_SIMULATOR_URL = ""
    assert "No simulator is set up" in page("simulator/").content.decode()
