"""The providers' words for the same things: statuses, and codes of failures."""

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

from destinations.simulator.message import Message
from destinations.simulator.scenarios import Scenario, Step
from destinations.simulator.telnyx.errors import CODES, TITLES


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """
    Attributes:
        codes: the first provider's code -> this one's; others stay.
    """

    failed: str
    undelivered: str
    canceled: str
    codes: dict[int, int] = field(default_factory=dict)

    def code(self, code: int | None) -> int | None:
        return None if code is None else self.codes.get(code, code)


TWILIO = Vocabulary("failed", "undelivered", "canceled")
TELNYX = Vocabulary("sending_failed", "delivery_failed", "cancelled", CODES)
# A recipient whose last five digits are a code gets that code.
_CODED = re.compile(r"\+150055(\d{5})")
_LATER = range(40001, 40100)  # codes that only a webhook tells
_SILENT = Step("sending", callbacks=())


def words_of(message: Message) -> Vocabulary:
    return TELNYX if message.is_telnyx else TWILIO


@lru_cache(maxsize=256)
def at_telnyx(scenario: Scenario) -> Scenario:
    """The same course in Telnyx's statuses and codes; a silent carrier ends it."""
    names = {"failed": TELNYX.failed, "undelivered": TELNYX.undelivered}
    steps = [
        replace(
            step,
            status=names.get(step.status, step.status),
            error_code=TELNYX.code(step.error_code),
        )
        for step in scenario.steps
    ]
    if steps and steps[-1].status == "sent":
        steps.append(Step("delivery_unconfirmed", callbacks=steps[-1].callbacks))
    refusal = TELNYX.code(scenario.refusal)
    return replace(scenario, steps=(_SILENT, *steps), refusal=refusal)


def scenario_of_code(to: str) -> Scenario | None:
    """For `+150055` and a code of Telnyx's: refused with it, or not delivered."""
    found = _CODED.fullmatch(to)
    code = int(found[1]) if found else 0
    if code not in TITLES:
        return None
    name = f"code_{code}"
    if code not in _LATER:
        return Scenario(name=name, number="", what=TITLES[code], refusal=code)
    steps = (Step("sent"), Step("undelivered", code))
    return Scenario(name=name, number="", what=TITLES[code], steps=steps)
