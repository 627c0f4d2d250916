"""What the handsets show, read from the ledger."""

import re
import sqlite3
from dataclasses import dataclass, field
from typing import Any

import phonenumbers

from destinations.simulator.ledger import message_of
from destinations.simulator.media_api import UNKNOWN_TYPE, guess_type
from destinations.simulator.message import Message

LOOKED_AT = 500  # newest messages of the account, to find its phones
THREAD = 60  # newest messages of a phone
MOST_PHONES = 40
ARRIVED = {"delivered", "read"}
TELNYX_AGENT = "agent_"
_LINK = re.compile(r"(https?://[^\s<>\"]+)")
Json = dict[str, Any]


@dataclass(slots=True)
class Phone:
    number: str
    snippet: str
    at: int
    last_seq: int
    unread: int = 0


@dataclass(slots=True)
class Bubble:
    """One message as the phone shows it."""

    message: Message
    is_mine: bool
    other: str
    parts: list[tuple[bool, str]]
    pictures: list[str] = field(default_factory=list)
    files: list[tuple[str, str]] = field(default_factory=list)
    statuses: list[Json] = field(default_factory=list)
    tries: list[Json] = field(default_factory=list)

    @property
    def place(self) -> Json:
        """Shared from here, or sent by a template; empty for all others."""
        shared = self.message.extra.get("fields", {})
        names = ("latitude", "longitude", "label")
        if "Latitude" in shared:
            return {name: shared[name.title()] for name in names}
        sent: Json = self.message.extra.get("place", {})
        return sent

    @property
    def rich(self) -> Json:
        """What it shows by RCS; empty for all others, a fallback too."""
        message = self.message
        shown: Json = message.extra.get("rich", {}) if message.is_rcs else {}
        return shown

    @property
    def provider(self) -> str:
        return "Telnyx" if self.message.is_telnyx else "Twilio"

    @property
    def is_seen(self) -> bool:
        """Whether it has come to this phone."""
        message = self.message
        if "is_event" in message.extra:
            return False
        is_silent = message.status == "sent" and not message.plan
        return self.is_mine or message.status in ARRIVED or is_silent


def pretty(address: str) -> str:
    channel, _, number = address.rpartition(":")
    if channel == "rcs":
        is_telnyx = number.startswith(TELNYX_AGENT)
        return f"Your brand · {'Telnyx' if is_telnyx else 'Twilio'}"
    if number.startswith("+"):
        try:
            parsed = phonenumbers.parse(number)
        except phonenumbers.NumberParseException:
            return number
        wanted = phonenumbers.PhoneNumberFormat.INTERNATIONAL
        number = phonenumbers.format_number(parsed, wanted)
    return (
        f"{number} · {'WhatsApp' if channel == 'whatsapp' else channel}"
        if (channel)
        else number
    )


def file_kind(url: str) -> str:
    """What stands for a file that is surely no picture; empty for all others."""
    kind = guess_type(url)
    is_known = not kind.startswith("image/") and kind != UNKNOWN_TYPE
    return kind if is_known else ""


def took(ms: int) -> str:
    return f"{ms} ms" if ms < 10_000 else f"{ms // 1000} s"


def phones(ledger: sqlite3.Connection, account: str, kept: Json) -> list[Phone]:
    """The newest first; `kept` has what each phone has read."""
    found: dict[str, Phone] = {}
    rows = ledger.execute(
        "SELECT * FROM message WHERE account = ? AND is_deleted = 0"
        " ORDER BY seq DESC LIMIT ?",
        [account, LOOKED_AT],
    )
    for row in rows:
        message = message_of(row)
        address = message.sender if message.is_inbound else message.to
        number = (address or "").rpartition(":")[2]
        if number not in found:
            if len(found) == MOST_PHONES:
                continue
            found[number] = Phone(number, "", message.created, message.seq)
        phone = found[number]
        if not phone.snippet and (bubble := _bubble(message)).is_seen:
            phone.snippet = _snippet(bubble)
        seen = kept.get(number, {}).get("seen", 0)
        has_come = message.status in ARRIVED and not message.is_inbound
        phone.unread += has_come and message.seq > seen
    return list(found.values())


def _snippet(bubble: Bubble) -> str:
    rich = bubble.rich
    card: Json = next(iter(rich.get("cards", ())), {})
    words = (bubble.message.body, rich.get("text"), card.get("title"), card.get("text"))
    silent = "Place" if bubble.place else "Picture"
    return next(filter(None, words), silent)


def bubbles(ledger: sqlite3.Connection, account: str, number: str) -> list[Bubble]:
    """All of a phone's messages over all channels, oldest first."""
    every = [number, f"whatsapp:{number}", f"rcs:{number}"]
    sent = "recipient IN (?, ?, ?) AND account = ? AND direction <> 'inbound'"
    written = "sender IN (?, ?, ?) AND account = ? AND direction = 'inbound'"
    messages: dict[int, Message] = {}
    for where in (sent, written):
        rows = ledger.execute(
            f"SELECT * FROM message WHERE {where} AND is_deleted = 0"  # noqa: S608
            " ORDER BY seq DESC LIMIT ?",
            [*every, account, THREAD],
        )
        messages |= {message.seq: message for message in map(message_of, rows)}
    newest = sorted(messages)[-THREAD:]
    found = {seq: _bubble(messages[seq]) for seq in newest}
    marks = ",".join("?" * len(newest))
    of_these = f"WHERE message IN ({marks}) ORDER BY rowid"
    for row in ledger.execute(f"SELECT * FROM event {of_these}", newest):  # noqa: S608
        found[row["message"]].statuses.append(dict(row))
    tries = f"SELECT * FROM callback_try {of_these}"  # noqa: S608
    for row in ledger.execute(tries, newest):
        found[row["message"]].tries.append(dict(row))
    return list(found.values())


def _bubble(message: Message) -> Bubble:
    other = message.to if message.is_inbound else message.sender
    texts = [text for text in _LINK.split(message.body) if text]
    parts = [(_LINK.fullmatch(text) is not None, text) for text in texts]
    bubble = Bubble(message, message.is_inbound, other or "", parts)
    for index, link in enumerate(message.media):
        kind = link if message.is_inbound else guess_type(link)
        url = f"media/{message.media_sid(index)}" if message.is_inbound else link
        if kind.startswith("image/"):
            bubble.pictures.append(url)
        else:
            bubble.files.append((url, kind))
    return bubble


def conversations(shown: list[Bubble]) -> list[str]:
    """The other sides of a phone's messages, the newest first."""
    return list(dict.fromkeys(b.other for b in reversed(shown) if b.other))
