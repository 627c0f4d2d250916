"""Who uses the system while it is killed: sources that post, a person who replays."""

import http.client
import itertools
import json
import secrets
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from urllib.parse import urlsplit
from uuid import UUID

import phonenumbers
import psycopg

from leadrails.core import ids, signing
from tests.chaos.ledgers import Post
from tests.chaos.seed import BY_RCS, BY_TELNYX
from tests.e2e.visitor import Visitor

PATH = "/v1/lead-events"
ORDINARY = [f"{number:02d}" for number in range(50)]
"""What a North American number ends in if its message is to be delivered."""
ENDLESS = {"56", "57", "60", "76"}
"""What stops a whole destination, or is retried for hours."""
ENDLESS_AT_TELNYX = {"77"}
"""What Twilio leaves open, and Telnyx reports as a failure that may pass."""
SPECIAL = sorted({f"{number}" for number in range(50, 80)} - ENDLESS)
"""Endings of people whose messages meet a fault, each another one."""
OF_RCS = ["83", "84", "85", "86", "87"]
"""Phones without RCS, and with it in all its ways."""
SPECIAL_SHARE = 0.2
KNOWN_SHARE = 0.05
"""Leads of somebody who asked before: a second message that is no double."""
PATIENCE = 5.0  # seconds that a client waits for an answer
SERVER_FAULTS = range(500, 600)


def area_codes():
    """North American area codes whose numbers set aside for fiction are valid ones."""
    for area in range(201, 990):
        number = phonenumbers.parse(f"+1{area}5550100", None)
        if phonenumbers.region_code_for_number(number) == "US":
            yield area


