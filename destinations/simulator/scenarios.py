"""
What happens to a message, chosen by the recipient's number.

`SCENARIOS` is the specification: docs/simulator.md is generated from it and the
tests walk it. A message without a scenario of its own is `DELIVERED`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """Ways a create request can go wrong; also the kinds of the fault endpoint."""

    RATE_LIMITED = "rate_limited"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    UNAVAILABLE = "unavailable"
    BAD_GATEWAY = "bad_gateway"
    ANSWER_LOST = "answer_lost"
    HANG = "hang"
    RESET = "reset"
    SLOW = "slow"

    @property
    def is_after_acceptance(self) -> bool:
        return self in _AFTER


_AFTER = {Fault.ERROR_AFTER, Fault.ANSWER_LOST, Fault.HANG, Fault.SLOW}


class CallbackFault(StrEnum):
    LATE = "callback_late"
    TWICE = "callback_twice"
    LOST = "callback_lost"
    BAD_SIGNATURE = "callback_bad_signature"
    DISORDER = "callback_disorder"


class Rcs(StrEnum):
    """What becomes of a message by RCS, where it differs from one by SMS."""

    UNREACHABLE = "unreachable"
    UNCONFIRMED = "unconfirmed"
    LATE = "late"
    READ = "read"
    REFUSED = "refused"


class Lack(StrEnum):
    """What the recipient's carrier does not take from Twilio."""

    MMS = "mms"
    SHORT_CODE = "short_code"


