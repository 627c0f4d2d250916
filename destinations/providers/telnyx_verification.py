"""
*Verify connection* for Telnyx: every result is one plain sentence.

The key is checked first. What the account then says of its money, the messaging
profile, the sender and the profile's webhooks are hints, one sentence each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from destinations.providers import telnyx_messages, telnyx_setup
from destinations.providers.answers import Answer
from destinations.providers.base import Verification
from destinations.providers.fields import BY_RCS, RCS_ONLY
from destinations.providers.verifying import in_two_steps

if TYPE_CHECKING:
    from destinations.providers.http import ProviderSession
    from destinations.providers.telnyx import TelnyxSMS

UNREACHABLE = Verification(
    False,
    "unreachable",
    "Telnyx could not be reached, so nothing is known about the API key. Try again in"
    " a minute; if it stays so, check this server's way to the internet.",
)
BUSY = Verification(
    False,
    "rate_limited",
    "Telnyx is taking no more requests of this account at the moment, so the API key"
    " could not be checked. Try again in a minute.",
)
WRONG_KEY = Verification(
    False,
    "wrong_secret",
    "Telnyx refused the API key: it is wrong, or it was deleted. Make a new one in the"
    " Telnyx portal under API Keys if in doubt.",
)
MISSING_RIGHT = Verification(
    False,
    "right_missing",
    "Telnyx knows this API key, but it has not the rights to send messages. Give its"
    " user the rights in the Telnyx portal, or use another key.",
)
INACTIVE = Verification(
    False,
    "suspended",
    "The API key is right, but the Telnyx account is not active, most often because it"
    " is out of money. It sends nothing until Telnyx activates it.",
)
BLOCKED = Verification(
    False,
    "suspended",
    "The API key is right, but Telnyx has blocked this account. It sends nothing until"
    " Telnyx lifts the block.",
)
GOOD = Verification(True, "good", "The API key works.")

NO_MONEY = "The account has no money left; messages will fail until it is topped up."
NO_PROFILE = (
    "The messaging profile was not found in this account; messages will fail unless its"
    " ID is corrected."
)
PROFILE_OFF = (
    "The messaging profile is switched off; messages will fail until it is on again."
)
NO_COUNTRY = (
    "The messaging profile allows no country to send to. Add them in the Telnyx portal"
    " under Messaging, the profile, Outbound, Allowed destinations."
)
OLD_WEBHOOKS = (
    "The messaging profile posts webhooks of another version; LeadRails reads version"
    " 2. Change it in the Telnyx portal under Messaging, the profile, Inbound."
)
NO_WEBHOOK = (
    "The messaging profile has no webhook address, so replies and STOP do not come"
    " here. Enter the address under Replies."
)
NO_POOL = (
    "There is no From number, and the messaging profile's number pool is switched off:"
    " Telnyx will have no number to send from. Enter a number or switch the pool on."
)
NO_NAME = (
    "The sender name is not set up in the messaging profile; messages will fail until"
    " it is, in the Telnyx portal under Messaging, the profile, Outbound."
)
NOT_OURS = (
    "The From number is not among this account's messaging numbers; messages will fail."
)
OTHER_PROFILE = (
    "The From number belongs to another messaging profile, or to none; messages will"
    " fail until it is assigned to this one."
)
NO_SMS = "The From number cannot send SMS."
NO_MMS = "The From number cannot send pictures (MMS)."

NO_AGENT = (
    "The RCS agent was not found in this account; messages by RCS will fail unless its"
    " ID is corrected."
)
AGENT_OFF = (
    "The RCS agent is switched off at Telnyx; messages by RCS will fail until it is on."
)
AGENT_ELSEWHERE = "The RCS agent is assigned to another messaging profile."
AGENT_MUTE = (
    "The RCS agent has no webhook address, so what people answer by RCS does not come"
    " here. Enter the address under Replies."
)


async def verify(provider: TelnyxSMS, http: ProviderSession) -> Verification:
    return await in_two_steps(
        _credentials(provider, http),
        lambda result: _with_hints(result, provider, http),
        busy=BUSY,
        unreachable=UNREACHABLE,
    )


async def _credentials(provider: TelnyxSMS, http: ProviderSession) -> Verification:
    """`whoami` is not in Telnyx's reference: where it is gone, the balance serves."""
    answer = await _ask(provider, http, "whoami")
    if answer.status == 404:
        answer = await _ask(provider, http, "balance")
    if not answer.is_client_error:
        return GOOD
    match answer.status, answer.error_code:
        case _, "20012":
            return INACTIVE
        case _, "20013":
            return BLOCKED
        case 401, _:
            return WRONG_KEY
        case 403, _:
            return MISSING_RIGHT
    code = f", code {answer.error_code}" if answer.error_code else ""
    return Verification(
        False,
        "unexpected",
        f"Telnyx answered in a way LeadRails does not know (HTTP {answer.status}"
        f"{code}), so the API key could not be checked.",
    )


