"""What messages cost, asked of the simulator."""

from datetime import timedelta
from decimal import Decimal

import pytest

from leadrails.jobs.models import Job
from tests.make import make_destination, make_job, make_lead, make_source, make_tenant
from webhooks.prices import note_prices

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = timedelta(0)


@pytest.fixture
def sent(drain, simulator):
    place = make_destination(make_tenant())
    source = make_source(place.tenant)
    for number in range(2):
        make_job(make_lead(source, phone=f"+1202555012{number}"), place)
    drain()
    account = place.config["account_sid"]
    simulator.wait(count=2, account=account)
    return place


def prices(place):
    jobs = Job.objects.for_tenant(place.tenant_id)
    return set(jobs.values_list("price", "price_unit"))


def test_prices_are_known_after_a_while(sent):
    assert note_prices() == 0
    assert note_prices(known_after=AT_ONCE) == 2
    assert note_prices(known_after=AT_ONCE) == 0

    ((price, unit),) = prices(sent)
    assert price < Decimal(0)
    assert unit == "USD"


def test_another_workspaces_jobs_get_no_price_of_ours(sent):
    other = make_destination(make_tenant())
    Job.objects.update(tenant_id=other.tenant_id)

    assert note_prices(known_after=AT_ONCE) == 0
    assert prices(other) == {(None, "")}


def test_a_destination_that_cannot_be_asked_is_left_alone(sent):
    sent.credentials = b"x" * 40
    sent.save()

    assert note_prices(known_after=AT_ONCE) == 0
