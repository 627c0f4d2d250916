"""Quiet hours: from one time of day to another, in somebody's own time zone."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def quiet_until(
    now: datetime, *, begins: time, ends: time, zone: ZoneInfo
) -> datetime | None:
    """
    Return when the quiet hours that `now` lies in are over, in UTC; else None.

    They may span midnight, and are empty if they begin when they end. An end that the
    clock skips in spring is as much later; of an end that comes twice in autumn the
    first one counts.
    """
    local = now.astimezone(zone)
    clock = local.time().replace(tzinfo=None)
    if begins <= ends:
        is_quiet, day = begins <= clock < ends, local.date()
    else:
        is_quiet = clock >= begins or clock < ends
        day = local.date() + timedelta(days=clock >= begins)
    if not is_quiet:
        return None
    end = datetime.combine(day, ends, tzinfo=zone).astimezone(UTC)
    # The hour that comes twice: its second half is after its end.
    return end if end > now else None
