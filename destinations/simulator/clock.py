"""Times in the ledger are whole milliseconds since 1970 unless a name says else."""

import time
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def rfc2822(ms: int | None) -> str | None:
    if ms is None:
        return None
    return format_datetime(datetime.fromtimestamp(ms // 1000, UTC))


def iso8601(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso8601_ms(ms: int | None) -> str | None:
    if ms is None:
        return None
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}+00:00"


def parse(text: str) -> tuple[datetime, bool]:
    """
    Return the moment and whether `text` names a whole day.

    Raises:
        ValueError: it is neither a date, ISO 8601 nor RFC 2822.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = parsedate_to_datetime(text)
    return moment.replace(tzinfo=moment.tzinfo or UTC), len(text) == len("2030-01-02")


def to_ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def carrier_time(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%y%m%d%H%M")
