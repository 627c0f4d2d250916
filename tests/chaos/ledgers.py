"""What three parties wrote down of one run: the clients, LeadRails, the provider."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

WORDS = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "undelivered",
    "failed": "undelivered",
    "canceled": "undelivered",
    # The other provider's.
    "delivery_unconfirmed": "sent",
    "delivery_failed": "undelivered",
    "sending_failed": "undelivered",
}
"""What a provider's word on a message makes of its job."""
LAST_WORDS = (
    "delivered",
    "undelivered",
    "failed",
    "read",
    "delivery_failed",
    "sending_failed",
    "delivery_unconfirmed",
)


@dataclass(slots=True, kw_only=True)
class Post:
    """A lead as its client knows it. Times are Unix time."""

    key: str
    tenant_id: UUID
    phone: str
    token: str
    first_at: float
    tries: int = 0
    answered_at: float | None = None
    lead_id: UUID | None = None
    job_count: int = 0
    refusals: list = field(default_factory=list)
    """Answers that say the client is at fault, which it never is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    id: UUID
    tenant_id: UUID
    idempotency_key: str
    phone: str
    job_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    id: UUID
    tenant_id: UUID
    lead_id: UUID
    destination_id: UUID
    destination_tenant: UUID
    replay_of: UUID | None
    parent_id: UUID | None = None
    cause: str = ""
    recipient: str
    state: str
    reason: str
    attempts: int
    provider_id: str
    is_possible_duplicate: bool
    may_be_doubled: bool
    """Whether its destination sends again in doubt."""
    channel: str = ""
    """What carried it, where that is not always SMS."""
    falls_back: bool = False
    """Whether it is a rich message, and LeadRails sends the text in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    job_id: UUID
    number: int
    tenant_id: UUID
    outcome: str
    provider_id: str
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A provider's report as we kept it."""

    job_id: UUID
    tenant_id: UUID
    attempt: int
    provider_id: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of the queue."""

    job_id: UUID
    tenant_id: UUID
    is_leased: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A raw callback. `error` stays when it was given up."""

    id: UUID
    job_id: UUID
    is_processed: bool
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One change of a job's state, in their order. `at` is Unix time."""

    job_id: UUID
    old: str
    new: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A destination's counter of attempts in an hour, and how many rows there are."""

    destination_id: UUID
    counted: int
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What pages show as a count, of jobs in a state or of leads, and the rows."""

    about_id: UUID
    what: str
    counted: int
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What the provider accepted. The job and attempt are those of its callback URL."""

    sid: str
    account: str
    to: str
    body: str
    status: str
    words: tuple[str, ...]
    """The final statuses it had, one after the other."""
    received_at: float
    job_id: UUID | None
    attempt: int
    is_told: bool
    """Whether its last status was taken by one of our callback's answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLook:
    """What was there of an old month at some time: rows by table, None without one."""

    name: str
    made: int
    """Rows that each table had at first."""
    rows: dict[str, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A follow-up of a destination."""

    destination_id: UUID
    watches: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the product's own check of its data counts."""

    what: str
    count: int


@dataclass(slots=True, kw_only=True)
class World:
    posts: list[Post] = field(default_factory=list)
    clicks: list[UUID] = field(default_factory=list)
    """Jobs whose replay a person asked for, one entry for each click."""
    stops: list[tuple[str, float]] = field(default_factory=list)
    """Processes that were asked to stop, and the seconds they took."""
    leads: list[Lead] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    callbacks: list[Callback] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    months: list[MonthLook] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
