"""Signed leads over the real view and a real PostgreSQL."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from leadrails.core import ids, signing
from leadrails.jobs import tallies
from leadrails.jobs.models import Job, QueueEntry, TallyChange
from leadrails.leads import api, directory
from leadrails.leads.models import IdempotencyKey, Lead, Nonce
from leadrails.tenants.models import Tenant
from leadrails.tenants.services import issue_api_key
from tests.make import (
    make_destination,
    make_route,
    make_signing_key,
    make_source,
    make_tenant,
)

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/v1/lead-events"
NONCE = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def no_memory():
    directory.forget()


@pytest.fixture
def source():
    source = make_source(make_tenant())
    make_route(source, make_destination(source.tenant))
    return source


@pytest.fixture
def key(source):
    return make_signing_key(source)


def event(**lead):
    return {
        "schema_version": "lead_event.v1",
        "event_type": "lead.submitted",
        "submitted_at": "2026-05-22T12:00:00.000Z",
        "source": {"source_system": "test"},
        "lead": {"first_name": "Ann", "phone": "(202) 555-0147", **lead},
    }


def now_text(shift=timedelta(0)):
    at = datetime.now(tz=UTC) + shift
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def post(source, key, body, *, idem="key-1", nonce=NONCE, **changes):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    key_id, secret = key
    at = changes.pop("timestamp", now_text())
    parts = signing.SignedParts(
        timestamp=at, nonce=nonce, idempotency_key=idem, body=body
    )
    headers = {
        "X-LR-Client-Id": source.tenant.public_id,
        "X-LR-Source-Id": source.public_id,
        "X-LR-Key-Id": key_id,
        "X-LR-Timestamp": at,
        "X-LR-Nonce": nonce,
        "X-LR-Idempotency-Key": idem,
        "X-LR-Signature": signing.sign(parts, secret),
        **changes.pop("headers", {}),
    }
    client = changes.pop("client", None) or Client()
    return client.post(
        changes.pop("url", URL), body, content_type="application/json", headers=headers
    )


def test_a_signed_lead_is_stored_with_trail_job_and_queue_entry(source, key):
    answer = post(source, key, event(full_name="Ann Lee"))

    assert answer.status_code == 202
    reply = answer.json()
    assert answer["X-Request-Id"].startswith("req_")
    assert answer["Content-Length"] == str(len(answer.content))
    assert (reply["status"], reply["delivery_job_count"]) == ("accepted", 1)
    assert reply["workflow"] == "default"
    lead = Lead.objects.get(pk=ids.decode("evt", reply["event_id"]))
    assert (lead.phone, lead.phone_raw) == ("+12025550147", "(202) 555-0147")
    assert lead.trail[0]["took"] is True
    job = Job.objects.get(lead_id=lead.id)
    assert (job.state, job.recipient) == ("queued", "+12025550147")
    assert ids.time_of(job.id) == ids.time_of(lead.id)
    assert QueueEntry.objects.filter(job_id=job.id).count() == 1


def test_an_exact_repeat_is_already_accepted(source, key):
    first = post(source, key, event()).json()
    again = post(source, key, event())
    fresh_nonce = post(source, key, event(), nonce="f" * 32)

    for answer in (again, fresh_nonce):
        assert answer.status_code == 202
        assert answer.json() == {**first, "status": "already_accepted"}
    assert Lead.objects.count() == 1
    assert {change.what for change in TallyChange.objects.all()} == {"lead", "queued"}
    assert tallies.differences(now=timezone.now()) == []


def test_a_repeat_is_answered_even_when_its_lead_is_gone(source, key):
    first = post(source, key, event()).json()
    Job.objects.all().delete()
    Lead.objects.all().delete()
    again = post(source, key, event(), nonce="f" * 32)

    assert again.json() == {**first, "status": "already_accepted"}
    assert Lead.objects.count() == 0


def test_the_same_key_with_another_body_collides(source, key):
    post(source, key, event())
    answer = post(source, key, event(first_name="Bob"), nonce="e" * 32)

    assert answer.status_code == 409
    assert answer.json()["error"] == "idempotency_key_collision"


def test_a_known_nonce_with_a_new_key_is_replayed(source, key):
    post(source, key, event())
    answer = post(source, key, event(), idem="key-2")

    assert (answer.status_code, answer.json()["error"]) == (401, "replayed_nonce")
    assert IdempotencyKey.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "code", "status"),
    [
        ({"headers": {"X-LR-Signature": "v1=AAAA"}}, "auth_failed", 401),
        ({"headers": {"X-LR-Signature": ""}}, "auth_failed", 401),
        ({"headers": {"X-LR-Key-Id": "key_nope"}}, "auth_failed", 401),
        ({"headers": {"X-LR-Client-Id": "cli_" + "0" * 26}}, "auth_failed", 401),
        ({"headers": {"X-LR-Source-Id": "src_" + "0" * 26}}, "auth_failed", 401),
        ({"timestamp": "2026-05-22T12:00:00Z"}, "auth_failed", 401),
        ({"timestamp": "2026-05-22T12:00:00.000Z"}, "stale_timestamp", 401),
        ({"nonce": "XYZ"}, "auth_failed", 401),
        ({"url": f"{URL}?a=b"}, "query_not_allowed", 400),
    ],
)
def test_what_is_not_proven_is_refused(source, key, changes, code, status):
    answer = post(source, key, event(), **changes)

    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert Lead.objects.count() == Nonce.objects.count() == 0


def test_who_opens_the_address_is_told_to_post(client):
    answer = client.get(URL)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert answer.json() == {
        "error": "method_not_allowed",
        "reason": "Post lead events here.",
    }


@pytest.mark.parametrize("minutes", [-4, 4])
def test_clocks_may_differ_by_five_minutes(source, key, minutes):
    stamp = now_text(timedelta(minutes=minutes))
    assert post(source, key, event(), timestamp=stamp).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b"null",
        b'{"schema_version":"lead_event.v1"}',
        json.dumps({**event(), "schema_version": "lead_event.v2"}).encode(),
        json.dumps({**event(), "source": {"source_system": ""}}).encode(),
        json.dumps({**event(), "submitted_at": "yesterday"}).encode(),
        json.dumps({**event(), "custom_fields": {"k" * 201: 1}}).encode(),
        json.dumps(event(first_name=5)).encode(),
        json.dumps(event(first_name="a\x00b")).encode(),
        json.dumps({**event(), "custom_fields": {"a": "b"}})
        .replace('"b"', '"\\ud800"')
        .encode(),
        json.dumps({**event(), "x": 1}).replace(": 1}", ": 1e999999}").encode(),
        json.dumps({**event(), "x": 1}).replace(": 1}", f": {'9' * 900}}}").encode(),
        (json.dumps(event())[:-1] + ', "x": ' + "[" * 60 + "]" * 60 + "}").encode(),
        (json.dumps(event())[:-1] + ', "x": ' + "[" * 90_000).encode(),
    ],
)
def test_a_bad_body_is_a_clear_422(source, key, body):
    answer = post(source, key, body)

    assert answer.status_code == 422
    assert answer.json()["error"] == "schema_validation_failed"
    assert answer.json()["reason"]
    assert Lead.objects.count() == 0


def test_a_huge_body_is_refused(source, key):
    body = event(message="x" * 300_000)
    assert post(source, key, body).status_code == 413


def test_unknown_keys_are_kept(source, key):
    post(source, key, {**event(), "quiz": {"score": [1, {"a": "ü"}]}})
    assert Lead.objects.get().event["quiz"] == {"score": [1, {"a": "ü"}]}


@pytest.mark.parametrize("phone", [None, "", "not a number", "12"])
def test_a_lead_without_a_usable_phone_is_stored_and_skipped(source, key, phone):
    assert post(source, key, event(phone=phone)).status_code == 202

    job = Job.objects.get()
    assert (job.state, job.reason) == ("skipped", "no_usable_phone")
    assert not QueueEntry.objects.exists()


def test_a_paused_source_keeps_the_lead_and_sends_nothing(source, key):
    source.status = "paused"
    source.save()
    reply = post(source, key, event()).json()

    assert reply["delivery_job_count"] == 0
    assert Lead.objects.get().source_paused is True


def test_a_revoked_source_is_refused(source, key):
    source.status = "revoked"
    source.save()
    assert post(source, key, event()).json()["error"] == "auth_failed"


def test_a_revoked_key_is_refused_once_the_version_is_looked_at(
    source, key, monkeypatch
):
    assert post(source, key, event()).status_code == 202
    source.keys.update(revoked_at=datetime.now(tz=UTC))
    Tenant.objects.filter(pk=source.tenant_id).update(version=2)
    monkeypatch.setattr(directory, "TTL", 0)

    answer = post(source, key, event(), idem="key-2", nonce="a" * 32)

    assert answer.status_code == 401


def test_a_paused_workflow_refuses_and_an_unknown_one_is_kept(source, key):
    source.workflows.update(is_paused=True)
    answer = post(source, key, event())
    assert (answer.status_code, answer.json()["error"]) == (409, "workflow_paused")

    reply = post(source, key, {**event(), "workflow": "other"}, nonce="b" * 32).json()
    assert (reply["workflow"], reply["delivery_job_count"]) == ("other", 0)
    assert "no workflow" in Lead.objects.get().trail[0]["why"]


@pytest.mark.parametrize(
    ("site", "status"),
    [
        ("https://example.com/contact", 202),
        ("https://example.com", 202),
        ("https://example.com.evil.test/", 403),
        ("http://example.com/", 403),
        (None, 403),
    ],
)
def test_a_pinned_site_is_checked(source, key, site, status):
    source.allowed_site_url = "https://example.com"
    source.save()
    body = event()
    body["source"]["site_url"] = site
    assert post(source, key, body).status_code == status


def test_an_api_key_may_post_for_its_own_sources_only(source):
    _, token = issue_api_key(source.tenant, "ci", actor=None)
    stranger = make_source(make_tenant())

    def send(to):
        headers = {
            "Authorization": f"Bearer {token}",
            "X-LR-Source-Id": to.public_id,
            "Idempotency-Key": "one",
        }
        return Client().post(
            URL, json.dumps(event()), "application/json", headers=headers
        )

    assert send(source).json()["status"] == "accepted"
    assert send(source).json()["status"] == "already_accepted"
    assert send(stranger).status_code == 401


def test_racing_posts_make_one_lead(source, key):
    body = json.dumps(event()).encode()
    barrier = threading.Barrier(8)

    def race(number):
        try:
            barrier.wait()
            return post(source, key, body, nonce=f"{number % 2:032x}").json()["status"]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(race, range(8)))

    assert sorted(statuses) == ["accepted"] + ["already_accepted"] * 7
    assert Lead.objects.count() == Job.objects.count() == 1


def test_machines_are_answered_without_what_only_pages_need(client, source, key):
    answer = post(source, key, event())
    assert answer.status_code == 202
    assert answer.headers["X-Request-Id"].startswith("req_")
    assert "Content-Security-Policy" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert client.post("/v1/nothing-here").status_code == 404


def test_machines_are_told_in_json_what_has_no_view_or_failed(source, key, monkeypatch):
    def fail(posted):
        raise RuntimeError("made up")

    monkeypatch.setattr(api, "accept_lead", fail)
    client = Client(raise_request_exception=False)
    missing = client.post("/v1/nothing-here")
    broken = post(source, key, event(), client=client)
    assert (missing.status_code, missing.json()["error"]) == (404, "not_found")
    assert (broken.status_code, broken.json()["error"]) == (500, "internal_error")


def test_while_the_database_is_away_machines_are_told_to_come_again(source, key):
    body = event()
    assert post(source, key, body, idem="warm").status_code == 202
    wanted = connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["PORT"] = "1"  # nobody listens there
    try:
        answer = post(source, key, body, nonce="a" * 32)
    finally:
        connection.settings_dict["PORT"] = wanted
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
    assert answer["Retry-After"] == "5"
    assert post(source, key, body, nonce="a" * 32).status_code == 202


def test_a_post_over_plain_http_is_refused_where_pages_need_https(
    source, key, settings
):
    settings.SECURE_SSL_REDIRECT = True
    answer = post(source, key, event())
    assert (answer.status_code, answer.json()["error"]) == (403, "https_required")
    assert Client().post("/webhooks/nothing-here").status_code == 404


def test_jobs_of_a_lead_have_ids_in_the_order_of_its_routes(source, key):
    made = [
        make_route(
            source,
            make_destination(source.tenant),
            priority=200 - number,
            is_additional=True,
        )
        for number in range(6)
    ]
    directory.forget()

    post(source, key, event())

    jobs = Job.objects.exclude(route_id=source.routes.first().id).order_by("id")
    assert [job.route_id for job in jobs] == [route.id for route in made[::-1]]
