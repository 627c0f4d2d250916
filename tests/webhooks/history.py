"""
What a simulator would have called back, from its ledger; and whether we got it right.

The simulator is told to lose all callbacks, so that whoever tests may post them in an
order, at a pace and as often as they like.
"""

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import phonenumbers
from django.conf import settings
from django.db.models import F

from destinations.models import Destination
from destinations.providers import simulated
from destinations.providers.telnyx import TelnyxSMS
from destinations.simulator.callback import sign, split
from destinations.simulator.ledger import message_of
from destinations.simulator.message import Message
from destinations.simulator.telnyx.events import event_body, with_meta
from destinations.simulator.telnyx.events import sign as sign_event
from leadrails.jobs.models import Attempt, DeliveryEvent, Job
from leadrails.tenants.models import Tenant
from tests.chaos.ledgers import WORDS
from tests.chaos.reading import attempt_of
from tests.make import make_destination
from tests.webhooks.telnyx import make_place
from webhooks.models import RawCallback

LOSE_ALL = {"probabilities": {"callback_lost": 1}}
AT_ONCE = {"delays": {"queued": 0, "sent": 0, "final": 0}}
# Refused and bounced messages are left out: of those the job makes another one.
ORDINARY = range(50)
SPECIAL = (50, 51, 52, 53, 54, 55, 62, 77, 78)
SPECIAL_SHARE = 0.25
LOST, LATE = 0.08, 0.12  # shares of callbacks
OLDER = timedelta(hours=2)
BOUNCED = "77"  # see SPECIAL
UNTOLD = "sending"  # no callback tells of it
FORM = "application/x-www-form-urlencoded"
_EVENTS = "SELECT status, error_code, at FROM event WHERE message = ? ORDER BY rowid"

