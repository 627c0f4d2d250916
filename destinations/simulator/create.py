"""
The checks of a create request, in the order in which this simulator makes them.

Presence first, then each value, then whether sender, recipient and account agree.
"""

import re
from datetime import timedelta
from urllib.parse import urlsplit

from destinations.simulator import accounts, clock
from destinations.simulator.accounts import Account
from destinations.simulator.errors import ApiError
from destinations.simulator.lifecycle import Draft
from destinations.simulator.regions import normalise, region
from destinations.simulator.scenarios import MAGIC_RECIPIENTS, MAGIC_SENDERS

_PARAMETERS = (
    "To From MessagingServiceSid FallbackFrom Body MediaUrl ContentSid"
    " ContentVariables StatusCallback ApplicationSid ProvideFeedback Attempt"
    " ValidityPeriod ForceDelivery MaxPrice ContentRetention AddressRetention"
    " SmartEncoded ShortenUrls ScheduleType SendAt SendAsMms MessageIntent RiskCheck"
    " TrafficType PersistentAction Tags"
)
PARAMETERS = frozenset(_PARAMETERS.split())
MAX_BODY = 1600
MAX_MEDIA = 10
SCHEDULE_FROM = timedelta(seconds=300)
SCHEDULE_TO = timedelta(days=35)
TRIAL_PREFIX = "Sent from your Twilio trial account - "
_HOST = re.compile(r"[A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\]")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_SHORT_CODE = re.compile(r"\d{3,8}")
_ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 \-+_&]{1,11}")
Form = dict[str, list[str]]


def check(form: Form, account: Account) -> Draft:
    """Raises ApiError: the refusal that the answer carries."""
    _check_names(form)
    to, sender = _first(form, "To"), _first(form, "From")
    service = _first(form, "MessagingServiceSid")
    if sender.startswith("MG"):
        sender, service = "", sender
    if not to:
        raise ApiError(21604)
    if not sender and not service:
        raise ApiError(21603)
    media = tuple(form.get("MediaUrl", ()))
    body = _first(form, "Body")
    _check_content(form, body, media)
    _check_options(form, service)
    recipient = _recipient(to, account)
    if service:
        _check_service(service, account)
    if sender:
        sender = _sender(sender, recipient, in_pool=bool(service))
    return Draft(
        account=account.sid,
        to=recipient,
        sender=sender or None,
        service=service or None,
        body=TRIAL_PREFIX + body if account.is_trial else body,
        media=media,
        callback_url=_first(form, "StatusCallback") or None,
        send_at=_send_at(form, service),
    )


def _first(form: Form, name: str) -> str:
    return form[name][0] if name in form else ""


def _check_names(form: Form) -> None:
    if unknown := form.keys() - PARAMETERS:
        raise ApiError(20001, f"Unknown parameter {min(unknown)}")


def _check_content(form: Form, body: str, media: tuple[str, ...]) -> None:
    content = _first(form, "ContentSid")
    if not (body.strip() or media or content):
        raise ApiError(21602 if "Body" in form else 21619)
    if _first(form, "ContentVariables") and not content:
        raise ApiError(21654)
    if content:
        raise ApiError(21655)  # this account has no content templates
    if len(body) > MAX_BODY:
        raise ApiError(21617)
    if len(media) > MAX_MEDIA:
        raise ApiError(21623)
    if not all(is_public_url(url) for url in media):
        raise ApiError(21620)


def _check_options(form: Form, service: str) -> None:
    callback = _first(form, "StatusCallback")
    if callback and not is_public_url(callback):
        raise ApiError(21609)
    period = _first(form, "ValidityPeriod")
    if period and not (period.isascii() and period.isdigit()):
        raise ApiError(21624)
    if period and not 1 <= int(period) <= 36_000:
        raise ApiError(21624)
    if _first(form, "FallbackFrom"):
        raise ApiError(21667 if service else 21666)


def is_public_url(url: str) -> bool:
    """Absolute, with a host name without underscore. Loopback is public here."""
    try:
        parts = urlsplit(url)
        port_is_good = parts.port is None or parts.port > 0
    except ValueError:
        return False
    host = parts.netloc.rpartition("@")[2]
    name = host if host.endswith("]") else re.sub(r":\d+$", "", host)
    has_host = _HOST.fullmatch(name) is not None
    return parts.scheme in {"http", "https"} and has_host and port_is_good


def _recipient(raw: str, account: Account) -> str:
    number = normalise(raw)
    if number is None:
        raise ApiError(21211, f"The 'To' number {raw} is not a valid phone number")
    if number in MAGIC_RECIPIENTS:
        raise ApiError(MAGIC_RECIPIENTS[number])
    if region(number) not in account.countries:
        raise ApiError(21408)
    if account.is_trial and number not in account.verified:
        raise ApiError(21608)
    return number


def _check_service(service: str, account: Account) -> None:
    if not _SERVICE.fullmatch(service):
        raise ApiError(21705)
    if service != account.service_sid:
        raise ApiError(21701)


def _sender(raw: str, recipient: str, *, in_pool: bool) -> str:
    if raw in MAGIC_SENDERS:
        raise ApiError(MAGIC_SENDERS[raw])
    country = region(recipient)
    if _ALPHANUMERIC.fullmatch(raw):
        if country in {"US", "CA"}:
            raise ApiError(21612)
        return raw
    number = raw if _SHORT_CODE.fullmatch(raw) else normalise(raw)
    if number is None:
        raise ApiError(21212, f"The 'From' number {raw} is not valid")
    if number not in accounts.SENDERS:
        raise ApiError(21712 if in_pool else 21659)
    if number == accounts.SHORT_CODE and country != "US":
        raise ApiError(21659)
    return number


def _send_at(form: Form, service: str) -> int | None:
    if _first(form, "ScheduleType") != "fixed":
        return None
    if not service:
        raise ApiError(35118)
    text = _first(form, "SendAt")
    if not text:
        raise ApiError(35111)
    try:
        moment = clock.to_ms(clock.parse(text)[0])
    except ValueError as error:
        raise ApiError(35114) from error
    ahead = timedelta(milliseconds=moment - clock.now_ms())
    if not SCHEDULE_FROM < ahead <= SCHEDULE_TO:
        raise ApiError(35114)
    return moment