async def _with_hints(
    result: Verification, provider: TelnyxSMS, http: ProviderSession
) -> Verification:
    money, sentence = await _money(provider, http)
    profile = await _ask(provider, http, f"messaging_profiles/{_profile(provider)}")
    if profile.status == 404:
        hints = [money, NO_PROFILE]
    elif profile.is_client_error:
        hints = [money]
    else:
        facts = telnyx_messages.data_of(profile)
        hints = [money, *_profile_hints(facts)]
        if provider.channel != RCS_ONLY:
            hints.append(await _sender_hint(provider, facts, http))
    hints += await _agent_hints(provider, http)
    return replace(
        result,
        sentence=f"{result.sentence} {sentence}".strip(),
        hints=tuple(filter(None, hints)),
    )


async def _money(provider: TelnyxSMS, http: ProviderSession) -> tuple[str, str]:
    """(a hint, how much is left)"""
    answer = await _ask(provider, http, "balance")
    if answer.is_client_error:
        return "", ""
    facts = telnyx_messages.data_of(answer)
    try:
        left = Decimal(str(facts.get("available_credit")))
    except InvalidOperation:
        return "", ""
    hint = NO_MONEY if left <= 0 else ""
    return hint, f"Credit left: {left:,.2f} {str(facts.get('currency') or '')[:3]}."


def _profile_hints(facts: Mapping[str, Any]) -> list[str]:
    hints = {
        PROFILE_OFF: facts.get("enabled") is False,
        NO_COUNTRY: facts.get("whitelisted_destinations") == [],
        OLD_WEBHOOKS: facts.get("webhook_api_version") not in (None, "2"),
        NO_WEBHOOK: not facts.get("webhook_url"),
    }
    return [hint for hint, is_so in hints.items() if is_so]


async def _sender_hint(
    provider: TelnyxSMS, profile: Mapping[str, Any], http: ProviderSession
) -> str:
    sender = provider.from_number
    if not sender:
        return "" if profile.get("number_pool_settings") else NO_POOL
    if sender.startswith("+"):
        return await _number_hint(provider, http)
    if telnyx_setup.is_name(sender):
        if profile.get("alpha_sender") == sender:
            return ""
        path = f"messaging_profiles/{_profile(provider)}/alphanumeric_sender_ids"
        rows = await _rows(provider, http, path, {"page[size]": "250"})
        names = {row.get("alphanumeric_sender_id") for row in rows or ()}
        return "" if rows is None or sender in names else NO_NAME
    path = f"messaging_profiles/{_profile(provider)}/short_codes"
    rows = await _rows(provider, http, path, {"page[size]": "250"})
    codes = {row.get("short_code") for row in rows or ()}
    return "" if rows is None or sender in codes else OTHER_PROFILE


async def _agent_hints(provider: TelnyxSMS, http: ProviderSession) -> list[str]:
    if provider.channel not in BY_RCS:
        return []
    answer = await http.get_json(provider.agent_url, auth=provider.auth)
    if answer.status == 404:
        return [NO_AGENT]
    if answer.is_client_error:
        return []
    facts = telnyx_messages.data_of(answer)
    home = facts.get("profile_id")
    hints = {
        AGENT_OFF: facts.get("enabled") is False,
        AGENT_ELSEWHERE: isinstance(home, str) and home.lower() != _profile(provider),
        AGENT_MUTE: not facts.get("webhook_url"),
    }
    return [hint for hint, is_so in hints.items() if is_so]


async def _number_hint(provider: TelnyxSMS, http: ProviderSession) -> str:
    query = {"filter[phone_number]": provider.from_number}
    rows = await _rows(provider, http, "phone_numbers/messaging", query)
    if rows is None:
        return ""
    mine = [row for row in rows if row.get("phone_number") == provider.from_number]
    if not mine:
        return NOT_OURS
    if mine[0].get("messaging_profile_id") != _profile(provider):
        return OTHER_PROFILE
    features = mine[0].get("features")
    if isinstance(features, Mapping):
        if features.get("sms") is None:
            return NO_SMS
        if provider.sends_media and features.get("mms") is None:
            return NO_MMS
    return ""


async def _rows(
    provider: TelnyxSMS, http: ProviderSession, path: str, query: Mapping[str, str]
) -> list[Mapping[str, Any]] | None:
    """None where that cannot be told."""
    answer = await _ask(provider, http, path, query)
    rows = answer.body.get("data")
    if answer.is_client_error or not isinstance(rows, list):
        return None
    return [row for row in rows if isinstance(row, Mapping)]


async def _ask(
    provider: TelnyxSMS,
    http: ProviderSession,
    path: str,
    query: Mapping[str, str] | None = None,
) -> Answer:
    url = f"{provider.api_url}/{path}"
    return await http.get_json(url, params=query, auth=provider.auth)


def _profile(provider: TelnyxSMS) -> str:
    return provider.messaging_profile_id.lower()
