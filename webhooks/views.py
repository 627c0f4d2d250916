"""Providers call here. Store, answer, and understand later."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from destinations.cache import find_destinations
from destinations.callbacks import is_genuine
from destinations.credentials import provider_for
from destinations.models import Destination
from destinations.providers.base import SignatureCheck
from leadrails.core import ids
from leadrails.core.crashpoints import crash_here
from leadrails.core.crypto import CannotDecrypt
from webhooks import services

MAX_BODY = 64 * 1024  # bytes; a provider's callback has about one thousand


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
    # Django reads no further than the length that was announced.
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > MAX_BODY:
        return HttpResponse(status=413)
    place = find_destinations([destination_id]).get(destination_id)
    if place is None:
        raise Http404
    public_url = f"{settings.LEADRAILS_PUBLIC_URL}{request.get_full_path()}"
    check = _check(place, public_url, request)
    if check is SignatureCheck.INVALID:
        services.note_bad_signature(place, job_id=job_id)
        return HttpResponse(status=403)
    services.store_status(
        place,
        job_id=job_id,
        attempt=attempt,
        # The MAC lets whoever knows it report on the job: it is not kept.
        url=public_url.replace(mac, "…"),
        headers=request.headers,
        body=request.body,
        is_signed=check is SignatureCheck.VALID,
    )
    crash_here("callback_before_answer")
    return HttpResponse(status=204)


def _check(place: Destination, url: str, request: HttpRequest) -> SignatureCheck:
    """What the provider's own signature says, beyond our MAC in the URL."""
    try:
        provider = provider_for(place)
    except CannotDecrypt:
        # Kept: it can be understood once the encryption key is back.
        return SignatureCheck.UNCHECKED
    return provider.verify_callback(url, request.body, request.headers)


def _read_id(prefix: str, text: str) -> UUID:
    try:
        return ids.decode(prefix, text)
    except ValueError:
        raise Http404 from None
