"""What a tenant enters for Twilio, and what can be said of it without a call."""

import re
from collections.abc import Callable, Mapping

from destinations.providers import fields
from destinations.providers.base import Sender
from destinations.providers.fields import (
    BY_RCS,
    CHANNEL,
    CONTENT_TEMPLATE,
    FALLBACK,
    LEADRAILS,
    RCS,
    SEND_AFTER,
    Field,
)
from destinations.providers.simulated import is_simulated_sid
from destinations.providers.twilio_fields import FIELDS, WHATSAPP

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
SHORT_CODE = re.compile(r"[0-9]{3,8}")
SENDER_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +_&-]{1,11}")
SECRET = re.compile(r"[\x21-\x7e]{16,128}")
HEX_TOKEN = re.compile(r"[0-9a-fA-F]{32}")

NAMES = (*(field.name for field in FIELDS), "auth_token_previous")
SIDS = {field.name: field for field in FIELDS if field.pattern.endswith("{32}")}
NEED_SERVICE = (SEND_AFTER, "shorten_urls")
TO_WHATSAPP = f"{WHATSAPP}:"

NORTH_AMERICAN = re.compile(r"\+1[2-9][0-9]{9}")
TOLL_FREE = re.compile(r"\+18(00|33|44|55|66|77|88)[0-9]{7}")


def messages_per_second(config: Mapping[str, str]) -> float:
    """
    Return what Twilio sends a second for this kind of sender.

    A registered campaign may carry far more; its owner then raises the rate. Source:
    Twilio, "Understanding Twilio Rate Limits and Message Queues" (2025).
    """
    sender = config.get("from_number", "")
    if config.get("messaging_service_sid"):
        return 10.0
    if TOLL_FREE.fullmatch(sender):
        return 3.0
    return 1.0 if NORTH_AMERICAN.fullmatch(sender) else 10.0


def settled(
    config: Mapping[str, str], credentials: Mapping[str, str]
) -> dict[str, str]:
    """
    Return every setting as text, blanks trimmed, and the allowances applied.

    A key's secret may stand in the Auth token's field, a service in the From
    number's, and that may be a WhatsApp address. `auth_token_previous` is no field:
    who replaces a token keeps the old one there, since it signs callbacks until
    Twilio promotes the new one.
    """
    given = {
        name: (credentials.get(name) or config.get(name) or "").strip()
        for name in NAMES
    }
    if given["api_key_sid"] and not given["api_key_secret"]:
        given["api_key_secret"], given["auth_token"] = given["auth_token"], ""
    if re.fullmatch(SIDS["messaging_service_sid"].pattern, given["from_number"]):
        given["messaging_service_sid"] = (
            given["messaging_service_sid"] or given["from_number"]
        )
        given["from_number"] = ""
    elif given["from_number"].startswith(TO_WHATSAPP):
        given["channel"] = WHATSAPP
        given["from_number"] = given["from_number"].removeprefix(TO_WHATSAPP)
    return given


def sender_of(config: Mapping[str, str]) -> Sender:
    """The service if there is one, else the number; a sender name is nobody's own."""
    given = settled(config, {})
    service, number = given["messaging_service_sid"], given["from_number"]
    account, agent = given["account_sid"], given["rcs_agent"]
    if given[CHANNEL] in BY_RCS and agent:
        return Sender(agent, f"RCS {agent.removeprefix('rcs:')}", account)
    if service:
        return Sender(service, f"{service[:2]}…{service[-6:]}", account)
    is_own = not any(char.isalpha() for char in number)
    return Sender(
        id=number if is_own else "",
        shown=f"WhatsApp {number}" if given["channel"] else number,
        account=account,
        number=number if number.startswith("+") else "",
    )


def validate(
    config: Mapping[str, str], credentials: Mapping[str, str], simulated: bool
) -> dict[str, str]:
    """Return a sentence for each field at fault."""
    given = settled(config, credentials)
    others = [field for field in FIELDS if field.name not in SIDS]
    problems = fields.problems(others, given)
    problems |= _sid_problems(given, simulated) | _secret_problems(given)
    problems |= _content_problems(given) | _option_problems(given)
    problems |= _rcs_problems(given)
    if given[CHANNEL] in BY_RCS:
        return problems
    if not given["from_number"] and not given["messaging_service_sid"]:
        problems["from_number"] = "Enter a From number or a Messaging Service SID."
    elif sentence := sender_problem(given["from_number"], given["channel"]):
        problems["from_number"] = sentence
    return problems


def _content_problems(given: Mapping[str, str]) -> dict[str, str]:
    media, variables = given[fields.MEDIA.name], given[fields.VARIABLES.name]
    problems = {}
    if len(fields.lines(media)) > fields.MOST_MEDIA:
        problems[fields.MEDIA.name] = "Twilio takes at most 10 media with a message."
    try:
        fields.assignments(variables)
    except ValueError as error:
        problems[fields.VARIABLES.name] = (
            f"Write each variable as name = value; “{str(error)[:40]}” is not so."
        )
    if variables and not given[CONTENT_TEMPLATE]:
        problems[CONTENT_TEMPLATE] = "Enter the template that these variables are of."
    if media and given[CONTENT_TEMPLATE]:
        problems[fields.MEDIA.name] = (
            "A content template brings its own media: empty this box or the template's."
        )
    return problems


