"""What comes of a rule's acts, in the words that are kept and in those of pages."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from leadrails.alerts.causes import CAUSES


class Act(StrEnum):
    """In the order in which a rule does them."""

    TAG = "tag"
    SUPPRESS = "suppress"
    SEND = "send"
    CALL = "call"


class State(StrEnum):
    DONE = "done"
    NEEDLESS = "needless"  # it was so before, or may not be
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`why` is a slug: of `NEEDLESS`, or the cause of an alert; empty if it is done."""

    act: Act
    state: State
    why: str = ""

    @property
    def kept(self) -> dict[str, Any]:
        return {"act": self.act.value, "state": self.state.value, "why": self.why}


NEEDLESS: dict[str, str | Promise] = {
    "has_tag": _("The lead has this tag, or as many as it can have."),
    "is_stopped": _("Nothing is sent to this number anyway."),
    "said_stop": _("Not sent: the person wants no more messages."),
}
"""Nothing was to be done, and nobody has to mend it."""


def words_of(why: str) -> tuple[str | Promise, str | Promise]:
    """What came of an act, as a sentence, and what helps; empty for a slug unknown."""
    if why in NEEDLESS:
        return NEEDLESS[why], ""
    return CAUSES.get(why, ("", ""))
