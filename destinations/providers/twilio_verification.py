"""
*Verify connection* for Twilio: every result is one plain sentence.

An Auth token is checked by reading the account. A Standard API key may not do that,
so a key is checked by listing one message. With both on file both must be right: the
key signs requests, the token checks callbacks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from destinations.providers.answers import Answer, Auth
from destinations.providers.base import Purpose, Verification
from destinations.providers.verifying import in_two_steps

if TYPE_CHECKING:
    from destinations.providers.http import ProviderSession
    from destinations.providers.twilio import TwilioSMS

UNREACHABLE = Verification(
    False,
    "unreachable",
    "Twilio could not be reached, so nothing is known about the credentials. Try again"
    " in a minute; if it stays so, check this server's way to the internet.",
)
BUSY = Verification(
    False,
    "rate_limited",
    "Twilio is taking no more requests of this account at the moment, so the"
    " credentials could not be checked. Try again in a minute.",
)
WRONG_TOKEN = Verification(
    False,
    "wrong_secret",
    "Twilio refused the Account SID or the Auth token: one of them is wrong, or the"
    " token was replaced. Copy both again from the Twilio Console.",
)
WRONG_KEY = Verification(
    False,
    "wrong_secret",
    "Twilio refused the API key: its SID or its secret is wrong, it was deleted, or it"
    " belongs to another account. Make a new key in the Twilio Console if in doubt.",
)
MISSING_RIGHT = Verification(
    False,
    "right_missing",
    "Twilio knows these credentials, but they may not read messages. Give the API key"
    " the right to messages, or use a Standard key.",
)
TEST_CREDENTIALS = Verification(
    False,
    "test_credentials",
    "These are Twilio test credentials: they never send anything. Use the live Account"
    " SID and Auth token.",
)
NO_ACCOUNT = Verification(
    False,
    "wrong_account",
    "Twilio knows no account with this Account SID. Copy it again from the Twilio"
    " Console.",
)
INACTIVE = Verification(
    False,
    "suspended",
    "Twilio says that this account is not active: it was suspended or closed. It sends"
    " nothing until Twilio reactivates it.",
)
SUSPENDED = Verification(
    False,
    "suspended",
    "The credentials are right, but Twilio has suspended this account. It sends nothing"
    " until it is reactivated in the Twilio Console.",
)
CLOSED = Verification(
    False,
    "closed",
    "The credentials are right, but this Twilio account is closed and cannot send.",
)
TRIAL = Verification(
    True,
    "trial",
    "The credentials work. This is a trial account: it sends only to numbers verified"
    " in the Twilio Console, and Twilio puts a trial notice before each message."
    " Upgrade the account to reach your leads.",
    prefix="Sent from your Twilio trial account - ",
)
NO_SERVICE = (
    "The Messaging Service was not found in this account; messages will fail unless its"
    " SID is corrected."
)
UNREGISTERED = (
    "The Messaging Service has no approved US campaign (10DLC). US carriers block what"
    " its local numbers send; toll-free numbers and short codes are not concerned."
)
USE_CASES = {
    "marketing": Purpose.MARKETING,
    "notifications": Purpose.TRANSACTIONAL,
    "verification": Purpose.TRANSACTIONAL,
}
GOOD = Verification(True, "good", "The credentials work and the account is active.")
GOOD_KEY = Verification(
    True,
    "good",
    "The API key works. It may not read the account itself, so LeadRails cannot see"
    " whether that is a trial account.",
)


async def verify(provider: TwilioSMS, http: ProviderSession) -> Verification:
    return await in_two_steps(
        _credentials(provider, http),
        lambda result: _with_sender(result, provider, http),
        busy=BUSY,
        unreachable=UNREACHABLE,
    )


async def _credentials(provider: TwilioSMS, http: ProviderSession) -> Verification:
    from destinations.providers import twilio_library as library

    def account(auth: Auth) -> Awaitable[Answer]:
        sid = provider.account_sid
        return library.ask(
            provider, http, auth, lambda client: client.api.accounts(sid).fetch_async()
        )

    if not provider.api_key_sid:
        return _account_result(await account(provider.auth))
    listing = await library.ask(
        provider,
        http,
        provider.auth,
        lambda client: client.messages.page_async(page_size=1),
    )
    if listing.is_client_error:
        return _refused(listing, WRONG_KEY)
    if provider.auth_tokens:
        return _account_result(await account(provider.account_auth))
    found = await account(provider.auth)
    return GOOD_KEY if found.status in {401, 403} else _account_result(found)


def _account_result(answer: Answer) -> Verification:
    if answer.is_client_error:
        return _refused(answer, WRONG_TOKEN)
    match answer.body.get("status"), answer.body.get("type"):
        case "suspended", _:
            return SUSPENDED
        case "closed", _:
            return CLOSED
        case "active", "Trial":
            return TRIAL
        case "active", _:
            return GOOD
    return _unexpected(answer)


def _refused(answer: Answer, wrong: Verification) -> Verification:
    match answer.status, answer.error_code:
        case _, "20005":
            return INACTIVE
        case _, "20008":
            return TEST_CREDENTIALS
        case 401, _:
            return wrong
        case 403, _:
            return MISSING_RIGHT
        case 404, _:
            return NO_ACCOUNT
    return _unexpected(answer)


def _unexpected(answer: Answer) -> Verification:
    code = f", code {answer.error_code}" if answer.error_code else ""
    return Verification(
        False,
        "unexpected",
        f"Twilio answered in a way LeadRails does not know (HTTP {answer.status}"
        f"{code}), so the credentials could not be checked.",
    )


async def _with_sender(
    result: Verification, provider: TwilioSMS, http: ProviderSession
) -> Verification:
    """Add what the account says of the sender; nothing when that cannot be told."""
    from destinations.providers import twilio_rcs

    result = await _with_text_sender(result, provider, http)
    by_rcs = await twilio_rcs.hints(provider, http)
    return replace(result, hints=(*result.hints, *by_rcs))


async def _with_text_sender(
    result: Verification, provider: TwilioSMS, http: ProviderSession
) -> Verification:
    if provider.messaging_service_sid:
        return await _with_service(result, provider, http)
    # A WhatsApp sender is not among the account's numbers.
    if provider.from_number.startswith("+") and not provider.channel:
        hint = await _number_hint(provider, http, provider.auth)
        return replace(result, hints=(hint,) if hint else ())
    return result


async def _with_service(
    result: Verification, provider: TwilioSMS, http: ProviderSession
) -> Verification:
    from destinations.providers import twilio_library as library

    sid = provider.messaging_service_sid
    answer = await library.ask(
        provider,
        http,
        provider.auth,
        lambda client: client.messaging.v1.services(sid).fetch_async(),
    )
    if answer.status == 404 and answer.error_code == "20404":
        return replace(result, hints=(NO_SERVICE,))
    if answer.is_client_error:
        return result
    use_case = str(answer.body.get("usecase") or "")[:40]
    smart = answer.body.get("smart_encoding")
    is_unregistered = answer.body.get("us_app_to_person_registered") is False
    return replace(
        result,
        hints=(UNREGISTERED,) if is_unregistered else (),
        use_case=USE_CASES.get(use_case),
        use_case_word=use_case,
        smart_encoding=smart if isinstance(smart, bool) else None,
    )


async def _number_hint(
    provider: TwilioSMS, http: ProviderSession, auth: Auth
) -> str | None:
    from destinations.providers import twilio_library as library

    number = provider.from_number
    answer = await library.ask(
        provider,
        http,
        auth,
        lambda client: client.incoming_phone_numbers.page_async(
            phone_number=number, page_size=1
        ),
    )
    rows = answer.body.get("incoming_phone_numbers")
    if answer.is_client_error or not isinstance(rows, list):
        return None
    if not rows:
        return (
            "The From number is not among this account's numbers; messages will fail"
            " unless it is a verified or hosted number."
        )
    if not _has(rows[0], "sms"):
        return "The From number cannot send SMS."
    if provider.sends_media and not _has(rows[0], "mms"):
        return "The From number cannot send pictures (MMS)."
    return None


def _has(row: object, what: str) -> bool:
    capabilities: Any = row.get("capabilities") if isinstance(row, Mapping) else None
    return not isinstance(capabilities, Mapping) or capabilities.get(what) is not False


def messaging_url(base_url: str) -> str:
    return url_of("messaging", base_url)


def url_of(host: str, base_url: str) -> str:
    """Some resources have a host of their own; the simulator has one for all."""
    known = urlsplit(base_url).netloc
    if known.startswith("api.") and known.endswith(".twilio.com"):
        return base_url.replace("://api.", f"://{host}.", 1)
    return base_url
