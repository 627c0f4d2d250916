import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from leadrails.core import ids
from tests.make import make_job, make_lead


def test_a_new_workspace_gets_its_first_steps(tenant, enter, url):
    response = enter(tenant).get(url("overview"))
    assert [step["is_done"] for step in response.context["steps"]] == [False] * 4
    assert "Create a source" in response.content.decode()


def test_first_steps_go_when_they_are_done(world, enter, url):
    client = enter(world.tenant)
    steps = client.get(url("overview")).context["steps"]
    assert [step["is_done"] for step in steps] == [True, True, True, False]
    make_lead(world.source)
    assert client.get(url("overview")).context["steps"] == []


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
    assert context["median"] == pytest.approx(11, abs=0.5)
    assert context["slow"] == pytest.approx(20, abs=0.5)


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
