"""Providers call here. Store, answer, and understand later."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from destinations.cache import find_destinations
from destinations.callbacks import find_by_secret, is_genuine
from destinations.models import Destination
from destinations.providers.base import SignatureCheck
from leadrails.core import ids
from leadrails.core.crashpoints import crash_here
from webhooks import services
from webhooks.models import RawCallback
from webhooks.requests import (
    Refused,
    check_network,
    check_signature,
    public_url,
    read_body,
)


@csrf_exempt
@require_POST
def receive_status(
    request: HttpRequest,
    destination: str,
    job: str,
    attempt: int,
    version: int,
    mac: str,
) -> HttpResponse:
    """Take a provider's word on one attempt. The URL's own MAC authenticates it."""
    destination_id, job_id = _read_id("dst", destination), _read_id("job", job)
    if not is_genuine(
        mac,
        version=version,
        destination_id=destination_id,
        job_id=job_id,
        attempt=attempt,
    ):
        raise Http404
    place = find_destinations([destination_id]).get(destination_id)
    if place is None:
        raise Http404
    try:
        body, is_signed = _believe(place, request, job_id)
    except Refused as refused:
        return refused.response
    services.store_status(
        place,
        job_id=job_id,
        attempt=attempt,
        # The MAC lets whoever knows it report on the job: it is not kept.
        url=public_url(request).replace(mac, "…"),
        headers=request.headers,
        body=body,
        is_signed=is_signed,
    )
    crash_here("callback_before_answer")
    return HttpResponse(status=204)


@csrf_exempt
@require_http_methods(["POST", "PUT", "GET"])
def receive_message(request: HttpRequest, secret: str) -> HttpResponse:
    """
    Take what a provider posts for a number, a service or a sender as a whole.

    Messages from people come here, and status callbacks of senders that have an address
    of their own: whichever it is, the request itself says. The URL's secret
    authenticates it. A message is understood before it is answered, since it may say
    stop; if that fails it is kept and tried again.
    """
    place = find_by_secret(secret)
    if place is None:
        raise Http404
    try:
        body, is_signed = _believe(place, request)
    except Refused as refused:
        return refused.response
    if not body:
        return HttpResponse("There is nothing in this request.", status=400)
    kind, answer = services.look_at(place, body)
    callback_id = services.store_callback(
        place,
        kind=kind,
        url=public_url(request).replace(secret, "…"),
        headers=request.headers,
        body=body,
        is_signed=is_signed,
    )
    crash_here("callback_before_answer")
    if kind is RawCallback.Kind.STATUS:
        return HttpResponse(status=204)
    services.understand_at_once(callback_id)
    return HttpResponse(answer.body, content_type=answer.content_type)


def _believe(
    place: Destination, request: HttpRequest, job_id: UUID | None = None
) -> tuple[bytes, bool]:
    """
    Return the body, and whether the provider's signature was checked.

    Raises:
        Refused: it comes from elsewhere, cannot be read, or its signature is wrong.
    """
    check_network(place, request)
    body = read_body(request)
    check = check_signature(place, request)
    if check is SignatureCheck.INVALID:
        services.note_bad_signature(place, job_id=job_id)
        raise Refused(HttpResponse(status=403))
    return body, check is SignatureCheck.VALID


def _read_id(prefix: str, text: str) -> UUID:
    try:
        return ids.decode(prefix, text)
    except ValueError:
        raise Http404 from None
