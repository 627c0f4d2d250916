"""
The other way to build it, kept for comparison: one Celery task for each job.

As Django projects commonly send: models, one row at a time, and the provider's own
library. It is not held back: clients and their connections are kept per process, so
are database connections, and the broker prefetches. It renders, decrypts and checks
with the same functions as the drain, writes the same attempt row before the call and
the same states after it; it knows no rates, no fairness and no unknown outcomes.
"""

import logging
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from leadrails.celery import app

app.conf.worker_prefetch_multiplier = 16
logging.getLogger("twilio").setLevel(logging.WARNING)  # it logs each request
API = "https://api.twilio.com"
STARTED = ["state", "attempts", "changed_at", "message", "encoding", "segments"]
FINISHED = ["finished_at", "outcome", "provider_id", "http_status", "response"]


@app.task(name="bench.send_one", ignore_result=True)
def send_one(job_id: str) -> None:
    from leadrails.contacts.models import Suppression
    from leadrails.core.rendering import Template, lead_fields
    from leadrails.core.segments import measure
    from leadrails.jobs.models import Attempt, Job, QueueEntry

    job = Job.objects.select_related("lead", "destination").get(pk=UUID(job_id))
    place = job.destination
    if job.state != "queued" or place.status != "active":
        return
    if Suppression.objects.filter(
        tenant_id=job.tenant_id, phone=job.recipient, lifted_at=None
    ).exists():
        return
    fields = lead_fields(job.lead.event, phone_e164=job.lead.phone)
    body = Template.compile(place.body_template).render(fields)
    size = measure(body)
    with transaction.atomic():
        attempt = Attempt.objects.create(
            job_id=job.id,
            number=1,
            tenant_id=job.tenant_id,
            destination_id=place.id,
            started_at=timezone.now(),
            request={"to": job.recipient, "body": body},
        )
        job.state, job.attempts, job.changed_at = "sending", 1, timezone.now()
        job.message = {"to": job.recipient, "body": body}
        job.encoding, job.segments = size.encoding, size.segments
        job.save(
            update_fields=[
                "state",
                "attempts",
                "changed_at",
                "message",
                "encoding",
                "segments",
            ]
        )
    answer = _post(place, job, body)
    with transaction.atomic():
        attempt.finished_at, attempt.outcome = timezone.now(), "accepted"
        attempt.provider_id, attempt.http_status = answer.sid, 201
        attempt.response = {"status": answer.status}
        attempt.save(
            update_fields=[
                "finished_at",
                "outcome",
                "provider_id",
                "http_status",
                "response",
            ]
        )
        job.state, job.changed_at = "accepted", timezone.now()
        job.accepted_at, job.provider_id = job.changed_at, answer.sid
        job.save(update_fields=["state", "changed_at", "accepted_at", "provider_id"])
        QueueEntry.objects.filter(pk=job.id).delete()


def _post(place: Any, job: Any, body: str) -> Any:
    from destinations.callbacks import status_url

    return _client(place.id, place.updated_at).messages.create(
        to=job.recipient,
        from_=place.config["from_number"],
        body=body,
        status_callback=status_url(place.id, job.id, 1),
        validity_period=14400,
    )


@lru_cache(maxsize=1000)
def _client(place_id: UUID, _version: Any) -> Any:
    from twilio.rest import Client

    from destinations.credentials import open_credentials
    from destinations.models import Destination

    place = Destination.objects.get(pk=place_id)
    token = open_credentials(place)["auth_token"]
    return Client(place.config["account_sid"], token, http_client=_http())


@lru_cache(maxsize=1)
def _http() -> Any:
    """One keep-alive session per process, led to the bench's provider."""
    from twilio.http.http_client import TwilioHttpClient

    class Led(TwilioHttpClient):
        def request(self, method: str, url: str, *args: Any, **named: Any) -> Any:
            here = url.replace(API, settings.LEADRAILS_SIMULATOR_URL)
            return super().request(method, here, *args, **named)

    return Led()
