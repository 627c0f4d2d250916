"""What kind of number one is: of which country and area, and what it can carry."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from destinations.simulator.regions import region

FOLDER = Path(__file__).parent / "data"
NORTH_AMERICA = frozenset({"US", "CA"})
TOLL_FREE = frozenset({"800", "833", "844", "855", "866", "877", "888"})
# Segments a second. Source: Twilio, "Understanding Twilio Rate Limits and Message
# Queues" (2025): an unregistered long code, a toll-free number, a short code.
RATES = {"long": 1.0, "toll_free": 3.0, "short": 100.0, "name": 10.0, "rcs": 10.0}

# Messages a second at Telnyx. Source: Telnyx, "Rate limiting" (2026).
TELNYX_RATES = {
    "long": 6.0,
    "toll_free": 20.0,
    "short": 1000.0,
    "name": 0.1,
    "rcs": 1.0,
}


@lru_cache(maxsize=8)
def table(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def kind(sender: str) -> str:
    """Return "long", "toll_free", "short", "name" or "rcs"."""
    if sender.startswith("rcs:"):
        return "rcs"
    if not sender.startswith("+"):
        return "short" if sender.isdigit() else "name"
    return "toll_free" if area_code(sender) in TOLL_FREE else "long"


def area_code(number: str) -> str:
    """The three digits after +1; "" elsewhere."""
    return number[2:5] if number.startswith("+1") and len(number) == 12 else ""


def are_neighbours(area: str, other: str) -> bool:
    """The same area code, or one that shares its territory."""
    return area == other or area in table("area_codes")["overlays"].get(other, ())


def takes_names(country: str) -> bool:
    """Whether a message there can come from a name instead of a number."""
    unfit = table("sender_names")["without_alphanumeric"]
    return country not in NORTH_AMERICA and country != "PR" and country not in unfit


def place(number: str) -> dict[str, str]:
    """Where the number is from, as inbound requests tell it; cities are not known."""
    states = table("area_codes")["states"]
    return {
        "City": "",
        "State": states.get(area_code(number), ""),
        "Zip": "",
        "Country": "" if not number.startswith("+") else region(number),
    }


def has_mms(number: str) -> bool:
    return region(number) in NORTH_AMERICA if number.startswith("+") else True
