"""
STOP, START and HELP: who does not want messages, and what they are answered.

Source: Twilio, "Twilio support for opt-out keywords (SMS STOP filtering)" and
"Advanced Opt-Out" (2026). What it leaves open is decided here: YES lifts a block but
means nothing without one, and a second STOP is not answered again.
"""

from typing import Any

from destinations.simulator.accounts import Account
from destinations.simulator.numbers import kind
from destinations.simulator.services import Service, Services
from destinations.simulator.store import Store

_STOP = "STOP UNSUBSCRIBE END QUIT STOPALL REVOKE OPTOUT CANCEL"
WORDS = {
    "STOP": _STOP.split(),
    "START": ["START", "YES", "UNSTOP"],
    "HELP": ["HELP", "INFO"],
}
ALWAYS = {"STOP": {"STOP"}, "START": {"START", "UNSTOP"}, "HELP": {"HELP"}}
ANSWERS = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more "
    "messages from this number. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. "
    "Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
TOLL_FREE_ANSWERS = {
    "STOP": 'NETWORK MSG: You replied with the word "stop" which blocks all texts sent '
    'from this number. Text back "unstop" to receive messages again.',
    "START": "NETWORK MSG: You have replied with the word that lifts the block. "
    "You will receive messages from this number again.",
}
KIND = "optout"


def advanced(raw: Any) -> dict[str, Any] | None:
    """
    Read the words and answers of Advanced Opt-Out; None switches it off.

    Raises:
        ValueError: not what the admin call documents.
    """
    if raw is None:
        return None
    if not isinstance(raw, dict) or set(raw) - set(WORDS):
        raise ValueError("opt_out holds STOP, START and HELP")
    read: dict[str, Any] = {}
    for name, usual in WORDS.items():
        given = raw.get(name, {})
        if not isinstance(given, dict) or set(given) - {"words", "answer"}:
            raise ValueError(f"opt_out.{name} holds words and answer")
        words = given.get("words", usual)
        answer = given.get("answer", ANSWERS[name])
        if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
            raise ValueError(f"opt_out.{name}.words is not a list of words")
        if not isinstance(answer, str):
            raise ValueError(f"opt_out.{name}.answer is not a text")
        known = ALWAYS[name] | {word.upper() for word in words}
        read[name] = {"words": sorted(known), "answer": answer}
    return read


class OptOuts:
    """Blocks by account and scope: a whole service, or a number that is in none."""

    def __init__(self, store: Store, services: Services) -> None:
        self._store = store
        self._services = services

    def has_blocked(self, account: Account, sender: str, recipient: str) -> bool:
        blocks = self._store.all(account.sid, KIND)
        return bool(blocks) and self._name(account, sender, recipient) in blocks

    def _name(self, account: Account, sender: str, recipient: str) -> str:
        """Texts and RCS share their blocks, so `rcs:` is cut off; WhatsApp does not."""
        service = self._services.home_of(account, sender)
        scope = service.sid if service else sender
        return f"{scope} {recipient.removeprefix('rcs:')}"

    def hear(
        self, account: Account, sender: str, recipient: str, text: str
    ) -> tuple[str | None, str | None]:
        """
        Act on what `recipient` wrote to `sender`.

        Return:
            The OptOutType of the request (with Advanced Opt-Out only), and the answer
            that the provider sends by itself.
        """
        service = self._services.home_of(account, sender)
        word = text.strip().upper()
        if service and service.opt_out:
            return self._hear_advanced(account, service, sender, recipient, word)
        is_alone = kind(sender) == "short" and service is None
        if is_alone or sender.startswith("whatsapp:"):
            return None, None
        heard = next((name for name, words in WORDS.items() if word in words), None)
        if heard is None:
            return None, None
        is_free = kind(sender) == "toll_free"
        if is_free and word == "YES":
            return None, None
        changed = self._change(account, sender, recipient, heard)
        is_answered = changed or heard == "HELP" or word in ALWAYS["START"]
        answers = ANSWERS | TOLL_FREE_ANSWERS if is_free else ANSWERS
        return None, answers[heard] if is_answered else None

    def _hear_advanced(
        self, account: Account, service: Service, sender: str, recipient: str, word: str
    ) -> tuple[str | None, str | None]:
        rules = service.opt_out or {}
        heard = next((n for n, rule in rules.items() if word in rule["words"]), None)
        if heard is None:
            return None, None
        is_out = self.has_blocked(account, sender, recipient)
        changed = self._change(account, sender, recipient, heard)
        is_answered = changed or heard == "START" or (heard == "HELP" and not is_out)
        return heard, rules[heard]["answer"] if is_answered else None

    def _change(
        self, account: Account, sender: str, recipient: str, heard: str
    ) -> bool:
        """False if it was so already."""
        name = self._name(account, sender, recipient)
        is_out = self._store.get(account.sid, KIND, name) is not None
        if heard == "STOP" and not is_out:
            self._store.put(account.sid, KIND, name, {})
            return True
        if heard == "START" and is_out:
            self._store.drop(account.sid, KIND, name)
            return True
        return False

    def of(self, account: str) -> list[dict[str, str]]:
        pairs = (name.split(" ", 1) for name in self._store.all(account, KIND))
        return [{"scope": scope, "recipient": recipient} for scope, recipient in pairs]
