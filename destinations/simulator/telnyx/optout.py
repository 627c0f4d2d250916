"""
STOP, START and HELP at Telnyx: blocks by messaging profile, answers by its settings.

Source: Telnyx, "Advanced opt-in and opt-out management" (2026).
"""

from dataclasses import dataclass
from typing import Any

from destinations.simulator import clock
from destinations.simulator.accounts import Account
from destinations.simulator.optout import KIND
from destinations.simulator.regions import region
from destinations.simulator.store import Store

ANSWERED = "telnyx_autoresp"
WORDS = {
    "STOP": ["STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"],
    "START": ["START", "UNSTOP"],
    "HELP": ["HELP"],
}
ANSWERS = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more "
    "messages from this number. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. "
    "Reply STOP to unsubscribe.",
    "HELP": "For help, contact the sender of these messages. Reply STOP to "
    "unsubscribe.",
}
OPERATIONS = {"stop": "STOP", "start": "START", "info": "HELP", "help": "HELP"}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Heard:
    """`kind` is that of the webhook's `autoresponse_type`; `answer` may be None."""

    kind: str | None = None
    answer: str | None = None


class ProfileOptOuts:
    def __init__(self, store: Store) -> None:
        self._store = store

    def has_blocked(self, account: Account, profile: str, recipient: str) -> bool:
        return f"{profile} {recipient}" in self._store.all(account.sid, KIND)

    def hear(
        self, account: Account, profile: str, sender: str, recipient: str, text: str
    ) -> Heard:
        """Act on what `recipient` wrote to `sender`, a number of the profile."""
        word = text.strip().upper()
        config = self._config(account, profile, recipient, word)
        kind = OPERATIONS[config["op"]] if config else None
        kind = kind or next((k for k, words in WORDS.items() if word in words), None)
        if kind is None:
            return Heard()
        name = f"{profile} {recipient}"
        if kind == "STOP":
            kept = {"from": sender, "word": word, "at": clock.now_ms()}
            self._store.put(account.sid, KIND, name, kept)
        elif kind == "START":
            self._store.drop(account.sid, KIND, name)
        own = config and config["resp_text"]
        return Heard(kind, own or ANSWERS[kind])

    def _config(
        self, account: Account, profile: str, recipient: str, word: str
    ) -> Json | None:
        """The profile's own answer: that for the country before that for all."""
        kept = self._store.all(account.sid, ANSWERED).values()
        fits = [
            config
            for config in kept
            if config["profile"] == profile
            and word in config["keywords"]
            and config["country_code"] in {"*", region(recipient)}
        ]
        fits.sort(key=lambda config: config["country_code"] == "*")
        return fits[0] if fits else None

    def of(self, account: Account) -> list[tuple[str, str, Json]]:
        """Profile, recipient and what was written, oldest first."""
        pairs = [
            (*name.split(" ", 1), fields)
            for name, fields in self._store.all(account.sid, KIND).items()
            if "word" in fields
        ]
        return [(scope, recipient, fields) for scope, recipient, fields in pairs]