Headers = Callable[[], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Post:
    """A callback as the provider would post it; it signs when it posts."""

    message: str
    status: str
    code: str
    url: str
    body: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class History:
    """A message as the provider knows it; `posts` tell each of its statuses."""

    sid: str
    job_id: UUID
    attempt: int
    status: str
    code: str
    sender: str
    posts: tuple[Post, ...]


def make_ways(tenant: Tenant, **fields: Any) -> list[Destination]:
    """By number, by a service, which picks the sender, and by the other provider."""
    account = simulated.account_sid(tenant.id)
    senders = {
        "from_number": "+15555550100",
        "messaging_service_sid": simulated.sibling_sid("MG", account),
    }
    ways = [
        make_destination(
            tenant, config={"account_sid": account, field: sender}, **fields
        )
        for field, sender in senders.items()
    ]
    return [*ways, make_place(tenant=tenant, **fields)]


def deal(
    people: Sequence[str], ways: Sequence[Destination]
) -> Iterator[tuple[Destination, list[str]]]:
    """Share people out; the other provider's message is bounced where one's is not."""
    for turn, way in enumerate(ways):
        mine = people[turn :: len(ways)]
        is_other = way.kind == TelnyxSMS.kind
        yield way, [to for to in mine if not (is_other and to.endswith(BOUNCED))]


def phones(count: int, rng: Random) -> list[str]:
    """American numbers, each once: most are reached, the others fail in all ways."""
    areas = [area for area in range(201, 990) if _is_ordinary(area)]
    special = round(count * SPECIAL_SHARE)
    chosen = rng.sample(list(product(areas, ORDINARY)), count - special)
    chosen += rng.sample(list(product(areas, SPECIAL)), special)
    rng.shuffle(chosen)
    return [f"+1{area}55501{ending:02d}" for area, ending in chosen]


def _is_ordinary(area: int) -> bool:
    """American, and neither free of charge nor dearer: those are sent nothing."""
    number = phonenumbers.parse(f"+1{area}5550142")
    kind = phonenumbers.number_type(number)
    is_american = phonenumbers.region_code_for_number(number) == "US"
    return is_american and kind is phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE


def read_histories(ledger: Path, accounts: Container[str]) -> list[History]:
    """Of all messages of these accounts."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as database:
        return list(_read(database, accounts))


def _read(database: sqlite3.Connection, accounts: Container[str]) -> Iterator[History]:
    for row in database.execute("SELECT * FROM message ORDER BY seq").fetchall():
        message = message_of(row)
        if message.account not in accounts:
            continue
        url = split(message.callback_url)[0]
        # The first is what the request was answered with.
        _, *events = database.execute(_EVENTS, [message.seq]).fetchall()
        make = _by_telnyx if message.is_telnyx else _by_twilio
        posts = []
        for status, code, at in events:
            then = replace(message, status=status, error_code=code)
            if status != UNTOLD:
                told = (message.sid, status, str(code or ""))
                posts.append(Post(*told, url, *make(then, at, url)))
        job_id, attempt = attempt_of(url)
        yield History(
            sid=message.sid,
            job_id=job_id,
            attempt=attempt,
            status=message.status,
            code=str(message.error_code or ""),
            sender=message.sender or "",
            posts=tuple(posts),
        )


def _by_twilio(message: Message, at: int, url: str) -> tuple[bytes, Headers]:
    secret = settings.LEADRAILS_SIMULATOR_SECRET
    token, body = (
        simulated.auth_token(secret, message.account),
        message.callback_form(at),
    )
    headers = {
        "Content-Type": FORM,
        "User-Agent": "TwilioProxy/1.1",
        "X-Twilio-Signature": sign(token, url, body),
        "I-Twilio-Idempotency-Token": f"{message.sid}-{message.status}",
    }
    return body.encode(), lambda: headers


def _by_telnyx(message: Message, at: int, url: str) -> tuple[bytes, Headers]:
    """Its signature holds for five minutes."""
    secret = settings.LEADRAILS_SIMULATOR_SECRET
    token = f"{message.sid}-{message.status}"
    body = with_meta(event_body(message, token, at), 1, url)
    key = simulated.telnyx_signing_key(secret, message.account)

    def headers() -> dict[str, str]:
        signed = sign_event(key, int(time.time()), body)
        return {"Content-Type": "application/json", **signed}

    return body, headers


def disorder(
    histories: Iterable[History], count: int, rng: Random
) -> tuple[list[Post], list[Post]]:
    """
    Return `count` posts: those of the first go, and those that come late.

    Each callback is told several times, in any order; some are late, and so is each
    repetition of theirs; some are lost.
    """
    first, late = [], []
    for post in (post for history in histories for post in history.posts):
        dice = rng.random()
        if dice < LOST:
            continue
        (late if dice < LOST + LATE else first).append(post)
    repeated = rng.choices(first, k=count - len(first) - len(late))
    first += repeated
    rng.shuffle(first)
    rng.shuffle(late)
    return first, late


def told_whole(histories: Iterable[History], posts: Iterable[Post]) -> list[History]:
    """Those of which every status was told."""
    told = {(post.message, post.status, post.code) for post in posts}
    return [
        history
        for history in histories
        if told.issuperset((p.message, p.status, p.code) for p in history.posts)
    ]


def make_older() -> None:
    """Move all messages to when the provider is asked for what it did not tell."""
    Job.objects.update(
        accepted_at=F("accepted_at") - OLDER, changed_at=F("changed_at") - OLDER
    )


def differences(histories: list[History], posts: Iterable[Post]) -> list[str]:
    """What our rows say otherwise than the ledger, or do not say."""
    messages = {history.sid for history in histories}
    mine = [post for post in posts if post.message in messages]
    jobs = Job.objects.in_bulk([history.job_id for history in histories])
    found = []
    for history in histories:
        job = jobs[history.job_id]
        ours = (job.state, job.error_code, job.provider_id, job.sender)
        wanted = (WORDS[history.status], history.code, history.sid, history.sender)
        if history.status == "delivered":  # a code of before is kept
            ours, wanted = ours[:1] + ours[2:], wanted[:1] + wanted[2:]
        if ours != wanted:
            found.append(f"{job.public_id} is {ours}, the provider says {wanted}")
    return [*found, *_doubled(histories), *_lost(histories, mine)]


def _doubled(histories: list[History]) -> Iterator[str]:
    attempts = Counter(
        Attempt.objects.filter(job_id__in=[h.job_id for h in histories]).values_list(
            "job_id", flat=True
        )
    )
    for job_id, count in attempts.items():
        if count != 1:
            yield f"{job_id} was sent {count} times"


def _lost(histories: list[History], posts: list[Post]) -> Iterator[str]:
    """Each post is a row that was worked off, and each word is an event."""
    keys = [history.job_id for history in histories]
    stored = RawCallback.objects.filter(job_id__in=keys)
    if (count := stored.count()) != len(posts):
        yield f"{len(posts)} callbacks were posted, {count} are there"
    if count := stored.filter(processed_at=None).count():
        yield f"{count} callbacks were not worked off"
    if count := stored.exclude(error="").count():
        yield f"{count} callbacks were given up"
    if count := stored.filter(is_signed=False).count():
        yield f"of {count} callbacks the signature was not checked"
    events = DeliveryEvent.objects.filter(job_id__in=keys)
    known = set(events.values_list("provider_id", "status", "error"))
    for told in {(post.message, post.status, post.code) for post in posts} - known:
        yield f"nobody kept {told}"
