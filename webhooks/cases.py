"""The jobs that reports concern: locked and loaded together, written together."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from leadrails import statements
from webhooks import sql
from webhooks.reports import AttemptFacts, Case, JobFacts, Report, Told, text, word_of


@dataclass(frozen=True, slots=True)
class Loaded:
    """Cases by their job's id, and the jobs that somebody else has locked."""

    cases: Mapping[UUID, Case]
    busy: frozenset[UUID]


def load_cases(jobs: Collection[UUID]) -> Loaded:
    """
    Lock jobs with their queue entries, and load what is known of them.

    Never waits: drains lock many jobs in no set order, and who waits for one while
    holding another could wait for ever.
    """
    locked: list[JobFacts] = statements.run(
        sql.LOCK_JOBS, {"jobs": list(jobs)}, row_factory=class_row(JobFacts)
    )
    missing = set(jobs) - {job.id for job in locked}
    busy = {row[0] for row in _run_if(sql.FIND_JOBS, missing)}
    found = {row[0]: row[1:] for row in _run_if(sql.LOAD, [job.id for job in locked])}
    cases = {}
    for job in locked:
        is_busy, attempts, told = found[job.id]
        if is_busy:
            busy.add(job.id)
        else:
            known = [Told(*row) for row in told or []]
            cases[job.id] = Case(job, _attempts(attempts or []), known)
    return Loaded(cases, frozenset(busy))


def _run_if(statement: str, jobs: Collection[UUID]) -> list[Any]:
    return statements.run(statement, {"jobs": list(jobs)}) if jobs else []


def _attempts(rows: list[Any]) -> dict[int, AttemptFacts]:
    return {
        number: AttemptFacts(datetime.fromisoformat(started_at), *rest)
        for number, started_at, *rest in rows
    }


def write_cases(cases: Collection[Case]) -> None:
    """Write what changed, one statement for each table."""
    _write(sql.WRITE_JOBS, (_job_row(case.job) for case in cases if case.is_changed))
    _write(sql.ADD_ATTEMPTS, (row for case in cases for row in _lost_attempts(case)))
    _write(sql.WRITE_ATTEMPTS, (row for case in cases for row in _attempt_rows(case)))
    _write(
        sql.WRITE_EVENTS,
        (_event_row(report, case.job) for case in cases for report in case.news),
    )


def _write(statement: str, rows: Iterable[dict[str, Any]]) -> None:
    if found := list(rows):
        statements.run(statement, {"rows": json.dumps(found, default=str)})


def _job_row(job: JobFacts) -> dict[str, Any]:
    return {name: getattr(job, name) for name in JobFacts.__slots__}


def _lost_attempts(case: Case) -> list[dict[str, Any]]:
    return [
        {
            "job_id": case.job.id,
            "number": number,
            "tenant_id": case.job.tenant_id,
            "destination_id": case.job.destination_id,
            "started_at": attempt.started_at,
        }
        for number, attempt in case.attempts.items()
        if attempt.is_lost
    ]


def _attempt_rows(case: Case) -> list[dict[str, Any]]:
    return [
        {
            "job_id": case.job.id,
            "number": number,
            "outcome": case.attempts[number].outcome,
            "provider_id": case.attempts[number].provider_id,
        }
        for number in case.noted
    ]


def _event_row(report: Report, job: JobFacts) -> dict[str, Any]:
    update = report.update
    payload = {"sender": update.sender, "done_date": update.done_date, **update.details}
    return {
        "job_id": job.id,
        "provider_id": report.provider_id,
        "status": word_of(report),
        "error": text(update.error_code, 20),
        "tenant_id": job.tenant_id,
        "attempt": report.number,
        "state": update.status or "",
        "received_at": report.received_at,
        "callback_id": report.callback_id,
        "payload": {
            text(name, 40): text(said, 1_000) for name, said in payload.items() if said
        },
    }
