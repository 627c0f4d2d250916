"""Reads the two ledgers of the system under test: its database, and the provider's."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from leadrails.core import ids
from leadrails.embedded.places import PROJECT
from tests.chaos.ledgers import (
    LAST_WORDS,
    WORDS,
    Attempt,
    Callback,
    Count,
    Entry,
    Event,
    Finding,
    Job,
    Lead,
    Message,
    Move,
    Rule,
    Tally,
    World,
)

# Every change of a state, written by the database itself in the same transaction.
WATCH = """
CREATE TABLE chaos_move (id bigserial PRIMARY KEY, job_id uuid NOT NULL,
  old text NOT NULL, new text NOT NULL, at timestamptz NOT NULL);
CREATE FUNCTION chaos_note_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO chaos_move (job_id, old, new, at)
  VALUES (OLD.id, OLD.state, NEW.state, clock_timestamp());
  RETURN NULL;
END $$;
CREATE TRIGGER chaos_move AFTER UPDATE OF state ON jobs_job FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION chaos_note_move();
"""

TABLES = {
    "leads": (
        Lead,
        "SELECT id, tenant_id, idempotency_key, phone, job_count FROM leads_lead",
    ),
    "jobs": (
        Job,
        (
            "SELECT job.id, job.tenant_id, lead_id, destination_id,"
            " place.tenant_id AS destination_tenant, replay_of, parent_id, cause,"
            " recipient, state, reason, attempts, provider_id, is_possible_duplicate,"
            " when_unknown = 'resend' AS may_be_doubled, channel,"
            " (message->>'channel' = 'rcs' AND channel IN ('', 'rcs')"
            "  AND config->>'fallback' = 'leadrails') IS TRUE AS falls_back"
            " FROM jobs_job job"
            " JOIN destinations_destination place ON place.id = destination_id"
        ),
    ),
    "attempts": (
        Attempt,
        (
            "SELECT job_id, number, tenant_id, outcome, provider_id, started_at,"
            " finished_at FROM jobs_attempt"
        ),
    ),
    "events": (
        Event,
        (
            "SELECT job_id, tenant_id, attempt, provider_id, status"
            " FROM jobs_deliveryevent"
        ),
    ),
    "entries": (
        Entry,
        (
            "SELECT job_id, tenant_id, lease_until IS NOT NULL AS is_leased"
            " FROM jobs_queueentry"
        ),
    ),
    "callbacks": (
        Callback,
        (
            "SELECT id, job_id, processed_at IS NOT NULL AS is_processed, error"
            " FROM webhooks_rawcallback"
        ),
    ),
    "moves": (
        Move,
        (
            "SELECT job_id, old, new, extract(epoch FROM at)::float AS at"
            " FROM chaos_move ORDER BY id"
        ),
    ),
    "counts": (
        Count,
        (
            "SELECT destination_id, started_this_hour AS counted,"
            " (SELECT count(*) FROM jobs_attempt attempt"
            "  WHERE attempt.destination_id = lane.destination_id"
            "  AND date_trunc('hour', started_at, 'UTC') = hour) AS found"
            " FROM jobs_lane lane WHERE hour IS NOT NULL AND NOT is_bulk"
        ),
    ),
    "rules": (Rule, "SELECT destination_id, watches FROM jobs_followuprule"),
    # What pages count with, folded and not; the rows of old months are not counted.
    "tallies": (
        Tally,
        (
            "SELECT about_id, what, sum(counted) AS counted, sum(found) AS found FROM ("
            " SELECT about_id, what, hour, number AS counted, 0 AS found"
            "  FROM jobs_tally"
            " UNION ALL SELECT about_id, what, hour, number, 0 FROM jobs_tallychange"
            " UNION ALL SELECT destination_id,"
            "  CASE reason WHEN 'replaced' THEN reason ELSE state END,"
            "  leadrails_hour_of(id), 0, 1 FROM jobs_job"
            " UNION ALL SELECT source_id, 'lead', leadrails_hour_of(id), 0, 1"
            "  FROM leads_lead"
            ") each WHERE hour > now() - interval '39 days'"
            # What was read, the product's own check compares.
            " AND what NOT IN ('reached', 'seen') GROUP BY about_id, what"
        ),
    ),
}

OVER_WORDS = ", ".join(f"'{word}'" for word in LAST_WORDS)
MESSAGES = f"""
SELECT sid, account, recipient, body, status, received_us, callback_url,
  EXISTS (SELECT 1 FROM callback_try try WHERE try.message = message.seq
    AND try.status = message.status AND try.http_status BETWEEN 200 AND 299),
  (SELECT group_concat(status) FROM event WHERE event.message = message.seq
    AND status IN ({OVER_WORDS}))
FROM message WHERE direction LIKE 'outbound%' ORDER BY seq
"""
UNDER_WAY = """
SELECT (SELECT count(*) FROM message WHERE plan <> '[]')
  + (SELECT count(*) FROM callback WHERE is_done = 0)
