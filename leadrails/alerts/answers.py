"""What a try comes to."""

from dataclasses import dataclass

from leadrails.alerts.models import Try

Outcome = Try.Outcome
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """
    Attributes:
        words: for the log: what was answered, or what went wrong. No secret.
        retry_after: seconds, if the other side asked for it.
    """

    outcome: Outcome
    words: str = ""
    retry_after: float | None = None

    @property
    def is_sent(self) -> bool:
        return self.outcome is Outcome.SENT


def sent(words: str = "") -> Answer:
    return Answer(Outcome.SENT, words[:LONGEST])


def not_sent(words: str, retry_after: float | None = None) -> Answer:
    """Nothing arrived, and the next try may go better."""
    return Answer(Outcome.NOT_SENT, words[:LONGEST], retry_after)


def refused(words: str) -> Answer:
    """Nothing arrived, and no further try will go better."""
    return Answer(Outcome.REFUSED, words[:LONGEST])


def unknown(words: str) -> Answer:
    """It may have arrived."""
    return Answer(Outcome.UNKNOWN, words[:LONGEST])