def _rcs_problems(given: Mapping[str, str]) -> dict[str, str]:
    """A plain text goes by a number, RCS by the sender or a service that has it."""
    problems = {}
    if sentence := sender_problem(given["fallback_from"]):
        problems["fallback_from"] = sentence
    if given[CHANNEL] not in BY_RCS:
        return problems
    service, is_ours = given["messaging_service_sid"], given[FALLBACK.name] == LEADRAILS
    if given[CHANNEL] == RCS and not is_ours and not service:
        problems["messaging_service_sid"] = (
            "Twilio sends a text message when RCS does not arrive only through a"
            " Messaging Service with the RCS sender in its pool. Enter its SID, or let"
            " LeadRails send the text message."
        )
    elif not service and not given["rcs_agent"]:
        problems["rcs_agent"] = (
            "Enter the RCS sender, or the Messaging Service that has it."
        )
    if given[CHANNEL] == RCS and is_ours and not text_sender(given):
        problems["fallback_from"] = "Enter the number that the text message comes from."
    return problems


def text_sender(given: Mapping[str, str]) -> str:
    """What sends the plain text of a destination by RCS; a service would use RCS."""
    return given["fallback_from"] or given["from_number"]


def _option_problems(given: Mapping[str, str]) -> dict[str, str]:
    if given["messaging_service_sid"]:
        return {}
    return {
        name: "This works only with a Messaging Service. Enter its SID, or leave it."
        for name in NEED_SERVICE
        if given[name]
    }


def sender_problem(sender: str, channel: str = "") -> str | None:
    """What is wrong with a From number, short code or sender name."""
    forms = (E164,) if channel else (E164, SHORT_CODE, SENDER_NAME)
    is_known_form = any(form.fullmatch(sender) for form in forms)
    if not sender or is_known_form:
        return None
    if channel or re.fullmatch(r"[0-9 ().+-]+", sender):
        return (
            "Write the number in E.164 format: + and the country code, then the"
            " number, without spaces or dashes, such as +15555550100."
        )
    return (
        "A sender name has at most 11 characters: letters, digits, spaces and + - _ &,"
        " with at least one letter."
    )


def _sid_problems(given: Mapping[str, str], simulated: bool) -> dict[str, str]:
    problems = {}
    for name, field in SIDS.items():
        sid = given[name]
        if not sid and field.required:
            problems[name] = f"Enter the {field.label}: {field.example}."
        elif sid and (sentence := _sid_problem(sid, field, simulated)):
            problems[name] = sentence
    return problems


def _sid_problem(sid: str, field: Field, simulated: bool) -> str | None:
    prefix = field.pattern[:2]
    other = next((f for f in SIDS.values() if sid.startswith(f.pattern[:2])), field)
    if other is not field:
        return (
            f"This is the {other.label}; here goes the one that starts with {prefix}."
        )
    if not re.fullmatch(field.pattern, sid):
        return f"The {field.label} is {field.example}."
    if simulated and not is_simulated_sid(sid):
        return (
            "This destination is simulated and takes only the simulated SIDs that"
            " LeadRails gave it. Make a live destination for a real Twilio account."
        )
    if not simulated and is_simulated_sid(sid):
        return (
            "This SID belongs to the simulator. A live destination needs the one"
            " from the Twilio Console."
        )
    return None


def _secret_problems(given: Mapping[str, str]) -> dict[str, str]:
    if given["api_key_sid"]:
        if not given["api_key_secret"]:
            return {"api_key_secret": "Enter the secret of this API key."}
    elif given["api_key_secret"]:
        return {"api_key_sid": "Enter the SID of this API key; it starts with SK."}
    elif not given["auth_token"]:
        return {"auth_token": "Enter the Auth token, or an API key SID and its secret."}
    checks: dict[str, Callable[[str], str | None]] = {
        "auth_token": _token_problem,
        "api_key_secret": _form_problem,
    }
    found = {name: check(given[name]) for name, check in checks.items() if given[name]}
    return {name: sentence for name, sentence in found.items() if sentence}


def _token_problem(token: str) -> str | None:
    if re.fullmatch(r"[0-9A-Za-z]{32}", token) and not HEX_TOKEN.fullmatch(token):
        return (
            "This looks like an API key's secret: an Auth token has only digits and"
            " the letters a to f. Enter the API key SID as well."
        )
    return _form_problem(token)


def _form_problem(secret: str) -> str | None:
    if SECRET.fullmatch(secret):
        return None
    return "This is not the whole secret: it has 32 characters and no spaces."
