"""
Telephone numbers: to E.164, by what people type into forms, and back to display.

A number that cannot be sent to gets a problem (a slug of `PROBLEMS`) instead of
an exception: it is data about a lead. When in doubt this module refuses, since a
wrong guess texts a stranger. Ranges set aside for fiction and samples pass.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType

from leadrails.core.data import load
from leadrails.core.phone_reserved import is_reserved, reserved_region

LONGEST_INPUT = 60  # characters; the longest honest one is about 40
SHORTEST_NUMBER = 5  # digits; with fewer, letters are the text and not a slip

PROBLEMS = {
    "missing": "The lead has no phone number.",
    "not_a_number": "This is not a phone number.",
    "has_letters": "The phone number has letters in it, so its digits are a guess.",
    "too_short": "The phone number is too short.",
    "too_long": "The phone number is too long, or it is more than one number.",
    "no_country_code": (
        "The phone number has no country code, and the source has no country set."
    ),
    "unknown_country_code": "No country has the country code of this phone number.",
    "not_in_use": "No number of this form is in use in its country.",
    "premium_rate": "The phone number is a premium-rate number.",
    "shared_cost": "The phone number is a shared-cost number.",
    "personal_number": "The phone number is a forwarding number at a special rate.",
}

_COSTLY = {
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.PERSONAL_NUMBER: "personal_number",
}
_PARSE_PROBLEMS = {
    NumberParseException.INVALID_COUNTRY_CODE: "unknown_country_code",
    NumberParseException.NOT_A_NUMBER: "not_a_number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too_short",
    NumberParseException.TOO_SHORT_NSN: "too_short",
    NumberParseException.TOO_LONG: "too_long",
}
_PLAIN = re.compile(r"\+?[0-9 ().\-/]+")
# All of these run on at most LONGEST_INPUT characters.
_EXTENSION = re.compile(
    r"[\s,;]*(?:extension|extn|ext|x|#)[\s.:=]*[0-9]{1,7}#?$", re.IGNORECASE
)
_LABEL = re.compile(r"(?:[^\W\d_]{2,}[^\w+]+|[^\W\d_][.:]\s*)+")
_REMARK = re.compile(r"(?:[^\w+]+[^\W\d_]{2,})+[^\w+]*$")
_NORTH_AMERICAN = re.compile(r"(?:\+1|1)?([2-9][0-9]{2}[2-9][0-9]{6})")
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_COUNTRY_CODES = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
_COUNTRY_NAMES: dict[str, str] = load("countries")["names"]


@dataclass(frozen=True, slots=True)
class Phone:
    """
    A number in E.164, or the slug of the problem that it has.

    `region` is an ISO 3166-1 alpha-2 code, "001" for networks of no country.
    `is_reserved` numbers belong to nobody: fiction, samples, provider tests.
    A number with a problem has no `e164`, so it cannot be sent to by mistake.
    """

    e164: str | None
    region: str | None
    problem: str | None
    is_reserved: bool = False

    @property
    def sentence(self) -> str | None:
        return PROBLEMS[self.problem] if self.problem else None


def normalise(raw: str | None, country: str | None) -> Phone:
    """
    Read `raw` as it was typed; `country` (alpha-2) is used if no code is given.

    An extension is dropped: the message goes to the main number. About 30 µs.
    """
    typed = (raw or "").strip()
    if not typed:
        return _problem("missing")
    if len(typed) > LONGEST_INPUT:
        return _problem("too_long")
    cleaned, problem = _clean(typed)
    if problem:
        return _problem(problem)
    home = country.upper() if country else None
    if home not in phonenumbers.SUPPORTED_REGIONS:
        home = None
    if home is None and not cleaned.startswith("+"):
        return _problem("no_country_code")
    try:
        number = _parse(cleaned, home)
    except NumberParseException as error:
        return _problem(_PARSE_PROBLEMS.get(error.error_type, "not_a_number"))
    return _judge(number)


def region_of(e164: str) -> str | None:
    """Return the region of a number in E.164, "001" for no country, else None."""
    return _region(e164, None)


def _region(e164: str, number: PhoneNumber | None) -> str | None:
    code = _country_code(e164)
    if code is None:
        return None
    regions = _COUNTRY_CODES[code]
    if len(regions) == 1:
        return regions[0]
    if code == 1:
        return _region_of_area(e164[:5]) or regions[0]
    if reserved := reserved_region(e164):
        return reserved
    try:
        number = number or phonenumbers.parse(e164, None)
    except NumberParseException:
        return regions[0]
    return phonenumbers.region_code_for_number(number) or regions[0]


def is_costly(e164: str) -> bool:
    """Whether texting the number costs extra: premium, shared cost, personal."""
    code = _country_code(e164)
    if code is None or not _costly_of(code).fullmatch(e164, 1 + len(str(code))):
        return False  # nearly all: the library takes ten times as long to say so
    if is_reserved(e164):
        return False
    try:
        number = _parse(e164, None)
    except NumberParseException:
        return False
    return phonenumbers.number_type(number) in _COSTLY


def country_name(region: str | None) -> str:
    """Return the English name of a region, or the code itself if it has none."""
    if region == "001":
        return "International network"
    return _COUNTRY_NAMES.get(region or "", region or "Unknown country")


def mask(e164: str) -> str:
    """
    Hide all of a number but its country code and last four digits.

    Anything but E.164 loses all its digits, save those of its last two characters.
    """
    code = _country_code(e164) if _E164.fullmatch(e164) else None
    if code is None or len(e164) < 9:
        text = e164[:LONGEST_INPUT]
        keep_from = max(len(text) - 2, 0)
        return re.sub(r"\d", "•", text[:keep_from]) + text[keep_from:]
    shown = len(str(code)) + 1
    return f"{e164[:shown]}{'•' * (len(e164) - shown - 4)}{e164[-4:]}"


def national(e164: str) -> str:
    """Return the number as its own country writes it, unchanged if unreadable."""
    return _format(e164, phonenumbers.PhoneNumberFormat.NATIONAL)


def international(e164: str) -> str:
    """Return the number with country code and spaces, unchanged if unreadable."""
    return _format(e164, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _problem(slug: str) -> Phone:
    return Phone(None, None, slug)


def _parse(cleaned: str, home: str | None) -> PhoneNumber:
    # Most leads: ten digits of the North American plan, which hide no prefix.
    # This saves half of the time.
    if (match := _NORTH_AMERICAN.fullmatch(cleaned)) and (
        cleaned.startswith("+") or home in _COUNTRY_CODES[1]
    ):
        return PhoneNumber(country_code=1, national_number=int(match[1]))
    return phonenumbers.parse(cleaned, home)


def _judge(number: PhoneNumber) -> Phone:
    nsn = phonenumbers.national_significant_number(number)
    e164 = f"+{number.country_code}{nsn}"
    if is_reserved(e164):
        return Phone(e164, region_of(e164), None, is_reserved=True)
    if number.country_code == 1 and _is_american_line(nsn):
        return Phone(e164, _region(e164, number), None)
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN:
        return _problem(_why_unknown(number))
    if kind in _COSTLY:
        return _problem(_COSTLY[kind])
    return Phone(e164, _region(e164, number), None)


def _why_unknown(number: PhoneNumber) -> str:
    result = phonenumbers.is_possible_number_with_reason(number)
    reasons = {
        phonenumbers.ValidationResult.TOO_SHORT: "too_short",
        phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "too_short",
        phonenumbers.ValidationResult.TOO_LONG: "too_long",
        phonenumbers.ValidationResult.INVALID_COUNTRY_CODE: "unknown_country_code",
    }
    return reasons.get(result, "not_in_use")


def _clean(raw: str) -> tuple[str, str | None]:
    """
    Return the digits with their plus sign, or a problem.

    Labels ("Tel: …") and remarks ("… (cell)") set apart by a space or sign are
    dropped. A letter among the digits is not translated by the keypad: it is
    more often an O typed for a 0.
    """
    text = raw if raw.isascii() else _to_ascii_digits(raw).strip()
    if not _PLAIN.fullmatch(text):
        text = _EXTENSION.sub("", text, count=1)
        if label := _LABEL.match(text):
            text = text[label.end() :]
        text = _REMARK.sub("", text, count=1)
        if any(char.isalpha() for char in text):
            is_near = len(_digits(text)) >= SHORTEST_NUMBER
            return "", "has_letters" if is_near else "not_a_number"
    digits = _digits(text)
    if not digits:
        return "", "not_a_number"
    before = text[: text.index(digits[0])]
    if text.count("+") > before.count("+") or before.count("+") > 1:
        return "", "not_a_number"
    if "+" not in before:
        return digits, None
    return f"+{digits}", None


def _to_ascii_digits(text: str) -> str:
    """Turn digits and plus signs of any script into ASCII; drop invisible marks."""
    plain = []
    for char in text:
        category = unicodedata.category(char)
        if category == "Nd":
            plain.append(str(unicodedata.decimal(char)))
        elif char in "\uff0b\ufe62":
            plain.append("+")
        elif category.startswith("Z"):
            plain.append(" ")
        elif category == "Pd":
            plain.append("-")
        elif category != "Cf":
            plain.append(char)
    return "".join(plain)


def _digits(text: str) -> str:
    return "".join(char for char in text if "0" <= char <= "9")


def _country_code(e164: str) -> int | None:
    return _code_of(e164[:4])


@lru_cache(maxsize=1000)
def _code_of(start: str) -> int | None:
    if not start.startswith("+"):
        return None
    for length in (1, 2, 3):
        prefix = start[1 : 1 + length]
        if prefix.isdecimal() and int(prefix) in _COUNTRY_CODES:
            return int(prefix)
    return None


@lru_cache(maxsize=1000)  # there are 800 area codes
def _region_of_area(prefix: str) -> str | None:
    """Return the region of a North American prefix such as "+1876"."""
    try:
        number = phonenumbers.parse(f"{prefix}2345678", None)
    except NumberParseException:
        return None
    return phonenumbers.region_code_for_number(number)


def _is_american_line(nsn: str) -> bool:
    """Whether ten digits are nothing but a line; the library takes longer to say so."""
    is_line = _patterns_of(1, "fixed_line", "mobile").fullmatch(nsn)
    return bool(is_line) and not _costly_of(1).fullmatch(nsn)


def _costly_of(code: int) -> re.Pattern[str]:
    """Return what a costly number of some region of this code may look like."""
    return _patterns_of(code, "premium_rate", "shared_cost", "personal_number")


@lru_cache(maxsize=300)  # there are 225 country codes
def _patterns_of(code: int, *kinds: str) -> re.Pattern[str]:
    """Return what numbers of these kinds look like in some region of this code."""
    found = [
        phonenumbers.PhoneMetadata.metadata_for_nongeo_region(code, None)
        if region == "001"
        else phonenumbers.PhoneMetadata.metadata_for_region(region, None)
        for region in _COUNTRY_CODES[code]
    ]
    descriptions = [
        getattr(region, kind) for region in found if region for kind in kinds
    ]
    patterns = {one.national_number_pattern for one in descriptions if one}
    return re.compile("|".join(f"(?:{one})" for one in sorted(filter(None, patterns))))


def _format(e164: str, form: int) -> str:
    if len(e164) > LONGEST_INPUT:
        return e164
    try:
        return phonenumbers.format_number(phonenumbers.parse(e164, None), form)
    except NumberParseException:
        return e164
