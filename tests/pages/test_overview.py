import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from destinations.models import Destination
from leadrails.core import ids
from leadrails.jobs.models import QueueEntry
from leadrails.tenants.models import Role
from tests.make import make_job, make_lead


def test_a_new_workspace_gets_its_first_steps(tenant, enter, url):
    response = enter(tenant).get(url("overview"))
    assert [step["is_done"] for step in response.context["steps"]] == [False] * 5
    assert "Create a source" in response.content.decode()


def test_first_steps_tick_and_go_when_a_message_was_delivered(world, enter, url):
    client = enter(world.tenant)

    def ticks():
        steps = client.get(url("first_steps")).context["steps"]
        return [step["is_done"] for step in steps]

    assert ticks() == [True, True, True, False, False]
    lead = make_lead(world.source)
    assert ticks() == [True, True, True, True, False]
    make_job(lead, world.destination, state="delivered", message={"body": "Hi Ann"})
    Destination.objects.update(delivered_once=True)
    assert ticks() == []
    assert "Hi Ann" not in client.get(url("overview")).text


def test_a_viewer_gets_no_buttons_for_first_steps(tenant, enter, url):
    client = enter(tenant, Role.VIEWER)
    assert {step["url"] for step in client.get(url("overview")).context["steps"]} == {
        ""
    }


@pytest.mark.parametrize(
    ("period", "bars"),
    [("24h", {25, 26}), ("7d", {28, 29, 30}), ("30d", {30, 31, 32}), ("1y", {25, 26})],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_each_period_shows_its_spans_and_what_lies_in_them(
    world, enter, url, period, bars, zone
):
    world.tenant.time_zone = zone
    world.tenant.save()
    for days in (0, 3, 20):
        past = timezone.now() - timedelta(days=days, hours=1)
        lead = make_lead(world.source, id=ids.uuid7_beside(ids.uuid7_floor(past)))
        make_job(lead, world.destination, state="delivered")
    context = enter(world.tenant).get(url("overview"), {"period": period}).context
    found = {"24h": 1, "7d": 2, "30d": 3}.get(period, 1)
    assert len(context["buckets"]) in bars
    assert sum(bucket.get("ok", 0) for bucket in context["buckets"]) == found
    (row,) = context["rows"]
    assert sum(row["course"]) == row["total"] == found


def test_a_destination_whose_oldest_message_waits_too_long_is_slow(world, enter, url):
    job = make_job(make_lead(world.source), world.destination)
    QueueEntry.objects.filter(job_id=job.id).update(
        due_at=timezone.now() - timedelta(hours=1)
    )
    response = enter(world.tenant).get(url("overview"))
    (row,) = response.context["rows"]
    assert row["waited"] > timedelta(minutes=59)
    assert row["is_late"]
    assert "Slow" in response.text


def test_figures_count_what_happened(world, enter, url):
    def job(state, **fields):
        return make_job(
            make_lead(world.source), world.destination, state=state, **fields
        )

    for _ in range(3):
        job("delivered")
    job("dead", reason="expired")
    job("held", reason="destination_paused")
    job("queued")
    job("skipped", reason="opted_out")
    job("canceled", reason="canceled")
    response = enter(world.tenant).get(url("overview"))
    context = response.context
    assert context["leads_today"] == 8
    assert context["delivered_share"] == 0.75
    assert (context["held"], context["failed"]) == (1, 1)
    (row,) = context["rows"]
    assert row["total"] == 8
    assert row["tones"] == {
        "ok": 3,
        "failed": 1,
        "attention": 1,
        "waiting": 1,
        "neutral": 2,
    }
    cell = r'<td data-label="[^"]+" class="number">(\d+)</td>'
    total, *parts = map(int, re.findall(cell, response.text))
    assert total == sum(parts) == 8
    assert context["buckets"][-1]["ok"] + context["buckets"][-2].get("ok", 0) == 3


@pytest.mark.parametrize(
    ("zone", "minutes", "leads"),
    [
        ("UTC", 61, 1),
        ("UTC", 30, 0),
        ("Asia/Kolkata", 5, 0),  # its midnight is 18:30 UTC
        ("Asia/Kolkata", 31, 1),
        ("Asia/Kolkata", 91, 1),
    ],
)
def test_leads_count_from_local_midnight(world, enter, url, zone, minutes, leads):
    world.tenant.time_zone = zone
    world.tenant.save()
    midnight = datetime(2026, 3, 4, tzinfo=ZoneInfo(zone))
    came = midnight + timedelta(minutes=minutes if leads else -minutes)
    make_lead(world.source, id=ids.uuid7_beside(ids.uuid7_floor(came)))
    with time_machine.travel(midnight + timedelta(hours=5), tick=False):
        context = enter(world.tenant).get(url("overview")).context
    assert context["leads_today"] == leads


def test_speed_to_lead_is_from_receipt_to_acceptance(world, enter, url):
    for seconds in range(1, 21):
        lead = make_lead(world.source)
        accepted_at = lead.received_at + timedelta(seconds=seconds)
        make_job(lead, world.destination, state="accepted", accepted_at=accepted_at)
    context = enter(world.tenant).get(url("overview")).context
    assert context["median"] == pytest.approx(10, abs=0.5)
    assert context["slow"] == pytest.approx(19, abs=0.5)


def test_without_jobs_there_is_no_share_and_no_speed(tenant, enter, url):
    context = enter(tenant).get(url("overview")).context
    assert context["delivered_share"] is None
    assert context["median"] is None


@pytest.mark.parametrize(
    ("address", "is_told"), [("", True), ("https://x.test", False)]
)
def test_a_missing_public_address_is_told(
    address, is_told, tenant, enter, url, settings
):
    settings.LEADRAILS_PUBLIC_URL = address
    text = enter(tenant).get(url("overview")).content.decode()
    assert ("Providers cannot report back" in text) == is_told
