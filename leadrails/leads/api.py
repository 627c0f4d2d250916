"""
`POST /v1/lead-events`: authenticate, parse strictly, store, answer.

A plain view: DRF's parsers and serializers cost more than everything else here.
Errors are `{"error": code, "reason": text}`, as clients of the wire contract expect.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from leadrails.core import ids, signing
from leadrails.leads import directory, events
from leadrails.leads.directory import SourceEntry, WorkflowEntry
from leadrails.leads.services import (
    Accepted,
    Collision,
    Posted,
    ReplayedNonce,
    accept_lead,
)
from leadrails.tenants.services import authenticate_api_key

PATH = "/v1/lead-events"
_META = {
    name: f"HTTP_{name.upper().replace('-', '_')}"
    for name in (
        "Authorization",
        "Idempotency-Key",
        "User-Agent",
        "X-LR-Client-Id",
        "X-LR-Idempotency-Key",
        "X-LR-Key-Id",
        "X-LR-Nonce",
        "X-LR-Signature",
        "X-LR-Source-Id",
        "X-LR-Timestamp",
    )
}


class Refusal(Exception):
    """The answer to a post that is not taken."""

    def __init__(self, status: HTTPStatus, code: str, reason: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Sender:
    """Who posts, once proven."""

    source: SourceEntry
    idempotency_key: str
    key_id: UUID | None = None
    nonce: str | None = None


@csrf_exempt
def lead_events(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        answer = _error("method_not_allowed", "Post lead events here.", status=405)
        answer["Allow"] = "POST"
        return answer
    try:
        accepted = _take(request)
    except Refusal as refusal:
        return _error(refusal.code, refusal.reason, status=refusal.status)
    reply = {
        "event_id": ids.encode("evt", accepted.lead_id),
        "status": "accepted" if accepted.is_fresh else "already_accepted",
        "delivery_job_count": accepted.job_count,
        "workflow": accepted.workflow,
    }
    return HttpResponse(
        msgspec.json.encode(reply),
        content_type="application/json",
        status=HTTPStatus.ACCEPTED,
    )


def _take(request: HttpRequest) -> Accepted:
    body = _read_body(request)
    sender = _authenticate(request, body)
    try:
        event, plain = events.read(body)
    except events.BadEvent as error:
        raise Refusal(
            HTTPStatus.UNPROCESSABLE_ENTITY, "schema_validation_failed", str(error)
        ) from None
    _check_site(sender.source, event.source.site_url)
    workflow = check_workflow(sender.source, event.chosen_workflow)
    posted = Posted(
        source=sender.source,
        workflow=workflow,
        workflow_name=workflow.name if workflow else event.chosen_workflow,
        event=plain,
        body=body,
        idempotency_key=sender.idempotency_key,
        key_id=sender.key_id,
        nonce=sender.nonce,
        remote_ip=remote_ip(request),
        user_agent=_header(request, "User-Agent")[:300],
    )
    try:
        return accept_lead(posted)
    except Collision:
        raise Refusal(
            HTTPStatus.CONFLICT,
            "idempotency_key_collision",
            "This idempotency key was used before with another body.",
        ) from None
    except ReplayedNonce:
        raise Refusal(
            HTTPStatus.UNAUTHORIZED, "replayed_nonce", "This nonce was used before."
        ) from None


def _read_body(request: HttpRequest) -> bytes:
    if request.META.get("QUERY_STRING"):
        raise Refusal(
            HTTPStatus.BAD_REQUEST,
            "query_not_allowed",
            "The query string is not signed, so none may be sent.",
        )
    if request.content_type != "application/json":
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Send Content-Type: application/json.",
        )
    try:
        body = request.read(events.MAX_BODY + 1)
    except (UnreadablePostError, RawPostDataException):
        raise Refusal(
            HTTPStatus.BAD_REQUEST, "unreadable_body", "The body did not arrive whole."
        ) from None
    if len(body) > events.MAX_BODY:
        raise Refusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "payload_too_large",
            f"A lead event has at most {events.MAX_BODY} bytes.",
        )
    return body


def _authenticate(request: HttpRequest, body: bytes) -> Sender:
    if _header(request, "Authorization"):
        return _authenticate_api_key(request, body)
    key = directory.find_key(_header_id("key", request, "X-LR-Key-Id"))
    if key is None or key.is_revoked:
        raise _not_proven("The signing key is unknown or revoked.")
    if _header_id("src", request, "X-LR-Source-Id") != key.source_id:
        raise _not_proven("The signing key belongs to another source.")
    if _header_id("cli", request, "X-LR-Client-Id") != key.tenant_id:
        raise _not_proven("The signing key belongs to another client.")
    try:
        parts = signing.SignedParts(
            timestamp=_header(request, "X-LR-Timestamp"),
            nonce=signing.parse_nonce(_header(request, "X-LR-Nonce")),
            idempotency_key=signing.parse_idempotency_key(
                _header(request, "X-LR-Idempotency-Key")
            ),
            body=body,
        )
        posted_at = signing.parse_timestamp(parts.timestamp)
    except ValueError as error:
        raise _not_proven(f"Malformed header: {error}.") from None
    if not signing.verify(_header(request, "X-LR-Signature"), parts, key.secret):
        raise _not_proven("The signature does not fit the request.")
    if not signing.is_fresh(posted_at, now=datetime.now(tz=UTC)):
        raise Refusal(
            HTTPStatus.UNAUTHORIZED,
            "stale_timestamp",
            "The timestamp is more than 5 minutes off; check the sender's clock.",
        )
    source = usable_source(key.source_id)
    return Sender(source, parts.idempotency_key, key.id, parts.nonce)


def _authenticate_api_key(request: HttpRequest, body: bytes) -> Sender:
    scheme, _, token = _header(request, "Authorization").partition(" ")
    key = authenticate_api_key(token.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        raise _not_proven("The API key is unknown or revoked.")
    source = usable_source(_header_id("src", request, "X-LR-Source-Id"))
    if source.tenant_id != key.tenant_id:
        raise _not_proven("The source is unknown.")
    given = _header(request, "X-LR-Idempotency-Key") or request.META.get(
        _META["Idempotency-Key"], hashlib.sha256(body).hexdigest()
    )
    try:
        return Sender(source, signing.parse_idempotency_key(given))
    except ValueError as error:
        raise _not_proven(f"Malformed header: {error}.") from None


def usable_source(source_id: UUID) -> SourceEntry:
    source = directory.find_source(source_id)
    if source is None or source.status == "revoked":
        raise _not_proven("The source is unknown or revoked.")
    return source


def _check_site(source: SourceEntry, site_url: str | None) -> None:
    if source.allowed_site_url and not _is_below(site_url, source.allowed_site_url):
        raise Refusal(
            HTTPStatus.FORBIDDEN,
            "origin_mismatch",
            "source.site_url does not lie below the site this source is pinned to.",
        )


def _is_below(url: str | None, allowed: str) -> bool:
    try:
        given, wanted = urlsplit(url or ""), urlsplit(allowed)
        same_host = (given.hostname, given.port) == (wanted.hostname, wanted.port)
    except ValueError:
        return False
    base = wanted.path.rstrip("/")
    inside = given.path == base or given.path.startswith(f"{base}/") or not base
    return given.scheme == wanted.scheme and same_host and inside


def check_workflow(source: SourceEntry, name: str) -> WorkflowEntry | None:
    """Return the workflow, or None for an unknown one: stored, but not routed."""
    workflow = source.workflows.get(name.lower())
    if workflow and workflow.is_paused:
        raise Refusal(
            HTTPStatus.CONFLICT, "workflow_paused", f"Workflow “{name}” is paused."
        )
    return workflow


def _header(request: HttpRequest, name: str) -> str:
    """Django's `request.headers` first makes names of all that the server gave."""
    value: str = request.META.get(_META[name], "")
    return value


def _header_id(prefix: str, request: HttpRequest, header: str) -> UUID:
    try:
        return ids.decode(prefix, _header(request, header))
    except ValueError:
        raise _not_proven(f"{header} is missing or malformed.") from None


def _not_proven(reason: str) -> Refusal:
    return Refusal(HTTPStatus.UNAUTHORIZED, "auth_failed", reason)


def remote_ip(request: HttpRequest) -> str | None:
    return request.META.get("REMOTE_ADDR") or None


def _error(code: str, reason: str, *, status: int) -> JsonResponse:
    return JsonResponse({"error": code, "reason": reason}, status=status)
