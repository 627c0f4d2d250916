"""The running system as tests see it: over its sockets, in its rows and its words."""

import json
import secrets
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from itertools import product
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg.rows import dict_row

from leadrails.core import ids, signing
from leadrails.embedded.demo import Demo
from leadrails.embedded.ports import take_port
from leadrails.embedded.samples import AREAS
from leadrails.embedded.stack import Stack
from tests.simulator.server import Simulator

PATH = "/v1/lead-events"
FIRST_NUMBERS = range(50)
"""What a North American number ends in if its message is to be delivered."""
SIMULATOR = ("account_sid", "auth_token", "handsets")


@dataclass(frozen=True)
class Workspace:
    """A demo tenant as whoever set it up knows it."""

    slug: str
    client_id: str
    source_id: str
    key_id: str
    signing_secret: str
    api_key: str
    email: str
    password: str
    account_sid: str
    auth_token: str
    handsets: str
    """The path of its phones at the simulator."""

    @classmethod
    def parse(cls, slug, facts):
        return cls(
            slug=slug,
            client_id=facts["client_id"],
            **facts["sources"][0],
            api_key=facts["api_key"],
            **facts["admin"],
            **{name: facts["simulator"][name] for name in SIMULATOR},
        )


@dataclass
class Answer:
    status: int
    seconds: float
    fields: dict

    @property
    def lead_id(self):
        return ids.decode("evt", self.fields["event_id"])


@dataclass(frozen=True)
class Post:
    """A request to intake, signed once; sent again it is the very same."""

    body: bytes
    headers: dict


@dataclass
class System:
    stack: Stack
    lines: list = field(default_factory=list)
    """All that the processes said, as `name | line`."""

    def __post_init__(self):
        # Each lead goes to a person of its own: destinations write to one only a
        # few times a day.
        self._people = product(AREAS.split(), FIRST_NUMBERS)

    def start(self):
        self.stack.start()
        self.demo = Demo(self.stack)
        facts = self.facts
        self.acme = Workspace.parse("acme", facts)
        self.borealis = Workspace.parse("borealis", facts["second_tenant"])
        self.simulator = Simulator(
            self.stack.ledger, self.stack.env["LEADRAILS_SIMULATOR_SECRET"]
        )
        self.simulator.url = facts["simulator_url"]
        return self

    def stop(self):
        if hasattr(self, "demo"):
            self.demo.close()
        self.stack.destroy()

    def newcomer(self, slug):
        """Somebody with a workspace and nothing in it."""
        facts = {
            "client_id": "",
            "sources": [{"source_id": "", "key_id": "", "signing_secret": ""}],
            "api_key": "",
            "admin": {"email": f"new@{slug}.example", "password": "a-long-passphrase"},
            "simulator": {"account_sid": "", "auth_token": "", "handsets": ""},
        }
        person = Workspace.parse(slug, facts)
        self.stack.env["LEADRAILS_OWNER_PASSWORD"] = person.password
        self.stack.manage("createowner", "--email", person.email, "--tenant", slug)
        del self.stack.env["LEADRAILS_OWNER_PASSWORD"]
        return person

    @property
    def facts(self):
        """demo.json: where everything is."""
        return json.loads(self.demo.file.read_text(encoding="utf-8"))

    @property
    def web_url(self):
        return self.facts["web_url"]

    def redis(self):
        return redis.from_url(self.facts["redis_url"])

    def last_words(self):
        return "\n".join(self.lines[-40:])

    def wait(self, condition, what, seconds=60.0):
        """Return the first true value of `condition()`; fail after `seconds`."""
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            in_time = time.monotonic() < deadline
            assert in_time, f"not in {seconds:g} s: {what}\n{self.last_words()}"
            time.sleep(0.05)
        return value

    def new_phone(self, ending=None):
        """A number nobody was written to yet; its ending picks what becomes of it."""
        area, number = next(self._people)
        return f"+1{area}55501{number if ending is None else ending:02d}"

    # Posting ------------------------------------------------------------------

    @contextmanager
    def connection(self):
        """One connection to the web server that stays open."""
        connection = HTTPConnection(urlsplit(self.web_url).netloc, timeout=30)
        try:
            connection.connect()
            yield connection
        finally:
            connection.close()

    def sign(self, workspace, phone, **lead):
        event = {
            "schema_version": "lead_event.v1",
            "event_type": "lead.submitted",
            "submitted_at": _now(),
            "source": {"source_system": "a-website"},
            "lead": {"phone": phone, "service_type": "plumbing", **lead},
        }
        return self.sign_body(workspace, json.dumps(event).encode())

    def sign_body(self, workspace, body, *, key=None):
        parts = signing.SignedParts(
            timestamp=_now(),
            nonce=secrets.token_hex(16),
            idempotency_key=key or secrets.token_hex(12),
            body=body,
        )
        headers = {
            "Content-Type": "application/json",
            "X-LR-Client-Id": workspace.client_id,
            "X-LR-Source-Id": workspace.source_id,
            "X-LR-Key-Id": workspace.key_id,
            "X-LR-Timestamp": parts.timestamp,
            "X-LR-Nonce": parts.nonce,
            "X-LR-Idempotency-Key": parts.idempotency_key,
            "X-LR-Signature": signing.sign(parts, workspace.signing_secret),
        }
        return Post(body, headers)

    def send(self, post, connection=None):
        if connection is None:
            with self.connection() as own:
                return self.send(post, own)
        began = time.perf_counter()
        connection.request("POST", PATH, post.body, post.headers)
        response = connection.getresponse()
        text = response.read()
        seconds = time.perf_counter() - began
        return Answer(response.status, seconds, json.loads(text))

    def post(self, workspace, phone, **lead):
        return self.send(self.sign(workspace, phone, **lead))

    # Looking ------------------------------------------------------------------

    def query(self, statement, *values):
        with psycopg.connect(
            self.facts["database_url"], autocommit=True, row_factory=dict_row
        ) as database:
            cursor = database.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def jobs(self, *leads):
        return self.query(
            "SELECT * FROM jobs_job WHERE lead_id = ANY(%s) ORDER BY id", list(leads)
        )

    def wait_for_jobs(self, leads, state, seconds=60.0):
        """The jobs of these leads, once there is one each and all are in `state`."""

        def jobs():
            found = self.jobs(*leads)
            states = [job["state"] for job in found]
            return found if states == [state] * len(leads) else None

        return self.wait(jobs, f"{len(leads)} jobs {state}", seconds)

    def messages_to(self, phones):
        """By recipient: how many messages the provider took for them."""
        counts = dict.fromkeys(phones, 0)
        for row in self.simulator.requests(limit=10_000):
            if row["sid"] and row["to"] in counts:
                counts[row["to"]] += 1
        return counts

    def settle(self):
        """Return once whatever was due before now has been sent."""
        lead = self.post(self.acme, self.new_phone()).lead_id
        self.wait_for_jobs([lead], "delivered")


def leave_usual_ports(folder):
    """To a demo of this clone, which may be started meanwhile."""
    folder.mkdir(mode=0o700)
    ports = {name: take_port() for name in ("web", "simulator")}
    numbers = {name: port.number for name, port in ports.items()}
    (folder / "ports.json").write_text(json.dumps(numbers))
    for port in ports.values():
        port.release()


def _now():
    now = datetime.now(UTC)
    return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
