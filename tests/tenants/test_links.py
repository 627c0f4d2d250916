"""Whoever follows the links of the pages is never led where they may not go."""

import re
from html import unescape

import pytest
from django.utils import timezone

from leadrails.alerts.models import Alert
from leadrails.tenants.models import Role
from tests.make import (
    make_destination,
    make_job,
    make_lead,
    make_route,
    make_signing_key,
    make_source,
    make_tenant,
    make_user,
)

pytestmark = pytest.mark.django_db

HREF = re.compile(r'\bhref="(/(?:t/acme|account)/[^"#?]*)')


@pytest.fixture
def world():
    """A workspace with something of everything, paused, held and failed too."""
    tenant = make_tenant(slug="acme")
    source = make_source(tenant)
    make_signing_key(source)
    now = timezone.now()
    for fields in ({"held_countries": ["RU"]}, {"status": "paused"}):
        destination = make_destination(tenant, **fields)
        route = make_route(source, destination)
        lead = make_lead(source, job_count=1, is_test=True)
        job = make_job(lead, destination, route=route, state="dead", reason="expired")
        Alert.objects.create(
            tenant=tenant,
            kind="dead_letters",
            scope=f"destination:{destination.public_id}",
            destination_id=destination.id,
            job_id=job.id,
            opened_at=now,
            last_at=now,
        )
    make_destination(tenant, name="Unrouted", is_simulated=False)
    make_source(tenant, name="Unrouted too")
    return tenant


@pytest.mark.parametrize("role", list(Role))
def test_every_link_that_is_shown_opens(client, world, role):
    client.force_login(make_user(world, role))
    seen, waiting, dead = set(), ["/t/acme/"], []
    while waiting:
        url = waiting.pop()
        answer = client.get(url)
        if answer.status_code not in (200, 302):
            dead.append((url, answer.status_code))
        if answer.status_code != 200 or "text/html" not in answer["Content-Type"]:
            continue
        found = set(HREF.findall(unescape(answer.content.decode()))) - seen
        seen |= found
        waiting += sorted(found)

    assert dead == []
    assert len(seen) > 20
