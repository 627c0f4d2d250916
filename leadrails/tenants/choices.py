"""Countries and time zones as forms offer them."""

import zoneinfo
from functools import cache

from leadrails.core.data import load


@cache
def countries() -> list[tuple[str, str]]:
    """Return (ISO code, English name) by name; all that have telephone numbers."""
    names: dict[str, str] = load("countries")["names"]
    return sorted(names.items(), key=lambda item: item[1])


@cache
def time_zones() -> list[tuple[str, str]]:
    """Return the zones that are named for places, and UTC, by name."""
    names = {
        name
        for name in zoneinfo.available_timezones()
        if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/"))
    }
    return [
        ("UTC", "UTC"),
        *((name, name.replace("_", " ")) for name in sorted(names)),
    ]
