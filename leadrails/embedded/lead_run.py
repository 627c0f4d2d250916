"""Posts the sample leads as a source would, and follows each one to its end."""

import base64
import hashlib
import http.client
import json
import secrets
import statistics
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from leadrails.core import ids, signing
from leadrails.embedded.samples import Sample, describe, together

PATH = "/v1/lead-events"
PACE = 0.2
"""Seconds between leads: the demo shows the speed of one, not of many."""
PATIENCE = 120.0
AFTERMATH = 1.5
"""Seconds in which nothing may change any more once all went as expected."""


HEADING = (
    f"{'':5} {'lead':<42} {'expected':<34} {'happened':<34}"
    f"{'to provider':>12}{'delivered':>12}"
)


@dataclass(frozen=True, slots=True)
class JobRow:
    id: UUID
    lead_id: UUID
    state: str
    reason: str
    error_code: str
    attempts: int
    recipient: str
    delivered_at: datetime | None
    alerts: list[str]
    """Kinds of the destination's open alerts."""
    cause: str = ""
    """Why another job brought it about; empty for a job of the lead itself."""
    channel: str = ""
    tags: list[str] = field(default_factory=list)
    """Of the lead."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the simulator to send a message."""

    at: float
    is_accepted: bool


@dataclass(slots=True)
class Course:
    """A lead on its way: what was posted, and what was seen of it."""

    sample: Sample
    posted_at: float
    answer: int
    lead_id: UUID | None
    problem: str = ""
    has_answered: bool = False
    """Whether the person wrote or tapped something that is answered."""
    jobs: list[JobRow] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    @property
    def happened(self) -> str:
        if self.problem:
            return self.problem
        if not self.jobs:
            return "unrouted"
        shows_channel = self.sample.expect.channel is not None
        firsts = [
            describe(
                job.state,
                job.channel if shows_channel else None,
                job.reason,
                job.error_code,
                f"{job.attempts} attempts" if job.attempts > 1 else None,
                "alert" if self.sample.expect.alert in job.alerts else None,
            )
            for job in self.jobs
            if not job.cause
        ]
        return together([*firsts, *self.more], self.tag)

    @property
    def awaits_answer(self) -> bool:
        """Whether the half of what is expected is still to come."""
        return bool(self.sample.expect.answered) and not self.has_answered

    @property
    def more(self) -> list[str]:
        """The messages that others brought about."""
        return [f"{job.cause} {job.state}" for job in self.jobs if job.cause]

    @property
    def tag(self) -> str | None:
        return ", ".join(self.jobs[0].tags) or None if self.jobs else None

    @property
    def messages(self) -> int:
        return sum(call.is_accepted for call in self.calls)

    @property
    def is_right(self) -> bool:
        expect = self.sample.expect
        more = [*expect.more, *(expect.answered if self.has_answered else ())]
        messages = expect.messages + len(more)
        if self.problem or self.messages != messages:
            return False
        if expect.state == "unrouted" or not self.jobs:
            return expect.state == "unrouted" and not self.jobs
        (job, *others) = [job for job in self.jobs if not job.cause]
        return not others and (
            job.state == expect.state
            and sorted(more) == sorted(self.more)
            and self.tag == (expect.tag if self.has_answered else None)
            and expect.channel in {None, job.channel}
            and expect.reason in {None, job.reason}
            and expect.error_code in {None, job.error_code}
            and expect.attempts in {None, job.attempts}
            and expect.alert in {None, *job.alerts}
        )

    @property
    def ms_to_provider(self) -> float | None:
        return _ms(self.calls[0].at - self.posted_at) if self.calls else None

    @property
    def ms_to_delivered(self) -> float | None:
        times = [job.delivered_at for job in self.jobs if job.delivered_at]
        return _ms(min(times).timestamp() - self.posted_at) if times else None

    def line(self) -> str:
        mark = "ok   " if self.is_right else "WRONG"
        waits = (self.ms_to_provider, self.ms_to_delivered)
        times = "".join(f"{_shown(wait):>12}" for wait in waits)
        words = f"{self.sample.name:<42} {self.sample.expect!s:<34} {self.happened:<34}"
        return f"{mark} {words}{times}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    """One source's way in, over one connection that stays open."""

    web_url: str
    client_id: str
    source_id: str
    key_id: str
    signing_secret: str

    def post_all(self, samples: Sequence[Sample]) -> list[Course]:
        address = urlsplit(self.web_url)
        connection = http.client.HTTPConnection(address.netloc, timeout=30)
        try:
            courses = []
            for sample in samples:
                courses.append(self._post(connection, sample))
                time.sleep(PACE)
            return courses
        finally:
            connection.close()

    def _post(self, connection: http.client.HTTPConnection, sample: Sample) -> Course:
        body = json.dumps(self._event(sample), ensure_ascii=False).encode()
        key = hashlib.sha256(body + secrets.token_bytes(16)).hexdigest()[:36]
        posted_at = time.time()
        status, reply = self._send(connection, body, key)
        course = Course(sample, posted_at, status, None)
        if status != http.HTTPStatus.ACCEPTED:
            course.problem = f"answered {status}: {reply}"
            return course
        course.lead_id = ids.decode("evt", reply["event_id"])
        if sample.is_posted_twice:
            status, again = self._send(connection, body, key)
            same = again.get("event_id") == reply["event_id"]
            if not same or again.get("status") != "already_accepted":
                course.problem = f"its repeat was answered {status}: {again}"
        return course

    def _send(
        self, connection: http.client.HTTPConnection, body: bytes, key: str
    ) -> tuple[int, dict[str, Any]]:
        now = datetime.now(UTC)
        parts = signing.SignedParts(
            timestamp=f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z",
            nonce=secrets.token_hex(16),
            idempotency_key=key,
            body=body,
        )
        headers = {
            "Content-Type": "application/json",
            "X-LR-Client-Id": self.client_id,
            "X-LR-Source-Id": self.source_id,
            "X-LR-Key-Id": self.key_id,
            "X-LR-Timestamp": parts.timestamp,
            "X-LR-Nonce": parts.nonce,
            "X-LR-Idempotency-Key": key,
            "X-LR-Signature": signing.sign(parts, self.signing_secret),
        }
        connection.request("POST", PATH, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, {"error": text[:200].decode(errors="replace")}

    def _event(self, sample: Sample) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        return {
            "schema_version": "lead_event.v1",
            "event_type": "lead.submitted",
            "submitted_at": now.replace("+00:00", "Z"),
            "source": {
                "source_system": "leadrails-demo",
                "site_url": "https://example.com/contact",
                "form_name": "Contact us",
            },
            **sample.event,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorRecord:
    """What the provider's side saw, not what we believe to have sent."""

    simulator_url: str
    account_sid: str
    auth_token: str

    def calls(self, *, since: float) -> defaultdict[str, list[Call]]:
        """The requests to send, by recipient; `since` is Unix time."""
        span = f"account={self.account_sid}&since={since * 1000:.0f}&limit=10000"
        url = f"{self.simulator_url}/_simulator/requests?{span}"
        pair = f"{self.account_sid}:{self.auth_token}".encode()
        credentials = f"Basic {base64.b64encode(pair).decode()}"
        request = urllib.request.Request(url, headers={"Authorization": credentials})
        with urllib.request.urlopen(request, timeout=10) as answer:
            rows = json.load(answer)["requests"]
        found: defaultdict[str, list[Call]] = defaultdict(list)
        for row in rows:
            at, is_accepted = row["received_at"] / 1000, row["sid"] is not None
            number = (row["to"] or "").removeprefix("rcs:")
            found[number].append(Call(at, is_accepted))
        return found


def follow(
    courses: Sequence[Course],
    *,
    database_url: str,
    record: SimulatorRecord,
    tell: Callable[[str], None],
) -> None:
    """Watch until every lead went as expected and stays so, or time is up."""
    deadline = time.monotonic() + PATIENCE
    told: set[int] = set()
    with psycopg.connect(database_url, autocommit=True) as connection:
        while True:
            _look(courses, connection, record)
            for course in courses:
                if course.is_right and id(course) not in told:
                    told.add(id(course))
                    if not course.awaits_answer:
                        tell(course.line())
            if len(told) == len(courses) or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        time.sleep(AFTERMATH)
        _look(courses, connection, record)
    for course in courses:
        if not course.is_right:
            tell(course.line())


def let_a_minute_pass(courses: Sequence[Course], *, database_url: str) -> None:
    """Let follow-ups of these leads be due, since nobody wants to wait for them."""
    jobs = [job.id for course in courses for job in course.jobs]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE jobs_deadline SET due_at = due_at - interval '1 minute'"
            " WHERE kind = 'not_read' AND job_id = ANY(%s)",
            [jobs],
        )


def percentiles(courses: Sequence[Course]) -> tuple[float | None, float | None]:
    """p50 and p95 of the milliseconds from POST to the provider."""
    waits = [ms for course in courses if (ms := course.ms_to_provider) is not None]
    if len(waits) < 2:
        return (waits[0], waits[0]) if waits else (None, None)
    cuts = statistics.quantiles(waits, n=20, method="inclusive")
    return round(cuts[9], 1), round(cuts[18], 1)


def _look(
    courses: Sequence[Course],
    connection: psycopg.Connection,
    record: SimulatorRecord,
) -> None:
    jobs = _jobs(connection, [course.lead_id for course in courses if course.lead_id])
    calls = record.calls(since=min(course.posted_at for course in courses))
    for course in courses:
        course.jobs = jobs[course.lead_id] if course.lead_id else []
        recipients = {job.recipient for job in course.jobs}
        course.calls = [call for phone in recipients for call in calls[phone]]


def _jobs(
    connection: psycopg.Connection, leads: list[UUID]
) -> defaultdict[UUID, list[JobRow]]:
    found: defaultdict[UUID, list[JobRow]] = defaultdict(list)
    with connection.cursor(row_factory=class_row(JobRow)) as cursor:
        cursor.execute(
            "SELECT id, lead_id, state, reason, error_code, attempts, recipient,"
            " delivered_at, cause, channel,"
            " (SELECT tags FROM leads_lead WHERE id = lead_id) AS tags,"
            " ARRAY(SELECT kind::text FROM alerts_alert WHERE"
            "  destination_id = jobs_job.destination_id AND resolved_at IS NULL"
            " ) AS alerts FROM jobs_job WHERE lead_id = ANY(%s)"
            " ORDER BY created_at, id",
            [leads],
        )
        for row in cursor:
            found[row.lead_id].append(row)
    return found


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _shown(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds:,.1f} ms"
