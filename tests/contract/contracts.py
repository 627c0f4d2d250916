"""What the contract suite needs to know of a provider: add an entry for a new one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from destinations.providers.base import Provider
from destinations.providers.registry import PROVIDERS

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Contract:
    """
    `settings` gives config and credentials of a fresh simulated account.
    `recipients` picks the simulator's scenarios. Samples lie in a folder named
    after the kind: `callback_*.form` with the update expected of it, and
    `answer_*.json` with an answer to a send and the outcome expected of it.
    """

    kind: str
    settings: Callable
    secret_fields: tuple[str, ...]
    recipients: dict[str, str]
    wrong_secret_code: str

    def make(self, simulator, *, base_url=None, **changes) -> Provider:
        config, credentials = self.settings(simulator)
        credentials.update(changes)
        return PROVIDERS[self.kind].from_config(
            config, credentials, base_url=base_url or simulator.url
        )

    def samples(self, pattern: str) -> list[Path]:
        return sorted((HERE / self.kind).glob(pattern))


def twilio_settings(simulator):
    account = simulator.account(uuid4())
    config = {"account_sid": account.sid, "from_number": account.sender}
    return config, {"auth_token": account.auth_token}


def number(scenario: str) -> str:
    return f"+121255501{scenario}"


CONTRACTS = (
    Contract(
        kind="twilio_sms",
        settings=twilio_settings,
        secret_fields=("auth_token",),
        wrong_secret_code="20003",
        recipients={
            "good": number("00"),
            "refused": number("58"),
            "rate_limited": number("80"),
            "answer_lost": number("68"),
            "reset": number("70"),
            "error_after": number("65"),
            "html_502": number("67"),
            "unavailable": number("81"),
            "filtered": number("54"),
        },
    ),
)
