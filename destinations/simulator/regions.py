"""The country of a number, for geo permissions. Fictional numbers have one too."""

import re
from functools import lru_cache

import phonenumbers

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_NANP = re.compile(r"\+1[2-9]\d{9}")
_NOISE = str.maketrans("", "", " -().\u00a0")


def normalise(raw: str) -> str | None:
    """E.164, or None when it cannot be a phone number."""
    number = raw.translate(_NOISE)
    return number if _E164.fullmatch(number) and region(number) else None


def region(number: str) -> str:
    """ISO code, "001" for numbers of no country, "" for impossible numbers."""
    if _NANP.fullmatch(number):
        return _nanp_region(number[2:5])
    return _world_region(number)


@lru_cache(maxsize=1000)
def _nanp_region(area: str) -> str:
    """555-01NN is valid in no area, so ask for an ordinary number of the area."""
    parsed = phonenumbers.parse(f"+1{area}2345678")
    return phonenumbers.region_code_for_number(parsed) or "US"


@lru_cache(maxsize=10_000)
def _world_region(number: str) -> str:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return phonenumbers.region_code_for_number(
        parsed
    ) or phonenumbers.region_code_for_country_code(parsed.country_code or 0)
