"""Read-only resources: account, balance, numbers, Messaging Services."""

from typing import Any

from aiohttp import web

from destinations.simulator import clock
from destinations.simulator.accounts import NUMBERS, Account, number_sid
from destinations.simulator.app import PARTS, authenticate, json_answer
from destinations.simulator.errors import ApiError
from destinations.simulator.message import API_VERSION
from destinations.simulator.paging import page_of

CREATED = 1_767_225_600_000  # every simulated resource was made on 2026-01-01
_SUBRESOURCES = {
    "balance": "Balance",
    "incoming_phone_numbers": "IncomingPhoneNumbers",
    "messages": "Messages",
}


async def fetch_account(request: web.Request) -> web.Response:
    account = authenticate(request, what="account")
    user = request.app[PARTS].accounts.user(request.headers["Authorization"])
    uri = f"/{API_VERSION}/Accounts/{account.sid}"
    token = request.app[PARTS].accounts.token(account.sid)
    fields = {
        "auth_token": token if user == account.sid else None,
        "date_created": clock.rfc2822(CREATED),
        "date_updated": clock.rfc2822(CREATED),
        "friendly_name": "Simulated account",
        "owner_account_sid": account.sid,
        "sid": account.sid,
        "status": account.status,
        "subresource_uris": {
            key: f"{uri}/{name}.json" for key, name in _SUBRESOURCES.items()
        },
        "type": account.type,
        "uri": f"{uri}.json",
    }
    return json_answer(fields)


async def fetch_balance(request: web.Request) -> web.Response:
    account = authenticate(request, what="read")
    fields = {"account_sid": account.sid, "balance": "100.00000", "currency": "USD"}
    return json_answer(fields)


async def show_numbers(request: web.Request) -> web.Response:
    """`PhoneNumber` filters by the digits it contains."""
    account = authenticate(request, what="read")
    page = page_of(request, ("PhoneNumber", "FriendlyName"))
    wanted = dict(page.filters)
    found = [
        _number(account, number)
        for number in NUMBERS
        if wanted.get("PhoneNumber", "") in number
        and wanted.get("FriendlyName", number) == number
    ]
    sids = [number["sid"] for number in found]
    token = page.after or page.before
    if token and token not in sids:
        raise ApiError(20001, "Unknown PageToken")
    begin = sids.index(page.after) + 1 if page.after else 0
    if page.before:
        begin = max(sids.index(page.before) - page.size, 0)
    end = begin + page.size
    return json_answer(
        page.show("incoming_phone_numbers", found[begin:end], has_more=len(found) > end)
    )


def _number(account: Account, number: str) -> dict[str, Any]:
    sid = number_sid(account.sid, number)
    is_american = number.startswith("+1")
    urls = ("sms_fallback_url", "sms_url", "status_callback", "voice_fallback_url")
    methods = ("sms_fallback_method", "sms_method", "status_callback_method")
    sids = ("address_sid", "bundle_sid", "emergency_address_sid", "identity_sid")
    return {
        "account_sid": account.sid,
        "address_requirements": "none",
        "api_version": API_VERSION,
        "beta": False,
        "capabilities": {"fax": False, "mms": is_american, "sms": True, "voice": True},
        "date_created": clock.rfc2822(CREATED),
        "date_updated": clock.rfc2822(CREATED),
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "friendly_name": number,
        "origin": "twilio",
        "phone_number": number,
        "sid": sid,
        "sms_application_sid": "",
        "status": "in-use",
        "trunk_sid": None,
        "type": None,
        "uri": f"/{API_VERSION}/Accounts/{account.sid}/IncomingPhoneNumbers/{sid}.json",
        "voice_application_sid": "",
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_method": "POST",
        "voice_receive_mode": "voice",
        "voice_url": "",
        **dict.fromkeys(urls, ""),
        **dict.fromkeys(methods, "POST"),
        **dict.fromkeys(sids),
    }


async def show_services(request: web.Request) -> web.Response:
    account = _account_of_user(request)
    url = f"{request.url.origin()}/v1/Services?PageSize=50&Page=0"
    meta = {
        "first_page_url": url,
        "key": "services",
        "next_page_url": None,
        "page": 0,
        "page_size": 50,
        "previous_page_url": None,
        "url": url,
    }
    return json_answer({"meta": meta, "services": [_service(request, account)]})


async def fetch_service(request: web.Request) -> web.Response:
    account = _account_of_user(request)
    if request.match_info["sid"] != account.service_sid:
        raise ApiError(20404)
    return json_answer(_service(request, account))


def _account_of_user(request: web.Request) -> Account:
    """No account in the path: a key is its account's by having the same digits."""
    accounts = request.app[PARTS].accounts
    authorization = request.headers.get("Authorization", "")
    sid = f"AC{accounts.user(authorization)[2:]}"
    return accounts.authenticate(authorization, sid, what="read")


def _service(request: web.Request, account: Account) -> dict[str, Any]:
    url = f"{request.url.origin()}/v1/Services/{account.service_sid}"
    links = {
        "alpha_senders": "AlphaSenders",
        "channel_senders": "ChannelSenders",
        "destination_alpha_senders": "DestinationAlphaSenders",
        "phone_numbers": "PhoneNumbers",
        "short_codes": "ShortCodes",
        "us_app_to_person": "Compliance/Usa2p",
        "us_app_to_person_usecases": "Compliance/Usa2p/Usecases",
    }
    return {
        "account_sid": account.sid,
        "area_code_geomatch": False,
        "date_created": clock.iso8601(CREATED),
        "date_updated": clock.iso8601(CREATED),
        "fallback_method": "POST",
        "fallback_to_long_code": False,
        "fallback_url": None,
        "friendly_name": "Simulated service",
        "inbound_method": "POST",
        "inbound_request_url": None,
        "links": {
            **{key: f"{url}/{path}" for key, path in links.items()},
            "messages": f"{request.url.origin()}/{API_VERSION}"
            f"/Accounts/{account.sid}/Messages",
        },
        "mms_converter": True,
        "scan_message_content": "inherit",
        "sid": account.service_sid,
        "smart_encoding": False,
        "status_callback": None,
        "sticky_sender": True,
        "synchronous_validation": False,
        "url": url,
        "us_app_to_person_registered": True,
        "use_inbound_webhook_on_number": True,
        "usecase": "undeclared",
        "validity_period": 36_000,
    }
