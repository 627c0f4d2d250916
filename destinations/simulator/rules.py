"""What can still stop a message that was accepted: sender, block, queue, carrier."""

from dataclasses import dataclass

from destinations.simulator.accounts import Account
from destinations.simulator.choice import Chooser
from destinations.simulator.message import Message
from destinations.simulator.numbers import RATES, TELNYX_RATES, kind
from destinations.simulator.optout import OptOuts
from destinations.simulator.regions import region
from destinations.simulator.scenarios import Rcs, scenario_for
from destinations.simulator.services import Services
from destinations.simulator.store import Store
from destinations.simulator.telnyx.optout import ProfileOptOuts
from destinations.simulator.telnyx.pool import Pool
from destinations.simulator.telnyx.profiles import Profiles

SENDER_HOOKS = ("channel_sender", "rcs")  # where the RCS sender's own URLs are kept


class Pace:
    """When each sender of a paced account is free again, in ms."""

    def __init__(self) -> None:
        self._free: dict[tuple[str, str], float] = {}

    def wait(self, account: Account, sender: str, now: int) -> float:
        return max(self._free.get((account.sid, sender), 0) - now, 0)

    def is_full(self, account: Account, sender: str, now: int) -> bool:
        if not account.is_paced:
            return False
        return self.wait(account, sender, now) > account.queue_seconds * 1000

    def take(self, account: Account, sender: str, segments: int, now: int) -> int:
        """Return how long these segments wait, in ms, and keep their place."""
        if not account.is_paced:
            return 0
        wait = self.wait(account, sender, now)
        rates = TELNYX_RATES if account.owns_at_telnyx(sender) else RATES
        lasts = max(segments, 1) * 1000 / rates[kind(sender)]
        self._free[account.sid, sender] = now + wait + lasts
        return int(wait)


@dataclass(frozen=True, slots=True)
class Rules:
    store: Store
    services: Services
    chooser: Chooser
    opt_outs: OptOuts
    pace: Pace
    profiles: Profiles
    pool: Pool
    profile_opt_outs: ProfileOptOuts

    def choose(self, account: Account, message: Message, now: int) -> int | None:
        """Give a service's message its sender; return the code if it fails instead."""
        sender = self._chosen(account, message)
        if sender is None:
            return 21703
        message.sender = sender
        if self.opt_outs.has_blocked(account, sender, message.to):
            return 21610
        return 30001 if self.pace.is_full(account, sender, now) else None

    def _chosen(self, account: Account, message: Message) -> str | None:
        """RCS first, if the service has it and the phone answers that it takes it."""
        service = self.services.get(account, message.service or "")
        if service is None:
            return None
        fallback = message.extra.get("fallback")
        if fallback and service.rcs_sender:
            if self.has_rcs(account.sid, message.to):
                own = self.rcs_webhook(account.sid).get("status_callback_url")
                message.callback_url = message.callback_url or own
                return service.rcs_sender
            if fallback["sender"]:
                return str(fallback["sender"])
        return self.chooser.choose(service, message.to)

    def rcs_webhook(self, account: str) -> dict[str, str]:
        """The URLs of the RCS sender itself; a service's come before them."""
        kept = self.store.get(account, *SENDER_HOOKS) or {}
        found: dict[str, str] = kept.get("webhook", {})
        return found

    def text_sender(self, message: Message) -> str | None:
        """The number, code or name of a service that takes the place of RCS."""
        account = Account(message.account)
        service = self.services.get(account, message.service or "")
        number = message.to.rpartition(":")[2]
        return self.chooser.choose(service, number) if service else None

    def at_carrier(self, account: Account, message: Message) -> int | None:
        """The code if the message fails when it is to go to a carrier."""
        if account.status != "active":
            return 30002
        if not message.is_telnyx and self._is_unregistered(account, message):
            return 30034
        return None

    def _is_unregistered(self, account: Account, message: Message) -> bool:
        sender = message.sender or ""
        if not sender.startswith("+1") or kind(sender) != "long":
            return False
        if region(sender) != "US" or region(message.to) != "US":
            return False
        home = self.services.home_of(account, sender)
        return home is None or not home.is_registered

    def has_blocked(self, account: Account, sender: str, recipient: str) -> bool:
        """Whether the recipient told the sender to stop, whosever number it is."""
        if account.owns_at_telnyx(sender):
            profile = self.profiles.home_of(account, sender) or ""
            return self.profile_opt_outs.has_blocked(account, profile, recipient)
        return self.opt_outs.has_blocked(account, sender, recipient)

    def has_rcs(self, account: str, number: str) -> bool:
        """Whether the phone takes RCS: as its switch says, else most do."""
        phone = self.store.get(account, "phone", number) or {}
        is_usual = scenario_for(number).rcs is not Rcs.UNREACHABLE
        return bool(phone.get("has_rcs", is_usual))

    def is_offline(self, message: Message) -> bool:
        """Whether the handset is in airplane mode."""
        phones = self.store.all(message.account, "phone")
        if not phones:
            return False
        phone = phones.get(message.to.rpartition(":")[2])
        return phone is not None and bool(phone.get("is_offline"))
