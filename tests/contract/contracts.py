"""What the contract suite needs to know of a provider: add an entry for a new one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from destinations.providers.base import Provider
from destinations.providers.registry import PROVIDERS
from tests.contract.pigeon import Pigeon

HERE = Path(__file__).parent
KINDS = {**PROVIDERS, Pigeon.kind: Pigeon}


@dataclass(frozen=True)
class Contract:
    """
    `backend` names the fixture that answers for the provider, `settings` gives config
    and credentials of a fresh account there, and `recipients` picks its scenarios.
    Samples lie in a folder named after the kind: `callback_*.form` or, if they are no
    forms, `callback_*.body`, each with the update expected of it as `callback_*.json`;
    and `answer_*.json` with an answer to a send and the outcome expected of it.
    """

    kind: str
    settings: Callable
    secret_fields: tuple[str, ...]
    recipients: dict[str, str]
    wrong_secret_code: str
    known_code: str
    account_of: Callable
    backend: str = "simulator"

    def make(self, simulator, *, base_url=None, **changes) -> Provider:
        config, credentials = self.settings(simulator)
        credentials.update(changes)
        return KINDS[self.kind].from_config(
            config, credentials, base_url=base_url or simulator.url
        )

    def samples(self, pattern: str) -> list[Path]:
        return sorted((HERE / self.kind).glob(pattern))


CALLBACKS = "callback_*.[fb]o*"  # .form and .body
INBOUND = "inbound_*.[fb]o*"


def twilio_settings(simulator):
    account = simulator.account(uuid4())
    config = {"account_sid": account.sid, "from_number": account.sender}
    return config, {"auth_token": account.auth_token}


def telnyx_settings(simulator):
    account = simulator.account(uuid4())
    config = {
        "messaging_profile_id": account.telnyx_profile,
        "public_key": account.telnyx_public_key,
        "from_number": account.telnyx_sender,
    }
    return config, {"api_key": account.telnyx_key}


def telnyx_account(provider):
    return f"AC{provider.messaging_profile_id.replace('-', '')}"


def pigeon_settings(post):
    return {"from_number": "+15555550100", "route": "fast"}, {"api_key": post.new_key()}


def number(scenario: str) -> str:
    return f"+121255501{scenario}"


RECIPIENTS = {
    "good": number("00"),
    "refused": number("58"),
    "rate_limited": number("80"),
    "answer_lost": number("68"),
    "reset": number("70"),
    "error_after": number("65"),
    "html_502": number("67"),
    "unavailable": number("81"),
    "filtered": number("54"),
}
CONTRACTS = (
    Contract(
        kind="twilio_sms",
        settings=twilio_settings,
        secret_fields=("auth_token",),
        wrong_secret_code="20003",
        known_code="30007",
        account_of=lambda provider: provider.account_sid,
        recipients=RECIPIENTS,
    ),
    Contract(
        kind="telnyx_sms",
        settings=telnyx_settings,
        secret_fields=("api_key",),
        wrong_secret_code="10009",
        known_code="40002",
        account_of=telnyx_account,
        recipients=RECIPIENTS,
    ),
    Contract(
        kind="pigeon_sms",
        settings=pigeon_settings,
        secret_fields=("api_key",),
        wrong_secret_code="4010",
        known_code="4030",
        account_of=lambda provider: provider.api_key,
        recipients=RECIPIENTS,
        backend="pigeon_post",
    ),
)
