"""What Twilio would post, signed as Twilio signs it."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from django.utils import timezone
from twilio.request_validator import RequestValidator

from destinations.callbacks import addresses, status_url
from destinations.credentials import open_credentials
from leadrails.jobs.models import Attempt, Job
from tests.make import make_job
from webhooks.models import RawCallback
from webhooks.services import process_callbacks, store_callback

SID = "SM5111a7ed" + "0" * 24


def make_sent_job(state="accepted", *, outcome="accepted", **fields) -> Job:
    """A job whose first attempt was made; by default the provider took it."""
    is_settled = state not in ("sending", "unknown")
    found = {"provider_id": SID, "accepted_at": timezone.now()} if is_settled else {}
    job = make_job(state=state, attempts=1, **found, **fields)
    Attempt.objects.create(
        job_id=job.id,
        number=1,
        tenant_id=job.tenant_id,
        destination_id=job.destination_id,
        started_at=timezone.now(),
        outcome=outcome if is_settled else "",
        provider_id=SID if is_settled else "",
    )
    return job


def form(status, code="", sid=SID, **more) -> bytes:
    fields = {"MessageSid": sid, "MessageStatus": status, "To": "+12025550100"}
    if code:
        fields["ErrorCode"] = code
    return urlencode({**fields, **more}).encode()


def post(client, job, body, *, attempt=1, url=None, token=None):
    """Post a callback as Twilio does, signed with the account's token."""
    url = url or status_url(job.destination_id, job.id, attempt)
    token = token or open_credentials(job.destination)["auth_token"]
    signature = RequestValidator(token).compute_signature(
        url, dict(parse_qsl(body.decode()))
    )
    return client.post(
        urlsplit(url).path,
        body,
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signature},
    )


def store(job, body, **fields):
    """Store a callback as the view does."""
    store_callback(
        job.destination,
        **{
            "kind": RawCallback.Kind.STATUS,
            "job_id": job.id,
            "attempt": 1,
            "url": "http://127.0.0.1:8000/webhooks/status/…",
            "headers": {},
            "body": body,
            "is_signed": True,
            **fields,
        },
    )


def report(job, *bodies, attempt=1) -> Job:
    """Store callbacks, work them off, and return the job as it is then."""
    for body in bodies:
        store(job, body, attempt=attempt)
    while process_callbacks():
        pass
    return Job.objects.get(pk=job.pk)


def inbound(body="Hello", sid="SM" + "1" * 32, sender="+12025550100", **more) -> bytes:
    """A message from a person, as Twilio posts it."""
    fields = {
        "MessageSid": sid,
        "SmsStatus": "received",
        "From": sender,
        "To": "+15555550100",
        "Body": body,
        "NumMedia": "0",
    }
    return urlencode({**fields, **more}).encode()


def post_message(client, place, body, *, name="incoming", token=None, url=None):
    """Post to the address of a destination's senders, signed."""
    url = url or getattr(addresses(place), name)
    token = token or open_credentials(place)["auth_token"]
    signature = RequestValidator(token).compute_signature(
        url, dict(parse_qsl(body.decode(), keep_blank_values=True))
    )
    return client.post(
        urlsplit(url).path,
        body,
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signature},
    )
