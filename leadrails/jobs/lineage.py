"""
Notice that the database is a restored backup, and let nothing in it be sent.

What waited when a backup was made may have been sent since. Two signs tell:

- The fingerprint: a copy has another system identifier, database or timeline than
  the row of `Lineage` in it says.
- The witness: beat counts in that row and mirrors the count to Redis. A count in
  Redis that is higher than the row's means that the row went back in time. A lower
  one, or none, proves nothing: Redis may be emptied at any time.

No claim is made over a connection before this was looked at over it, and beat looks
every few seconds. Whoever finds the signs holds what waits and gives the database a
new name, in one transaction.
"""

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import redis
from django.conf import settings
from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)
from psycopg.rows import dict_row

from leadrails import statements
from leadrails.alerts.services import open_alert
from leadrails.core.reasons import Reason
from leadrails.jobs import lineage_sql as sql

log = logging.getLogger(__name__)

RESTORED_BACKUP = "restored_backup"
SCOPE = "workspace"
KEPT = timedelta(days=90)  # that the witness remembers a database
# A restore takes longer than this, so nothing made in it is newer than the backup.
MARGIN = timedelta(seconds=60)
DECIDE_WITHIN = timedelta(days=7)  # after which what was held is looked at again

_checked = threading.local()


@dataclass(frozen=True, slots=True)
class Memory:
    """What the witness knows: how many beats, and when the last one was."""

    beats: int
    beat_at: datetime


def ensure_checked() -> None:
    """Look at the database, unless this thread did so over this very connection."""
    connection.ensure_connection()
    if getattr(_checked, "connection", None) is not connection.connection:
        check()
        _checked.connection = connection.connection


def check() -> int:
    """Hold what waits if this is a restored backup; return how many jobs that are."""
    row = _look()
    memory = _recall(row["id"])
    if _is_same_place(row) and (memory is None or memory.beats <= row["beats"]):
        return 0
    # The witness may have been told of beats since the row was read: look again.
    row = _look()
    if _is_same_place(row) and (memory is None or memory.beats <= row["beats"]):
        return 0
    signs = "another place" if not _is_same_place(row) else "an earlier time"
    log.error("the database was restored: it is from %s; holding what waits", signs)
    return hold(_newest_of_backup(row, memory), expected=row["id"])


def beat() -> None:
    """Look, count on, and tell the witness. To be called every few seconds."""
    check()
    for lineage_id, beats, beat_at in statements.run(sql.BEAT):
        try:
            _remember(lineage_id, beats, beat_at)
        except (redis.RedisError, OSError) as error:
            log.info("the witness of the database cannot be told: %s", error)
    cure = {"kind": RESTORED_BACKUP, "reason": Reason.RESTORED_BACKUP}
    statements.run(sql.CURE, cure)


def hold(until: datetime | None = None, *, expected: UUID | None = None) -> int:
    """
    Hold what waits and was made up to `until` (None: now); return how many jobs.

    What is in doubt is asked about as ever: an absence is proven by the provider.

    Args:
        expected: the database's name; if it has another by now, somebody was faster.
    """
    place = _look()
    with transaction.atomic():
        ((name,),) = statements.run(sql.LOCK)
        if expected is not None and name != expected:
            return 0
        rows = statements.run(
            sql.HOLD,
            {"until": until, "reason": Reason.RESTORED_BACKUP, "wait": DECIDE_WITHIN},
        )
        for tenant_id, job_id, count in rows:
            open_alert(
                tenant_id=tenant_id,
                kind=RESTORED_BACKUP,
                scope=SCOPE,
                job_id=job_id,
                failures=count,
            )
        statements.run(sql.RENAME, _place_now(place))
    total: int = sum(count for _, _, count in rows)
    log.error("%s jobs of %s workspaces are held: restored backup", total, len(rows))
    return total


def _look() -> dict[str, Any]:
    """The row, beside what is so now. A new database gets its row."""
    row = _try_look()
    if row["id"] is None:
        statements.run(sql.BEGIN, _place_now(row))
        row = _try_look()
    return row


def _place_now(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[f"{name}_now"] for name in sql.PLACE}


def _try_look() -> dict[str, Any]:
    try:
        (row,) = statements.run(sql.LOOK, row_factory=dict_row)
    except (InterfaceError, OperationalError):
        raise
    except DatabaseError:
        if connection.in_atomic_block:
            raise
        # Some hosted databases keep their place to themselves; then the rest decides.
        (row,) = statements.run(sql.LOOK_LESS, row_factory=dict_row)
    return dict(row)


def _is_same_place(row: dict[str, Any]) -> bool:
    """What is not known, then or now, tells nothing."""
    pairs = [(row[name], row[f"{name}_now"]) for name in sql.PLACE]
    return all(then == now for then, now in pairs if then and now)


def _newest_of_backup(row: dict[str, Any], memory: Memory | None) -> datetime:
    """Nothing that was made up to then can be taken for new."""
    known: list[datetime] = [row["beat_at"] + MARGIN]
    if memory is not None and memory.beats > row["beats"]:
        known.append(memory.beat_at)
    is_new_server = row["system"] != row["system_now"]
    if is_new_server or row["timeline"] != row["timeline_now"]:
        known.append(row["server_started_at"])
    return max(known)


# The witness ------------------------------------------------------------------

# Told in any order, it remembers the highest.
_TELL = """
local old = redis.call('GET', KEYS[1])
if not old or tonumber(string.match(old, '^%d+')) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'EX', ARGV[3])
end
"""


def _remember(lineage_id: UUID, beats: int, beat_at: datetime) -> None:
    seconds = int(KEPT.total_seconds())
    key = _key(lineage_id)
    _witness().eval(_TELL, 1, key, beats, beat_at.timestamp(), seconds)


def _recall(lineage_id: UUID) -> Memory | None:
    """None if Redis remembers nothing, or cannot be asked."""
    try:
        told: Any = _witness().get(_key(lineage_id))
        beats, at = told.decode().split() if told else ("", "")
        return Memory(int(beats), datetime.fromtimestamp(float(at), UTC))
    except (redis.RedisError, OSError, ValueError):
        return None


def _key(lineage_id: UUID) -> str:
    return f"leadrails:beats:{lineage_id}"


@lru_cache(maxsize=1)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


def _witness() -> redis.Redis:
    return _client(settings.REDIS_URL)