@dataclass(frozen=True, slots=True)
class Step:
    """
    A status the message reaches, and its callbacks.

    `callbacks` has one entry for each callback: seconds after the step. None at
    all means that the callback is lost.
    """

    status: str
    error_code: int | None = None
    callbacks: tuple[float, ...] = (0.0,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """
    Attributes:
        number: the last two digits that pick it, "" if none do.
        refusal: code of a synchronous refusal; nothing is accepted.
        fault: what happens to the request instead of a plain answer.
        is_once: the fault hits every other request to this recipient, beginning
            with the first, so a retry gets through and a second demo sees the same.
        rcs: what is different by RCS.
        lack: what the carrier does not take; all else is delivered.
        steps: what follows acceptance; a service's message is `queued` before.
    """

    name: str
    number: str
    what: str
    steps: tuple[Step, ...] = ()
    refusal: int | None = None
    fault: Fault | None = None
    is_once: bool = False
    is_badly_signed: bool = False
    rcs: Rcs | None = None
    lack: Lack | None = None

    @property
    def final_status(self) -> str | None:
        return self.steps[-1].status if self.steps else None

    @property
    def final_code(self) -> int | None:
        return self.steps[-1].error_code if self.steps else self.refusal


def _ends(status: str, code: int, number: str, what: str) -> Scenario:
    """Accepted at first; carriers (undelivered) or the provider (failed) say no."""
    last = Step(status, code)
    steps = (Step("sent"), last) if status == "undelivered" else (last,)
    return Scenario(name=f"{status}_{code}", number=number, what=what, steps=steps)


def _refused(code: int, number: str, what: str) -> Scenario:
    return Scenario(name=f"refused_{code}", number=number, what=what, refusal=code)


_GOOD = (Step("sent"), Step("delivered"))


def _by_rcs(rcs: Rcs, number: str, what: str) -> Scenario:
    what = f"By SMS delivered. By RCS {what}"
    return Scenario(name=f"rcs_{rcs}", number=number, what=what, steps=_GOOD, rcs=rcs)


DELIVERED = Scenario(
    name="delivered", number="", what="Accepted, sent, delivered.", steps=_GOOD
)

SCENARIOS: tuple[Scenario, ...] = (
    DELIVERED,
    Scenario(
        name="sent_only",
        number="50",
        what="Sent; the carrier never confirms.",
        steps=(Step("sent"),),
    ),
    _ends("undelivered", 30003, "51", "The handset is off or out of reach."),
    _ends("undelivered", 30005, "52", "The number is unknown or out of service."),
    _ends("undelivered", 30006, "53", "A landline."),
    _ends("undelivered", 30007, "54", "A carrier filtered the message."),
    _ends("undelivered", 30008, "55", "The carrier gives no reason."),
    _ends("failed", 30001, "56", "The sender's queue is full."),
    _ends("failed", 30034, "57", "The sender is not registered for US traffic."),
    _refused(21211, "58", "Refused at once: not a phone number."),
    _refused(21610, "59", "Refused at once: the recipient opted out."),
    _refused(21408, "60", "Refused at once: the country is not enabled."),
    _refused(21614, "61", "Refused at once: not a mobile number."),
    _ends("failed", 21610, "62", "Accepted, then failed: the recipient opted out."),
    Scenario(
        name="rate_limited_once",
        number="63",
        what="First request answers 429 with code 20429; the next one is delivered.",
        fault=Fault.RATE_LIMITED,
        is_once=True,
        steps=_GOOD,
    ),
    Scenario(
        name="error_500_before",
        number="64",
        what="First request answers 500 and nothing is accepted; "
        "the next one is delivered.",
        fault=Fault.ERROR_BEFORE,
        is_once=True,
        steps=_GOOD,
    ),
    Scenario(
        name="error_500_after",
        number="65",
        what="Answers 500 although the message was accepted; it is delivered.",
        fault=Fault.ERROR_AFTER,
        steps=_GOOD,
    ),
    Scenario(
        name="unavailable_503",
        number="66",
        what="First request answers 503 with code 20503; the next one is delivered.",
        fault=Fault.UNAVAILABLE,
        is_once=True,
        steps=_GOOD,
    ),
    Scenario(
        name="html_502",
        number="67",
        what="First request gets a gateway's HTML page with status 502 and nothing is "
        "accepted; the next one is delivered.",
        fault=Fault.BAD_GATEWAY,
        is_once=True,
        steps=_GOOD,
    ),
    Scenario(
        name="answer_lost",
        number="68",
        what="Accepted and delivered; the connection closes without an answer.",
        fault=Fault.ANSWER_LOST,
        steps=_GOOD,
    ),
    Scenario(
        name="hang",
        number="69",
        what="Accepted and delivered; the answer does not come within a minute.",
        fault=Fault.HANG,
        steps=_GOOD,
    ),
    Scenario(
        name="reset",
        number="70",
        what="First request's connection is reset and nothing is accepted; "
        "the next one is delivered.",
        fault=Fault.RESET,
        is_once=True,
        steps=_GOOD,
    ),
    Scenario(
        name="callback_late_and_twice",
        number="71",
        what="Delivered; that callback comes 3 s late, and again 1 s after.",
        steps=(Step("sent"), Step("delivered", callbacks=(3.0, 4.0))),
    ),
    Scenario(
        name="callbacks_reversed",
        number="72",
        what="Delivered; the callback of `sent` comes 1 s after that of `delivered`.",
        steps=(Step("sent", callbacks=(1.2,)), Step("delivered")),
    ),
    Scenario(
        name="callbacks_lost",
        number="73",
        what="Delivered; no callback ever comes.",
        steps=(Step("sent", callbacks=()), Step("delivered", callbacks=())),
    ),
    Scenario(
        name="callback_bad_signature",
        number="74",
        what="Delivered; the callbacks carry a wrong signature.",
        steps=_GOOD,
        is_badly_signed=True,
    ),
    Scenario(
        name="slow_answer",
        number="75",
        what="Delivered; the answer comes after 3 s, later than the callbacks.",
        fault=Fault.SLOW,
        steps=_GOOD,
    ),
    _ends("failed", 30036, "76", "The validity period ran out in the queue."),
    _ends("failed", 30410, "77", "A carrier timed out; it may have arrived."),
    Scenario(
        name="delivered_after_undelivered",
        number="78",
        what="Reported undelivered with 30008, then delivered after all.",
        steps=(Step("sent"), Step("undelivered", 30008), Step("delivered")),
    ),
    _refused(21635, "79", "Refused at once: a landline."),
    Scenario(
        name="rate_limited_always",
        number="80",
        what="Every request answers 429 with code 20429 and `Retry-After: 1`.",
        fault=Fault.RATE_LIMITED,
    ),
    Scenario(
        name="unavailable_always",
        number="81",
        what="Every request answers 503 with code 20503.",
        fault=Fault.UNAVAILABLE,
    ),
    _refused(21611, "82", "Refused at once with 429: the sender's queue is full."),
    _by_rcs(Rcs.UNREACHABLE, "83", "the phone has none: the fallback at once."),
    _by_rcs(Rcs.UNCONFIRMED, "84", "never confirmed: the fallback after the wait."),
    _by_rcs(Rcs.LATE, "85", "confirmed 1 s after the fallback is: both arrive."),
    _by_rcs(Rcs.READ, "86", "delivered, and read 1 s after."),
    _by_rcs(Rcs.REFUSED, "87", "sent, then refused: the fallback at once."),
    Scenario(
        name="no_mms",
        number="88",
        what="Delivered. A carrier without MMS from Twilio: a service's converter makes"
        " links of the media; without it an MMS is `failed` with 30011.",
        steps=_GOOD,
        lack=Lack.MMS,
    ),
    Scenario(
        name="no_short_code",
        number="89",
        what="Delivered. A carrier that does not take the service's short code at"
        " Twilio: a number of its pool sends.",
        steps=_GOOD,
        lack=Lack.SHORT_CODE,
    ),
)

# Any E.164 number that ends so, e.g. +1 NPA 555 01NN, and one fictional UK block.
_PICKS = re.compile(r"(?:\+\d*55501|\+4477009000)(\d\d)")
_BY_NUMBER = {scenario.number: scenario for scenario in SCENARIOS if scenario.number}
_BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}

# The provider's own test numbers: recipient -> code of the refusal.
MAGIC_RECIPIENTS = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
MAGIC_SENDERS = {
    "+15005550001": 21212,
    "+15005550007": 21606,
    "+15005550008": 21611,
}


def failed(code: int) -> Scenario:
    """Accepted, then refused by the provider itself."""
    return _ends("failed", code, "", "Accepted, then failed.")


def scenario_named(name: str) -> Scenario:
    """That of a message in the ledger; DELIVERED for a code's or an unknown one."""
    return _BY_NAME.get(name, DELIVERED)


def scenario_for(to: str) -> Scenario:
    picked = _PICKS.fullmatch(to.removeprefix("rcs:"))
    return _BY_NUMBER.get(picked[1], DELIVERED) if picked else DELIVERED
