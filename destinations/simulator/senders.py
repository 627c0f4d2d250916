"""IncomingPhoneNumbers and ShortCodes: what they are, and where inbound goes."""

from typing import Any

from aiohttp import web

from destinations.simulator import clock
from destinations.simulator.accounts import SHORT_CODE, Account, sender_sid
from destinations.simulator.app import PARTS, authenticate, form_of, json_answer
from destinations.simulator.documents import typed
from destinations.simulator.errors import ApiError
from destinations.simulator.message import API_VERSION
from destinations.simulator.numbers import has_mms
from destinations.simulator.paging import page_of
from destinations.simulator.services import CREATED

KIND = "number"
Json = dict[str, Any]
# A form's name -> the resource's, where the one is not the other with underscores.
_NAMES = {
    "FriendlyName": "friendly_name",
    "ApiVersion": "api_version",
    "SmsUrl": "sms_url",
    "SmsMethod": "sms_method",
    "SmsFallbackUrl": "sms_fallback_url",
    "SmsFallbackMethod": "sms_fallback_method",
    "SmsApplicationSid": "sms_application_sid",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceFallbackUrl": "voice_fallback_url",
    "VoiceFallbackMethod": "voice_fallback_method",
    "VoiceCallerIdLookup": "voice_caller_id_lookup",
    "VoiceApplicationSid": "voice_application_sid",
    "VoiceReceiveMode": "voice_receive_mode",
    "TrunkSid": "trunk_sid",
    "IdentitySid": "identity_sid",
    "AddressSid": "address_sid",
    "BundleSid": "bundle_sid",
    "EmergencyStatus": "emergency_status",
    "EmergencyAddressSid": "emergency_address_sid",
}


async def show_numbers(request: web.Request) -> web.Response:
    """`PhoneNumber` filters by the digits it contains."""
    account = authenticate(request, what="read")
    page = page_of(request, ("PhoneNumber", "FriendlyName"))
    wanted = dict(page.filters)
    found = [
        shown
        for number in account.all_numbers
        if wanted.get("PhoneNumber", "") in number
        for shown in [number_fields(request, account, number)]
        if wanted.get("FriendlyName", shown["friendly_name"]) == shown["friendly_name"]
    ]
    items, has_more = page.cut(found)
    return json_answer(page.show("incoming_phone_numbers", items, has_more=has_more))


async def fetch_number(request: web.Request) -> web.Response:
    account = authenticate(request, what="read")
    return json_answer(number_fields(request, account, _named(request, account)))


async def update_number(request: web.Request) -> web.Response:
    account = authenticate(request, what="read")
    number = _named(request, account)
    await _change(request, account, number, "UpdateIncomingPhoneNumber")
    return json_answer(number_fields(request, account, number))


async def show_short_codes(request: web.Request) -> web.Response:
    account = authenticate(request, what="read")
    page = page_of(request, ("ShortCode", "FriendlyName"))
    shown = short_code_fields(request, account)
    wanted = dict(page.filters)
    keys = {"ShortCode": "short_code", "FriendlyName": "friendly_name"}
    found = [shown] if all(v in shown[keys[k]] for k, v in wanted.items()) else []
    items, has_more = page.cut(found)
    return json_answer(page.show("short_codes", items, has_more=has_more))


async def fetch_short_code(request: web.Request) -> web.Response:
    account = authenticate(request, what="read")
    _check_short_code(request, account)
    return json_answer(short_code_fields(request, account))


async def update_short_code(request: web.Request) -> web.Response:
    account = authenticate(request, what="read")
    _check_short_code(request, account)
    await _change(request, account, SHORT_CODE, "UpdateShortCode")
    return json_answer(short_code_fields(request, account))


def _named(request: web.Request, account: Account) -> str:
    sid = request.match_info["sid"]
    for number in account.all_numbers:
        if sender_sid(account.sid, number) == sid:
            return number
    raise ApiError(20404, f"The requested resource {request.path} was not found")


def _check_short_code(request: web.Request, account: Account) -> None:
    if request.match_info["sid"] != sender_sid(account.sid, SHORT_CODE):
        raise ApiError(20404, f"The requested resource {request.path} was not found")


async def _change(
    request: web.Request, account: Account, sender: str, operation: str
) -> None:
    given = typed(await form_of(request), operation)
    if given.get("AccountSid", account.sid) != account.sid:
        raise ApiError(20001, "Numbers cannot be given to another account here")
    changes = {_NAMES[name]: given[name] for name in given if name in _NAMES}
    store = request.app[PARTS].rules.store
    before = store.get(account.sid, KIND, sender) or {}
    after = {**before, **changes, "updated": clock.now_ms()}
    store.put(account.sid, KIND, sender, after)


def _with_changes(
    request: web.Request, account: Account, sender: str, fields: Json
) -> Json:
    changes = dict(request.app[PARTS].rules.store.get(account.sid, KIND, sender) or {})
    fields["date_updated"] = clock.rfc2822(changes.pop("updated", CREATED))
    for name, value in changes.items():
        is_text = isinstance(fields.get(name), str)  # of these "" is the empty value
        fields[name] = "" if value is None and is_text else value
    return fields


def short_code_fields(request: web.Request, account: Account) -> Json:
    sid = sender_sid(account.sid, SHORT_CODE)
    fields = {
        "account_sid": account.sid,
        "api_version": API_VERSION,
        "date_created": clock.rfc2822(CREATED),
        "friendly_name": SHORT_CODE,
        "short_code": SHORT_CODE,
        "sid": sid,
        "sms_fallback_method": "POST",
        "sms_fallback_url": None,
        "sms_method": "POST",
        "sms_url": None,
        "uri": f"/{API_VERSION}/Accounts/{account.sid}/SMS/ShortCodes/{sid}.json",
    }
    return _with_changes(request, account, SHORT_CODE, fields)


def number_fields(request: web.Request, account: Account, number: str) -> Json:
    sid = sender_sid(account.sid, number)
    capable = {"fax": False, "mms": has_mms(number), "sms": True, "voice": True}
    urls = ("sms_fallback_url", "sms_url", "status_callback", "voice_fallback_url")
    methods = ("sms_fallback_method", "sms_method", "status_callback_method")
    sids = ("address_sid", "bundle_sid", "emergency_address_sid", "identity_sid")
    fields = {
        "account_sid": account.sid,
        "address_requirements": "none",
        "api_version": API_VERSION,
        "beta": False,
        "capabilities": capable,
        "date_created": clock.rfc2822(CREATED),
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "friendly_name": number,
        "origin": "twilio",
        "phone_number": number,
        "sid": sid,
        "sms_application_sid": None,
        "status": "in-use",
        "trunk_sid": None,
        "type": None,
        "uri": f"/{API_VERSION}/Accounts/{account.sid}/IncomingPhoneNumbers/{sid}.json",
        "voice_application_sid": None,
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_method": "POST",
        "voice_receive_mode": "voice",
        "voice_url": "",
        **dict.fromkeys(urls, ""),
        **dict.fromkeys(methods, "POST"),
        **dict.fromkeys(sids),
    }
    return _with_changes(request, account, number, fields)