"""


def watch(database_url: str) -> None:
    with psycopg.connect(database_url) as database:
        database.execute(WATCH)


def read_database(world: World, database_url: str) -> None:
    with psycopg.connect(database_url) as database:
        database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        for name, (kind, query) in TABLES.items():
            cursor = database.cursor(row_factory=class_row(kind))
            setattr(world, name, cursor.execute(query).fetchall())


def read_messages(path: Path) -> Iterator[Message]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
        for row in ledger.execute(MESSAGES):
            sid, account, to, body, status, received_us, url, is_told, words = row
            job_id, attempt = attempt_of(url)
            yield Message(
                sid=sid,
                account=account,
                to=to.removeprefix("rcs:"),
                body=body,
                status=status,
                words=tuple(dict.fromkeys((words or "").split(","))),
                received_at=received_us / 1e6,
                job_id=job_id,
                attempt=attempt,
                is_told=bool(is_told),
            )


def attempt_of(url: str | None) -> tuple[UUID | None, int]:
    """The job and attempt that a callback URL names."""
    try:
        *_, job, attempt, _version, _mac = urlsplit(url or "").path.split("/")
        return ids.decode("job", job), int(attempt)
    except ValueError:
        return None, 0


# What keeps a run from being over, each by a count.
OPEN = """
SELECT (SELECT count(*) FROM jobs_queueentry),
  (SELECT count(*) FROM webhooks_rawcallback WHERE processed_at IS NULL),
  (SELECT count(*) FROM jobs_deadline)
"""


SAMPLE = """
SELECT (SELECT json_build_object('waiting', count(*), 'leased', count(lease_until),
    'due', count(*) FILTER (WHERE lease_until IS NULL AND due_at <= now()))
  FROM jobs_queueentry),
  (SELECT json_build_object('open', count(*) FILTER (WHERE open_until > now()),
    'slowed', count(*) FILTER (WHERE slowed_until > now()), 'openings', max(openings))
  FROM jobs_gate)
"""


def sample(database_url: str) -> dict[str, int] | None:
    """How the queue and the circuits are; None while nobody can tell."""
    try:
        with psycopg.connect(database_url, connect_timeout=2) as database:
            queue, gates = database.execute(SAMPLE).fetchone()
            return {**queue, **gates}
    except psycopg.Error:
        return None


# What has not heard the provider's last word, it may be.
AWAITED = """
SELECT provider_id, state FROM jobs_job
WHERE state IN ('accepted', 'sent', 'undelivered') AND provider_id <> ''
"""
OVER = f"""
SELECT sid, status FROM message WHERE plan = '[]' AND status IN ({OVER_WORDS})
"""
NOT_HEARD = "not heard"


def count_open(database_url: str, ledger: Path) -> dict[str, int]:
    with psycopg.connect(database_url, connect_timeout=2) as database:
        queued, unread, watched = database.execute(OPEN).fetchone()
        awaited = dict(database.execute(AWAITED).fetchall())
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as simulator:
        (under_way,) = simulator.execute(UNDER_WAY).fetchone()
        unheard = sum(
            awaited.get(sid, WORDS[status]) != WORDS[status]
            for sid, status in simulator.execute(OVER)
        )
    return {
        "in the queue": queued,
        "unread": unread,
        "watched": watched,
        "at the provider": under_way,
        NOT_HEARD: unheard,
    }


def check_data(env: dict[str, str]) -> list[Finding]:
    """What the product's own check finds; it says a line for each of its checks."""
    done = subprocess.run(
        [sys.executable, "manage.py", "check_data"],
        cwd=PROJECT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    if not found:
        raise RuntimeError(f"the data was not checked:\n{done.stderr[-2000:]}")
    return [Finding(what=what, count=int(count)) for count, what in found]


HISTORY = {
    "job": "SELECT * FROM jobs_job WHERE id = %s",
    "moves": "SELECT old, new, at FROM chaos_move WHERE job_id = %s ORDER BY id",
    "attempts": "SELECT * FROM jobs_attempt WHERE job_id = %s ORDER BY number",
    "events": "SELECT attempt, status, error, state, received_at, provider_id"
    " FROM jobs_deliveryevent WHERE job_id = %s ORDER BY received_at",
    "queue": "SELECT * FROM jobs_queueentry WHERE job_id = %s",
    "callbacks": "SELECT id, attempt, received_at, processed_at, tries, error,"
    " convert_from(body, 'UTF8') AS body FROM webhooks_rawcallback WHERE job_id = %s"
    " ORDER BY id",
    "trail": "SELECT lead.id, lead.received_at, lead.trail FROM leads_lead lead"
    " JOIN jobs_job job ON job.lead_id = lead.id WHERE job.id = %s",
}


def history(job_id: UUID, database_url: str, ledger: Path) -> dict[str, list]:
    """All that is known of a job, on both sides."""
    found: dict[str, list] = {}
    with psycopg.connect(database_url) as database:
        for name, query in HISTORY.items():
            cursor = database.cursor(row_factory=psycopg.rows.dict_row)
            found[name] = cursor.execute(query, [job_id]).fetchall()
    public = ids.encode("job", job_id)
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as simulator:
        simulator.row_factory = sqlite3.Row
        messages = simulator.execute(
            "SELECT seq, sid, status, error_code, scenario, received_us, created"
            " FROM message WHERE callback_url LIKE ?",
            [f"%/{public}/%"],
        ).fetchall()
        found["provider"] = [_with_tries(simulator, dict(row)) for row in messages]
    return found


def _with_tries(simulator: sqlite3.Connection, message: dict) -> dict:
    for name, query in {
        "statuses": "SELECT status, error_code, at FROM event WHERE message = ?",
        "callbacks": "SELECT status, number, at, http_status, error"
        " FROM callback_try WHERE message = ?",
    }.items():
        rows = simulator.execute(query, [message["seq"]]).fetchall()
        message[name] = [dict(row) for row in rows]
    return message


def as_text(found: dict[str, list]) -> str:
    return json.dumps(found, indent=1, default=str)
