"""What Telnyx would post, signed as Telnyx signs it."""

import base64
import json
import time
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from destinations.callbacks import addresses, status_url
from destinations.providers import simulated
from destinations.providers.telnyx import TelnyxSMS
from leadrails.jobs.models import Attempt, Job
from tests.make import make_destination, make_job, make_tenant

MESSAGE = "ac012cbf-5e09-46af-a69a-7c0e2d90993c"


def make_place(**fields):
    """A simulated Telnyx destination."""
    tenant = fields.pop("tenant", None) or make_tenant()
    config, credentials = TelnyxSMS.simulated_settings(
        tenant.id, settings.LEADRAILS_SIMULATOR_SECRET
    )
    config |= fields.pop("config", {})
    fields = {"kind": "telnyx_sms", "credentials": credentials, **fields}
    return make_destination(tenant, config=config, **fields)


def make_sent_job(state="accepted", **fields) -> Job:
    """A job whose first attempt was made; its answer is lost if it is `unknown`."""
    is_known = state != "unknown"
    found = {"provider_id": MESSAGE, "accepted_at": timezone.now()} if is_known else {}
    place = fields.pop("destination", None) or make_place()
    job = make_job(destination=place, state=state, attempts=1, **found, **fields)
    Attempt.objects.create(
        job_id=job.id,
        number=1,
        tenant_id=job.tenant_id,
        destination_id=job.destination_id,
        started_at=timezone.now(),
        outcome="accepted" if is_known else "unknown",
        provider_id=MESSAGE if is_known else "",
    )
    return job


def event(kind, payload, *, attempt=1, **more) -> bytes:
    data = {"event_type": kind, "id": str(uuid4()), "payload": payload, **more}
    return json.dumps({"data": data, "meta": {"attempt": attempt}}).encode()


def status(word, *errors, kind="message.finalized", attempt=1, **more) -> bytes:
    payload = {
        "id": MESSAGE,
        "direction": "outbound",
        "to": [{"phone_number": "+12025550100", "status": word}],
        "errors": [{"code": code, "title": title} for code, title in errors],
        **more,
    }
    return event(kind, payload, attempt=attempt)


def written(text="Hello", **more) -> bytes:
    """A text from a person; `body` for what comes over RCS."""
    payload = {
        "id": str(uuid4()),
        "direction": "inbound",
        "type": "RCS" if "body" in more else "SMS",
        "from": {"phone_number": "+12025550100"},
        "to": [{"phone_number": "+15555550200"}],
        "text": text,
        **more,
    }
    return event("message.received", payload)


def signed(place, body, *, at=None, account=None) -> dict:
    at = int(time.time()) if at is None else at
    account = account or simulated.account_sid(place.tenant_id)
    signer = simulated.telnyx_signing_key(settings.LEADRAILS_SIMULATOR_SECRET, account)
    signature = base64.b64encode(signer.sign(f"{at}|".encode() + body)).decode()
    return {"Telnyx-Timestamp": str(at), "Telnyx-Signature-Ed25519": signature}


def post(client, job, body, *, attempt=1, headers=None, **more):
    url = status_url(job.destination_id, job.id, attempt)
    return _post(client, url, body, headers or signed(job.destination, body), **more)


def post_message(client, place, body, *, headers=None, **more):
    url = addresses(place).incoming
    return _post(client, url, body, headers or signed(place, body), **more)


def _post(client, url, body, headers, **more):
    path = urlsplit(url).path
    kind = "application/json"
    return client.post(path, body, content_type=kind, headers=headers, **more)
