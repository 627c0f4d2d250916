"""
RCS content that a provider keeps: noted when a destination is saved, made, looked
after, and deleted once no job can use it.

What is kept is told by a digest, so that content which was had before is found again.
A template that waits or fails is tried again by `leadrails.jobs.contents`.
"""

import hashlib
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from destinations.checks import LONGEST_LIFE
from destinations.composing import compiled
from destinations.credentials import hide_secrets, provider_for
from destinations.direct import call_directly
from destinations.models import ContentTemplate, Destination
from destinations.providers.kept import Kept, in_one_line
from destinations.providers.registry import PROVIDERS
from destinations.sample import SAMPLE
from leadrails.core.crypto import CannotDecrypt
from leadrails.core.delivery import Refused, SendError
from leadrails.core.rendering import TemplateError, lead_fields
from leadrails.core.rich import RichError, load

TIMEOUT = 5.0  # seconds; a person may be waiting
FIRST_GAP, LONGEST_GAP = timedelta(seconds=15), timedelta(hours=1)
LOOK_EVERY = timedelta(minutes=15)
# A frozen job goes on using it for its time to live, and a day is for slow clocks.
KEPT_AFTER_USE = LONGEST_LIFE + timedelta(days=1)


def kept_of(destination: Destination) -> Kept | None:
    """What the provider is to keep by the settings as they are; None for nothing."""
    if not destination.rich:
        return None
    try:
        rich = load(destination.rich)
    except RichError:
        return None
    provider = PROVIDERS[destination.kind]
    return provider.kept_content(rich, destination.body_template, destination.config)


def digest_of(destination: Destination) -> str:
    """Of the account and what it is to keep; empty for nothing."""
    if (kept := kept_of(destination)) is None:
        return ""
    account = PROVIDERS[destination.kind].sender_of(destination.config).account
    return hashlib.sha256(msgspec.json.encode([account, kept.types])).hexdigest()


def note_content(destination: Destination, *, now: datetime) -> None:
    """
    Note what is to be kept, and set `content_sid`, which the caller saves.

    In the transaction of the change, so that no message goes with other content.
    """
    digest = digest_of(destination)
    mine = ContentTemplate.objects.filter(destination=destination, deleted_at=None)
    mine.exclude(digest=digest).filter(retired_at=None).update(retired_at=now)
    destination.content_sid = ""
    if digest:
        row, _is_new = mine.get_or_create(
            digest=digest,
            defaults={"tenant_id": destination.tenant_id, "destination": destination},
        )
        mine.filter(pk=row.pk).update(retired_at=None)
        destination.content_sid = row.sid


def content_of(destination: Destination) -> ContentTemplate | None:
    """What the destination uses, or waits for."""
    mine = ContentTemplate.objects.for_tenant(destination.tenant_id)
    return mine.filter(
        destination=destination, deleted_at=None, retired_at=None
    ).first()


def make_content(
    row: ContentTemplate, *, now: datetime, timeout: float = TIMEOUT
) -> bool:
    """
    Have the provider keep it; whether it does now. Two at once make one.

    Never raises: what went wrong is noted in the row, in words.
    """
    place = row.destination
    kept = kept_of(place)
    if kept is None or digest_of(place) != row.digest or not _take(row, now):
        return False
    name = f"{place.name[:40]} {row.public_id}"
    try:
        provider = provider_for(place)
        with hide_secrets(place):
            sid = call_directly(
                lambda http: provider.create_content(name, kept, _sample, http), timeout
            )
    except (SendError, CannotDecrypt) as error:
        ContentTemplate.objects.filter(pk=row.pk).update(error=_words(error)[:500])
        return False
    return _put(row, sid, now)


def look_after(row: ContentTemplate, *, now: datetime) -> None:
    """See whether the provider still has it; if not, have it made anew."""
    place = row.destination
    try:
        provider = provider_for(place)
        with hide_secrets(place):
            is_there = call_directly(
                lambda http: provider.has_content(row.sid, http), TIMEOUT
            )
    except (SendError, CannotDecrypt):
        is_there = True  # nothing is known
    if is_there:
        mine = ContentTemplate.objects.filter(pk=row.pk, deleted_at=None)
        mine.update(checked_at=now)
    else:
        forget_content(place.pk, row.sid, now=now)


