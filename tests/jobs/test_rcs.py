"""RCS from a job's side: whom it reaches, and what a fallback makes of it."""

import asyncio
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone
from redis import Redis

from destinations import reach
from destinations.callbacks import addresses
from destinations.credentials import provider_for
from destinations.direct import call_directly
from destinations.providers import simulated
from destinations.providers.http import ProviderSession
from destinations.reach import MOST_CONNECTIONS, Reach
from destinations.verification import verify_connection
from leadrails.jobs import tallies
from leadrails.jobs.models import Attempt, Deadline, DeliveryEvent
from tests.make import (
    make_destination,
    make_job,
    make_lead,
    make_source,
    make_tenant,
    make_user,
)
from tests.webhooks.twilio import form, make_sent_job, report

pytestmark = pytest.mark.django_db(transaction=True)
CAPABLE, NOT_CAPABLE = "+12125550142", "+12125550183"
RCS, NUMBER = "rcs:agent", "+15555550100"


def make_telnyx(simulator, **config):
    tenant = make_tenant()
    sid = simulated.account_sid(tenant.id)
    account = simulator.account(tenant.id)
    own = {
        "messaging_profile_id": account.telnyx_profile,
        "public_key": account.telnyx_public_key,
        "from_number": account.telnyx_sender,
        "rcs_agent": account.telnyx_agent,
    }
    place = make_destination(
        tenant,
        kind="telnyx_sms",
        config={**own, **config},
        credentials={"api_key": account.telnyx_key},
        rich={"text": "Rich words", "suggestions": [{"kind": "reply", "label": "Yes"}]},
        body_template="Plain words",
    )
    return place, sid


def sent(place, to, drain):
    lead = make_lead(make_source(place.tenant), phone=to)
    job = make_job(lead, place)
    drain()
    job.refresh_from_db()
    return job, Attempt.objects.get(job_id=job.pk)


def test_a_phone_without_rcs_gets_the_text_at_once(simulator, drain, client):
    place, sid = make_telnyx(simulator, channel="rcs", fallback="leadrails")

    job, attempt = sent(place, NOT_CAPABLE, drain)

    assert (job.state, job.channel) == ("accepted", "sms")
    assert attempt.response["has_rcs"] is False
    assert not Deadline.objects.filter(job_id=job.pk).exists()
    client.force_login(make_user(place.tenant))
    names = {"tenant": place.tenant.slug, "job": job.public_id}
    page = client.get(reverse("jobs:detail", kwargs=names)).content.decode()
    assert "This phone has no RCS, so the text message went at once." in page
    (row,) = simulator.wait(account=sid)
    assert (row["body"], row["from"]) == ("Plain words", place.config["from_number"])


def test_a_phone_with_rcs_gets_rcs(simulator, drain):
    place, sid = make_telnyx(simulator, channel="rcs", fallback="leadrails")

    job, attempt = sent(place, CAPABLE, drain)

    assert (job.state, job.channel) == ("accepted", "rcs")
    assert attempt.response["has_rcs"] is True
    (row,) = simulator.wait(account=sid)
    assert row["rich"]["chips"][0]["text"] == "Yes"


def test_rcs_only_ends_for_a_phone_without_it(simulator, drain):
    place, sid = make_telnyx(simulator, channel="rcs_only")

    job, attempt = sent(place, NOT_CAPABLE, drain)

    assert (job.state, job.reason) == ("dead", "recipient_refused")
    assert "cannot be reached by RCS" in attempt.error_message
    assert simulator.requests(account=sid) == []


@pytest.mark.parametrize(
    ("phone", "has_rcs", "reason", "channel"),
    [
        ("+12125550161", True, "recipient_refused", "rcs"),
        ("+12125550161", False, "recipient_refused", "sms"),
        ("+12125550158", True, "number_refused", "rcs"),
    ],
)
def test_a_text_goes_after_a_refusal_unless_it_was_refused_or_would_be(
    simulator, drain, monkeypatch, phone, has_rcs, reason, channel
):
    """What went as a text did, and a number that is none is none for a text, too."""

    async def know(*_about):
        return has_rcs

    monkeypatch.setattr(Reach, "has_rcs", know)
    place, _ = make_telnyx(simulator, channel="rcs", fallback="leadrails")

    job, _ = sent(place, phone, drain)

    assert (job.state, job.reason, job.channel) == ("dead", reason, channel)
    is_mended = reason == "recipient_refused" and has_rcs
    assert Deadline.objects.filter(job_id=job.pk).exists() is is_mended


def test_rcs_content_that_does_not_fit_a_lead_leaves_it_to_the_text(
    simulator, drain, client
):
    place, sid = make_telnyx(simulator, channel="rcs", fallback="leadrails")
    chip = {"kind": "reply", "label": "{{ message }}"}
    place.rich = {"text": "Rich words", "suggestions": [chip]}
    place.save()
    event = {"lead": {"phone": CAPABLE, "message": "x" * 30}}
    lead = make_lead(make_source(place.tenant), phone=CAPABLE, event=event)
    job = make_job(lead, place)

    drain()

    job.refresh_from_db()
    assert (job.state, job.reason) == ("accepted", "")
    (row,) = simulator.wait(account=sid)
    assert (row["body"], row["from"]) == ("Plain words", place.config["from_number"])
    client.force_login(make_user(place.tenant))
    names = {"tenant": place.tenant.slug, "job": job.public_id}
    page = client.get(reverse("jobs:detail", kwargs=names)).content.decode()
    assert "does not fit this lead, so the text message goes." in page
    assert "Suggestion 1, label: 30 characters; at most 25 are possible." in page


