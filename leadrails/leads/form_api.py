"""
`POST /v1/forms/<source>/<token>`: the way in for a plain HTML form.

The token stands in a public page, so it proves no more than that somebody saw the
form: nothing is signed. It can be renewed, ceilings hold, and where the source names
its site, only posts that come from there are taken. People see the answers, so they
are pages.
"""

import hashlib
import hmac
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import msgspec
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    UnreadablePostError,
)
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from leadrails.core import ids
from leadrails.leads import directory, events
from leadrails.leads.api import Refusal, check_workflow, remote_ip
from leadrails.leads.directory import SourceEntry
from leadrails.leads.html_forms import NEXT, TRAP, event_of
from leadrails.leads.services import Posted, accept_lead

KINDS = ("application/x-www-form-urlencoded", "multipart/form-data")


@csrf_exempt
def html_form(request: HttpRequest, source: str, token: str) -> HttpResponse:
    try:
        if request.method != "POST":
            reason = "Fill in the form on the page it is on: this address takes it."
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", reason)
        found = _find(source, token)
        fields = _fields(request)
        if not any(text for name, text in fields if name == TRAP):
            _take(request, found, fields)
    except Refusal as refusal:
        context = {"reason": refusal.reason}
        answer = render(
            request, "leads/form_refused.html", context, status=refusal.status
        )
        if refusal.status == HTTPStatus.METHOD_NOT_ALLOWED:
            answer["Allow"] = "POST"
        return answer
    next_url = dict(fields).get(NEXT, "")
    if next_url and _is_on(next_url, found.allowed_site_url):
        return HttpResponseRedirect(next_url, status=HTTPStatus.SEE_OTHER)
    return render(request, "leads/form_thanks.html")


def _find(source: str, token: str) -> SourceEntry:
    try:
        found = directory.find_source(ids.decode("src", source))
    except ValueError:
        found = None
    expected = found.form_token if found and found.status != "revoked" else ""
    if found is None or not expected or not hmac.compare_digest(token, expected):
        raise Refusal(
            HTTPStatus.NOT_FOUND, "no_form", "This form is closed. Nothing was sent."
        )
    return found


def _fields(request: HttpRequest) -> list[tuple[str, str]]:
    if request.content_type not in KINDS:
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Only forms are taken here.",
        )
    too_large = Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "payload_too_large",
        "That was too much for one form. Shorten the message and leave files out.",
    )
    if int(request.META.get("CONTENT_LENGTH") or 0) > events.MAX_BODY:
        raise too_large
    try:
        lists = request.POST.lists()
    except (RequestDataTooBig, TooManyFieldsSent):
        raise too_large from None
    except UnreadablePostError:
        raise Refusal(
            HTTPStatus.BAD_REQUEST, "unreadable_body", "It did not arrive whole."
        ) from None
    return [(name, str(text)) for name, texts in lists for text in texts]


def _take(
    request: HttpRequest, source: SourceEntry, fields: list[tuple[str, str]]
) -> None:
    now = timezone.now()
    site = request.headers.get("Referer", "") or request.headers.get("Origin", "")
    if source.allowed_site_url and not _is_on(site, source.allowed_site_url):
        raise Refusal(
            HTTPStatus.FORBIDDEN,
            "origin_mismatch",
            "This form belongs to another site. Nothing was sent.",
        )
    made = event_of(fields, source.field_map, site_url=site[:2000], now=now)
    body = msgspec.json.encode(made)
    try:
        event, plain = events.read(body)
    except events.BadEvent as error:
        raise Refusal(
            HTTPStatus.UNPROCESSABLE_ENTITY, "schema_validation_failed", str(error)
        ) from None
    workflow = check_workflow(source, event.chosen_workflow)
    accept_lead(
        Posted(
            source=source,
            workflow=workflow,
            workflow_name=workflow.name if workflow else event.chosen_workflow,
            event=plain,
            body=_stable(plain),
            idempotency_key=_once(plain, f"{now:%Y-%m-%d}"),
            remote_ip=remote_ip(request),
            user_agent=request.headers.get("User-Agent", "")[:300],
        )
    )


def _stable(event: dict[str, Any]) -> bytes:
    """What is the same when somebody presses the button twice."""
    said = {name: part for name, part in event.items() if name != "submitted_at"}
    return msgspec.json.encode(said, order="sorted")


def _once(event: dict[str, Any], day: str) -> str:
    """The same words on one day are one lead."""
    return f"form-{hashlib.sha256(day.encode() + _stable(event)).hexdigest()}"


def _is_on(url: str, site: str) -> bool:
    """Whether an address is on the site; browsers often tell no more than the host."""
    try:
        given, wanted = urlsplit(url), urlsplit(site)
        same = (given.hostname, given.port) == (wanted.hostname, wanted.port)
    except ValueError:
        return False
    return bool(site) and given.scheme == wanted.scheme and same
