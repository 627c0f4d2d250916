"""Numbers, money and times as people read them. Pure: the clock comes in."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

NONE = "–"
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CAD": "CA$", "AUD": "A$"}

Number = int | float | Decimal


def number(value: Number | None, decimals: int | None = None) -> str:
    if value is None:
        return NONE
    return number_format(value, decimals, use_l10n=True, force_grouping=True)


def compact(value: Number | None) -> str:
    """Three significant digits with k, M or B: 1234567 is 1.23M."""
    if value is None:
        return NONE
    size = abs(float(value))
    if size < 10_000:
        return number(value)
    for unit, suffix in ((1e3, "k"), (1e6, "M"), (1e9, "B")):
        if size < unit * 999.5 or suffix == "B":
            break
    return f"{float(value) / unit:.3g}{suffix}"


def percent(share: Number | None) -> str:
    """A share between 0 and 1; never rounded up to 100% or down to 0%."""
    if share is None:
        return NONE
    shown = round(float(share) * 100, 1)
    if shown >= 100 > share * 100:
        shown = 99.9
    if shown <= 0 < share:
        shown = 0.1
    return f"{number(shown, None if shown % 1 else 0)}%"


def money(amount: Number | None, currency: str = "USD") -> str:
    """Cents for sums, up to four decimals for what costs less than a cent or so."""
    if amount is None:
        return NONE
    value = Decimal(str(amount))
    cents = value.quantize(Decimal("0.01"))
    decimals = 2 if value == cents or abs(value) >= 1 else 4
    sign = "−" if value < 0 else ""
    symbol = SYMBOLS.get(currency.upper(), f"{currency.upper()} ")
    return f"{sign}{symbol}{number(abs(value), decimals)}"


def duration(value: timedelta | Number | None) -> str:
    """A timedelta, or seconds, in its two largest units."""
    if value is None:
        return NONE
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 0:
        return f"−{duration(-seconds)}"
    if seconds < 0.9995:
        return f"{round(seconds * 1000)} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s" if seconds < 10 else f"{round(seconds)} s"
    return _two_units(round(seconds))


def _two_units(seconds: int) -> str:
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    for (name, size), (next_name, next_size) in pairwise(units):
        if seconds >= size:
            rest = seconds % size // next_size
            whole = f"{seconds // size} {name}"
            return f"{whole} {rest} {next_name}" if rest else whole
    return f"{seconds} s"


def ago(then: datetime, now: datetime) -> str:
    """Distance in one unit; beyond 30 days the date, which says more."""
    distance = now - then
    seconds = abs(distance.total_seconds())
    if seconds < 5:
        return _("just now")
    if seconds >= 30 * 86_400:
        return day(then, now)
    text = _one_unit(seconds)
    if distance < timedelta():
        return _("in %(time)s") % {"time": text}
    return _("%(time)s ago") % {"time": text}


def _one_unit(seconds: float) -> str:
    for name, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {name}"
    return f"{int(seconds)} s"


def day(then: datetime, now: datetime) -> str:
    local = _local(then)
    same_year = local.year == _local(now).year
    return date_format(local, "j M" if same_year else "j M Y")


def moment(then: datetime, now: datetime) -> str:
    """Day and minute, for what happened once and is looked up later."""
    return f"{day(then, now)}, {date_format(_local(then), 'H:i')}"


def clock(then: datetime) -> str:
    """Time of day to the second."""
    return date_format(_local(then), "H:i:s")


def instant(then: datetime) -> str:
    """The exact instant in the viewer's zone, to the millisecond, with the zone."""
    local = _local(then)
    milliseconds = local.microsecond // 1000
    written = date_format(local, "j M Y, H:i:s")
    return f"{written}.{milliseconds:03} {local.tzname()}"


def machine(then: datetime) -> str:
    """For <time datetime>: UTC, to the millisecond, with Z."""
    utc = then.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _local(then: datetime) -> datetime:
    return timezone.localtime(then) if timezone.is_aware(then) else then
