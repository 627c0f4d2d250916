"""What a tenant enters for Telnyx, and what can be said of it without a call."""

import base64
import binascii
import re
from collections.abc import Mapping

from destinations.providers import fields
from destinations.providers.base import Sender
from destinations.providers.fields import (
    BY_RCS,
    CHANNEL,
    FALLBACK,
    LEADRAILS,
    MEDIA,
    RCS,
    SEND_AFTER,
)
from destinations.providers.simulated import is_simulated_key
from destinations.providers.telnyx_fields import FIELDS

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
SHORT_CODE = re.compile(r"[0-9]{3,8}")
SENDER_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
NORTH_AMERICAN = re.compile(r"\+1[2-9][0-9]{9}")
TOLL_FREE = re.compile(r"\+18(00|33|44|55|66|77|88)[0-9]{7}")
KEYS = ("public_key", "public_key_previous")

# Messages a second. Source: Telnyx, "Rate limiting" (2026). Nothing is promised for
# local numbers of North America, whose campaign decides: one is what any may send.
OF_ACCOUNT, OF_ACCOUNT_MMS, OF_ACCOUNT_RCS = 50.0, 15.0, 1.0
OF_SHORT_CODE, OF_TOLL_FREE, OF_LOCAL, OF_LONG_CODE = 1_000.0, 20.0, 1.0, 0.1


def settled(
    config: Mapping[str, str], credentials: Mapping[str, str]
) -> dict[str, str]:
    """Every setting as text, blanks trimmed."""
    return {
        field.name: (
            credentials.get(field.name) or config.get(field.name) or ""
        ).strip()
        for field in FIELDS
    }


def is_name(sender: str) -> bool:
    return SENDER_NAME.fullmatch(sender) is not None


def messages_per_second(config: Mapping[str, str]) -> float:
    """The least of what the sender, the account and its RCS can carry."""
    if config.get(CHANNEL) in BY_RCS:
        return OF_ACCOUNT_RCS
    of_account = OF_ACCOUNT_MMS if config.get(MEDIA.name) else OF_ACCOUNT
    return min(of_account, _of_sender(config.get("from_number", "").strip()))


def _of_sender(sender: str) -> float:
    if SHORT_CODE.fullmatch(sender):
        return OF_SHORT_CODE
    if TOLL_FREE.fullmatch(sender):
        return OF_TOLL_FREE
    if NORTH_AMERICAN.fullmatch(sender):
        return OF_LOCAL
    return OF_LONG_CODE if sender.startswith("+") else OF_ACCOUNT


def sender_of(config: Mapping[str, str]) -> Sender:
    """The agent, the number, or the profile's pool; a name is nobody's own."""
    given = settled(config, {})
    profile, sender = given["messaging_profile_id"], given["from_number"]
    if given[CHANNEL] in BY_RCS:
        agent = given["rcs_agent"]
        return Sender(f"rcs:{agent}", f"RCS {agent}", profile)
    if not sender:
        return Sender(profile, f"Pool of {profile[:8]}…", profile)
    return Sender(
        id="" if is_name(sender) else sender,
        shown=sender,
        account=profile,
        number=sender if sender.startswith("+") else "",
    )


def validate(
    config: Mapping[str, str], credentials: Mapping[str, str], simulated: bool
) -> dict[str, str]:
    """Return a sentence for each field at fault."""
    given = settled(config, credentials)
    problems = fields.problems(FIELDS, given)
    for name in KEYS:
        if given[name] and name not in problems and not is_public_key(given[name]):
            problems[name] = "This is not a public key: it has 32 bytes in base64."
    sender = given["from_number"]
    forms = (E164, SHORT_CODE, SENDER_NAME)
    if sender and not any(form.fullmatch(sender) for form in forms):
        problems["from_number"] = (
            "The From number is a number in E.164 format such as +15555550100, a short"
            " code, or a sender name of at most 11 letters, digits and spaces."
        )
    if sentence := _other_world(given["api_key"], simulated):
        problems.setdefault("api_key", sentence)
    return _rcs_problems(given) | problems


def _rcs_problems(given: Mapping[str, str]) -> dict[str, str]:
    if given[CHANNEL] not in BY_RCS:
        return {}
    problems = {}
    if not given["rcs_agent"]:
        problems["rcs_agent"] = "Enter the RCS agent ID, since RCS is chosen below."
    is_by_telnyx = given[CHANNEL] == RCS and given[FALLBACK.name] != LEADRAILS
    if is_by_telnyx and not E164.fullmatch(given["from_number"]):
        problems["from_number"] = (
            "Enter the number that the text message comes from when RCS does not"
            " arrive: here Telnyx takes no pool, no short code and no name."
        )
    if given[SEND_AFTER]:
        problems[SEND_AFTER] = "Telnyx sends RCS at once; leave this empty."
    return problems


def is_public_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 32
    except (binascii.Error, ValueError):
        return False


def _other_world(api_key: str, simulated: bool) -> str | None:
    is_of_simulator = is_simulated_key(api_key)
    if not api_key or is_of_simulator == simulated:
        return None
    if simulated:
        return (
            "This destination is simulated and takes only the simulated key that"
            " LeadRails gave it. Make a live destination for a real Telnyx account."
        )
    return (
        "This key belongs to the simulator. A live destination needs the one from the"
        " Telnyx portal."
    )
