"""Providers call here. Store, answer, and understand later."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from destinations.cache import find_destinations, remembered
from destinations.callbacks import find_by_secret, is_genuine
from destinations.models import Destination
from leadrails.core import ids
from leadrails.core.crashpoints import crash_here
from webhooks import services
from webhooks.models import RawCallback
from webhooks.requests import Refused, WronglySigned, is_signed, public_url, read_body


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
    try:
        body = read_body(request)
    except Refused as refused:
        return refused.response
    keep = partial(
        services.store_callback,
        kind=RawCallback.Kind.STATUS,
        job_id=job_id,
        attempt=attempt,
        # The MAC lets whoever knows it report on the job: it is not kept. Telnyx
        # repeats the address in what it posts.
        url=public_url(request).replace(mac, "…"),
        headers=request.headers,
        body=body.replace(mac.encode(), "…".encode()),
    )
    try:
        if not _keep_by_memory(destination_id, request, keep):
            place = find_destinations([destination_id]).get(destination_id)
            if place is None:
                raise Http404
            keep(place, is_signed=_believe(place, request, job_id))
    except Refused as refused:
        return refused.response
    crash_here("callback_before_answer")
    return HttpResponse(status=204)


def _keep_by_memory(
    destination_id: UUID, request: HttpRequest, keep: Callable[..., UUID]
) -> bool:
    """
    Whether the callback could be kept without asking for its destination first.

    That question would be a quarter of the work. What is remembered may be wrong, so
    nobody is refused because of it.
    """
    if (known := remembered(destination_id)) is None:
        return False
    version, place = known
    try:
        keep(place, is_signed=is_signed(place, request), version=version)
    except (Refused, services.Outdated):
        return False
    return True


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
        body = read_body(request)
        is_checked = _believe(place, request)
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
        is_signed=is_checked,
    )
    crash_here("callback_before_answer")
    if kind is RawCallback.Kind.STATUS:
        return HttpResponse(status=204)
    services.understand_at_once(callback_id)
    return HttpResponse(answer.body, content_type=answer.content_type)


def _believe(
    place: Destination, request: HttpRequest, job_id: UUID | None = None
) -> bool:
    """As `is_signed`; a signature that is wrong is told to the tenant."""
    try:
        return is_signed(place, request)
    except WronglySigned:
        services.note_bad_signature(place, job_id=job_id)
        raise


def _read_id(prefix: str, text: str) -> UUID:
    try:
        return ids.decode(prefix, text)
    except ValueError:
        raise Http404 from None