class People:
    """Telephone numbers of one tenant's leads, each of its own person."""

    def __init__(
        self,
        rng: Random,
        *,
        without: Collection[str] = (),
        more: Collection[str] = (),
    ) -> None:
        self.are_ordinary = False
        self._rng = rng
        areas = list(area_codes())
        special = [ending for ending in SPECIAL if ending not in without]
        special += more
        rng.shuffle(areas)
        rng.shuffle(special)
        self._ordinary = itertools.cycle(itertools.product(areas, ORDINARY))
        self._special = itertools.cycle(itertools.product(areas, special))
        self._known: list[str] = []

    def next(self) -> str:
        if self._known and self._rng.random() < KNOWN_SHARE:
            return self._rng.choice(self._known[-200:])
        if not self.are_ordinary and self._rng.random() < SPECIAL_SHARE:
            area, ending = next(self._special)
            return f"+1{area}55501{ending}"
        area, ending = next(self._ordinary)
        self._known.append(phone := f"+1{area}55501{ending}")
        return phone


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A tenant as whoever set it up knows it."""

    id: UUID
    slug: str
    client_id: str
    source_id: str
    key_id: str
    signing_secret: str
    email: str
    password: str


class Source:
    """Posts one tenant's leads; repeats each until it gets its 202."""

    def __init__(
        self, workspace: Workspace, *, web_url: str, seed: str, ledger: list[Post]
    ) -> None:
        self.workspace = workspace
        self._netloc = urlsplit(web_url).netloc
        without = ENDLESS_AT_TELNYX if workspace.slug in BY_TELNYX else ()
        more = OF_RCS if workspace.slug in BY_RCS else ()
        self.people = People(Random(seed), without=without, more=more)
        self._numbers = itertools.count(1)
        self._seed = seed
        self._ledger = ledger
        self._connection: http.client.HTTPConnection | None = None

    def post_one(self, give_up: threading.Event) -> Post:
        key = f"{self._seed}-{next(self._numbers)}"
        token = key.replace("-", "")
        post = Post(
            key=key,
            tenant_id=self.workspace.id,
            phone=self.people.next(),
            token=token,
            first_at=time.time(),
        )
        self._ledger.append(post)
        body = json.dumps(_event(post)).encode()
        while post.answered_at is None and not give_up.is_set():
            post.tries += 1
            try:
                status, fields = self._send(post, body)
            except (OSError, http.client.HTTPException, ValueError):
                self._hang_up()
                status, fields = 0, {}
            if status == http.HTTPStatus.ACCEPTED:
                post.lead_id = ids.decode("evt", fields["event_id"])
                post.job_count = fields["delivery_job_count"]
                post.answered_at = time.time()
                break
            if status and status not in SERVER_FAULTS:
                post.refusals.append(f"{status} {fields}")
            give_up.wait(0.2)
        return post

    def _send(self, post: Post, body: bytes):
        """Signed anew each time: a timestamp ages, a nonce is used once."""
        parts = signing.SignedParts(
            timestamp=_now(),
            nonce=secrets.token_hex(16),
            idempotency_key=post.key,
            body=body,
        )
        headers = {
            "Content-Type": "application/json",
            "X-LR-Client-Id": self.workspace.client_id,
            "X-LR-Source-Id": self.workspace.source_id,
            "X-LR-Key-Id": self.workspace.key_id,
            "X-LR-Timestamp": parts.timestamp,
            "X-LR-Nonce": parts.nonce,
            "X-LR-Idempotency-Key": parts.idempotency_key,
            "X-LR-Signature": signing.sign(parts, self.workspace.signing_secret),
        }
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                self._netloc, timeout=PATIENCE
            )
        self._connection.request("POST", PATH, body, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status in SERVER_FAULTS:
            return answer.status, {}
        return answer.status, json.loads(text)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _event(post: Post):
    return {
        "schema_version": "lead_event.v1",
        "event_type": "lead.submitted",
        "submitted_at": _now(),
        "source": {"source_system": "chaos"},
        "lead": {
            "phone": post.phone,
            "first_name": post.token,
            "service_type": "plumbing",
        },
    }


def _now() -> str:
    now = datetime.now(UTC)
    return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"


class Load:
    """Threads that post: one tenant in floods, the others steadily."""

    FLOOD_EVERY = 10.0  # seconds

    def __init__(
        self, workspaces, *, web_url: str, seed: int, rate: float, flood: int
    ) -> None:
        self.ledger: list[Post] = []
        self._flood = flood
        self._stop = threading.Event()
        self._give_up = threading.Event()
        self._threads = []
        self._sources: list[Source] = []
        steady = [w for w in workspaces if w.slug != "flood"] * 2
        for number, workspace in enumerate([*steady, *workspaces[:1]]):
            source = Source(
                workspace,
                web_url=web_url,
                seed=f"s{seed}{workspace.slug}{number}",
                ledger=self.ledger,
            )
            self._sources.append(source)
            is_flood = workspace.slug == "flood"
            run, pause = (
                (self._flood_forever, self.FLOOD_EVERY)
                if is_flood
                else (self._post_forever, len(steady) / rate)
            )
            thread = threading.Thread(target=run, args=(source, pause), daemon=True)
            self._threads.append(thread)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def post_ordinary_leads(self) -> None:
        """From now on nobody meets a fault of the provider: all ends sooner."""
        for source in self._sources:
            source.people.are_ordinary = True

    def stop(self, patience: float) -> None:
        """Post nothing new; repeat what is unanswered for `patience` seconds."""
        self._stop.set()
        deadline = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._give_up.set()
        for thread in self._threads:
            thread.join()

    def _post_forever(self, source: Source, pause: float) -> None:
        while not self._stop.wait(pause):
            source.post_one(self._give_up)

    def _flood_forever(self, source: Source, pause: float) -> None:
        while not self._stop.wait(pause):
            for _ in range(self._flood):
                if self._stop.is_set():
                    return
                source.post_one(self._give_up)


FIND_OVER = """
SELECT id FROM jobs_job
WHERE tenant_id = %s AND state IN ('dead', 'undelivered') AND NOT id = ANY(%s)
ORDER BY id DESC LIMIT 1
"""


class Operator:
    """A person who replays what did not arrive, with a browser's requests."""

    def __init__(self, workspace: Workspace, *, web_url: str, database_url: str):
        self.workspace = workspace
        self.clicks: list[UUID] = []
        self._web_url = web_url
        self._database_url = database_url
        self._visitor: Visitor | None = None
        self._turn = threading.Lock()

    def replay_one(self) -> bool:
        """Click *Replay* once on a job; False if there was none or no page came."""
        if not self._turn.acquire(blocking=False):
            return False  # still waiting for the page of the last click
        try:
            return self._replay_one()
        finally:
            self._turn.release()

    def _replay_one(self) -> bool:
        try:
            job_id = self._find()
            if job_id is None:
                return False
            page = self._open(f"jobs/{ids.encode('job', job_id)}/replay")
            # The click counts from here on, whatever is heard of it.
            self.clicks.append(job_id)
            self._visitor.submit(page)
        except (OSError, http.client.HTTPException, AssertionError, ValueError):
            self._visitor = None
            return False
        except psycopg.Error:
            return False
        return True

    def _find(self) -> UUID | None:
        with psycopg.connect(self._database_url, connect_timeout=2) as database:
            known = [self.workspace.id, self.clicks]
            row = database.execute(FIND_OVER, known).fetchone()
        return row[0] if row else None

    def _open(self, path: str):
        if self._visitor is None:
            self._visitor = Visitor(self._web_url).log_in(self.workspace)
        return self._visitor.open(f"/t/{self.workspace.slug}/{path}")