def forget_content(destination_id: UUID, sid: str, *, now: datetime) -> None:
    """The provider has it no more: what the destination uses waits to be made anew."""
    with transaction.atomic():
        places = Destination.objects.select_for_update(of=("self",))
        fresh = places.get(pk=destination_id)
        mine = ContentTemplate.objects.filter(destination=fresh, deleted_at=None)
        if mine.filter(sid=sid).update(deleted_at=now):
            note_content(fresh, now=now)
            _save_sid(fresh)


def delete_content(row: ContentTemplate, *, now: datetime) -> bool:
    """Delete at the provider what nothing uses any more; tried again if it fails."""
    place = row.destination
    try:
        provider = provider_for(place)
        with hide_secrets(place):
            call_directly(lambda http: provider.delete_content(row.sid, http), TIMEOUT)
    except (SendError, CannotDecrypt) as error:
        ContentTemplate.objects.filter(pk=row.pk).update(
            tried_at=now, error=_words(error)[:500]
        )
        return False
    return bool(ContentTemplate.objects.filter(pk=row.pk).update(deleted_at=now))


# What is due -----------------------------------------------------------------


def to_make(now: datetime, most: int) -> list[ContentTemplate]:
    """What waits for its next try; the gaps grow."""
    waiting = _of_places().filter(sid="", retired_at=None)
    rows = waiting.exclude(destination__status=Destination.Status.REVOKED)
    return list(islice((row for row in rows if _is_due(row, now)), most))


def to_look_after(now: datetime, most: int) -> list[ContentTemplate]:
    used = _of_places().exclude(sid="").filter(retired_at=None)
    return list(used.filter(checked_at__lt=now - LOOK_EVERY)[:most])


def to_delete(now: datetime, most: int) -> list[ContentTemplate]:
    """What was given up so long ago that no job can still need it."""
    unused = _of_places().filter(retired_at__lt=now - KEPT_AFTER_USE)
    unused.filter(sid="").update(deleted_at=now)
    again = Q(tried_at=None) | Q(tried_at__lt=now - LONGEST_GAP)
    return list(unused.exclude(sid="").filter(again)[:most])


def retire_of_revoked(now: datetime) -> None:
    gone = Destination.Status.REVOKED
    rows = ContentTemplate.objects.filter(deleted_at=None, retired_at=None)
    rows.filter(destination__status=gone).update(retired_at=now)


_LONGEST_AGO = F("tried_at").asc(nulls_first=True)


def _of_places() -> QuerySet[ContentTemplate]:
    rows = ContentTemplate.objects.filter(deleted_at=None)
    return rows.select_related("destination__tenant").order_by(_LONGEST_AGO, "id")


def _is_due(row: ContentTemplate, now: datetime) -> bool:
    gap: timedelta = FIRST_GAP * 2 ** min(row.tries, 10)
    return row.tried_at is None or row.tried_at + min(gap, LONGEST_GAP) <= now


# Parts -----------------------------------------------------------------------


def _take(row: ContentTemplate, now: datetime) -> bool:
    """Whether the try is ours: another one may be under way."""
    free = Q(tried_at=None) | Q(tried_at__lt=now - FIRST_GAP) | Q(error__gt="")
    mine = ContentTemplate.objects.filter(free, pk=row.pk, sid="", deleted_at=None)
    return bool(mine.update(tried_at=now, tries=F("tries") + 1, error=""))


def _put(row: ContentTemplate, sid: str, now: datetime) -> bool:
    """Note what the provider made; the destination uses it unless it was changed."""
    with transaction.atomic():
        fresh = Destination.objects.select_for_update(of=("self",)).get(
            pk=row.destination_id
        )
        ContentTemplate.objects.filter(pk=row.pk).update(
            sid=sid, made_at=now, checked_at=now, error=""
        )
        if digest_of(fresh) != row.digest:
            return False
        fresh.content_sid = sid
        _save_sid(fresh)
    return True


def _save_sid(destination: Destination) -> None:
    """Not by `save`: the settings that the provider was built of are the same."""
    mine = Destination.objects.filter(pk=destination.pk)
    mine.update(content_sid=destination.content_sid)


def _sample(source: str) -> str:
    fields = lead_fields(SAMPLE, phone_e164=SAMPLE["lead"]["phone"])
    try:
        return in_one_line(compiled(source).render(fields))
    except TemplateError:
        return ""


def _words(error: Exception) -> str:
    match error:
        case Refused():
            return _("The provider refused it: %(title)s (%(code)s).") % {
                "title": error.title,
                "code": error.code,
            }
        case CannotDecrypt():
            return _("The stored credentials cannot be read.")
    return _("The provider did not answer.")