def test_what_is_known_of_a_phone_is_not_asked_again(simulator, settings):
    settings.LEADRAILS_SIMULATOR_URL = simulator.url
    place, _ = make_telnyx(simulator, channel="rcs_only")
    name, open_connections = f"reach-{place.pk.hex}", []
    redis = Redis.from_url(settings.REDIS_URL)
    mark = "&" if "?" in settings.REDIS_URL else "?"
    settings.REDIS_URL += f"{mark}client_name={name}"

    def ask(*phones):
        async def run():
            known, provider = Reach(), provider_for(place)
            async with ProviderSession() as http:
                asked = [known.has_rcs(provider, phone, http) for phone in phones]
                answers = await asyncio.gather(*asked)
            mine = [row for row in redis.client_list() if row["name"] == name]
            open_connections.append(len(mine))
            await known.close()
            return answers

        return asyncio.run(run())

    assert ask(CAPABLE, NOT_CAPABLE) == [True, False]
    settings.LEADRAILS_SIMULATOR_URL = "http://127.0.0.1:9"
    assert ask(*[CAPABLE, NOT_CAPABLE] * 10) == [True, False] * 10
    assert ask("+12125550143") == [None]
    assert 1 < max(open_connections) <= MOST_CONNECTIONS
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert ask(CAPABLE) == [None]
    redis.close()


class Slow:
    """Answers too late the first time."""

    kind, checks_rcs_of = "slow", uuid4().hex
    asked = 0

    async def has_rcs(self, *_about):
        self.asked += 1
        await asyncio.sleep(10 if self.asked == 1 else 0)
        return True


class Other(Slow):
    checks_rcs_of = uuid4().hex
    asked = 1


def test_who_answers_late_is_asked_again_and_what_is_known_is_an_agents_for_a_day(
    settings, monkeypatch
):
    monkeypatch.setattr(reach, "PATIENCE", 0.01)
    slow, other = Slow(), Other()

    async def ask():
        known = Reach()
        answers = [await known.has_rcs(one, CAPABLE, None) for one in (slow,) * 3]
        answers.append(await known.has_rcs(other, CAPABLE, None))
        await known.close()
        return answers

    assert asyncio.run(ask()) == [None, True, True, True]
    assert (slow.asked, other.asked) == (2, 2)
    key = reach._key(slow, slow.checks_rcs_of, CAPABLE)
    with Redis.from_url(settings.REDIS_URL) as redis:
        assert 0 < redis.ttl(key) <= 24 * 3600
    assert CAPABLE.strip("+") not in key


def test_an_agent_that_posts_elsewhere_is_told(simulator, settings):
    settings.LEADRAILS_SIMULATOR_URL = simulator.url
    settings.LEADRAILS_PUBLIC_URL = "https://leads.example.com"
    place, _ = make_telnyx(simulator, channel="rcs_only")
    provider = provider_for(place)

    def told(address):
        call_directly(lambda http: provider.connect_replies(address, http), 5)
        return verify_connection(place, actor=None).hints

    assert any("goes to another address" in h for h in told("https://h.example/in"))
    assert not any("another address" in h for h in told(addresses(place).incoming))


# What a provider falls back to ------------------------------------------------------


def by(sender, status):
    return form(status, From=sender)


@pytest.mark.parametrize(
    ("said", "channel", "sender", "is_twice"),
    [
        ([(RCS, "sent"), (RCS, "delivered")], "rcs", RCS, False),
        ([(RCS, "sent"), (NUMBER, "sent")], "sms", NUMBER, False),
        (
            [(RCS, "sent"), (NUMBER, "sent"), (NUMBER, "delivered")],
            "sms",
            NUMBER,
            False,
        ),
        (
            [(RCS, "sent"), (NUMBER, "delivered"), (RCS, "delivered")],
            "rcs",
            RCS,
            True,
        ),
        ([(RCS, "delivered"), (NUMBER, "delivered")], "sms", NUMBER, True),
        ([(NUMBER, "delivered"), (RCS, "read")], "rcs", RCS, True),
    ],
)
def test_the_channel_that_reached_the_person_is_noted(said, channel, sender, is_twice):
    place = make_destination(make_tenant())
    place.config["channel"] = "rcs"
    place.save()
    message = {"to": "+12025550100", "body": "Plain", "channel": "rcs"}
    job = make_sent_job(destination=place, message=message)

    for item in said:
        job = report(job, by(*item))

    assert (job.channel, job.sender) == (channel, sender)
    assert job.is_possible_duplicate is is_twice
    words = DeliveryEvent.objects.filter(job_id=job.pk).values_list("status", flat=True)
    marks = [f"{s} (text)" if f == NUMBER else f"{s} (rcs)" for f, s in said]
    assert sorted(words) == sorted(marks)
    assert not tallies.differences(now=timezone.now())
