"""`/v1/Services`: Messaging Services."""

import re
from typing import Any

from aiohttp import web

from destinations.providers.simulated import MARK
from destinations.simulator import clock, ids
from destinations.simulator.accounts import Account
from destinations.simulator.app import PARTS, account_of_user, form_of, json_answer
from destinations.simulator.create import is_public_url
from destinations.simulator.documents import typed
from destinations.simulator.errors import ApiError
from destinations.simulator.message import API_VERSION
from destinations.simulator.paging import page_of
from destinations.simulator.services import SETTINGS, Service

_USECASES = "notifications marketing verification discussion poll undeclared"
USECASES = _USECASES.split()
MAX_NAME = 64
_LINKS = {
    "alpha_senders": "AlphaSenders",
    "channel_senders": "ChannelSenders",
    "destination_alpha_senders": "DestinationAlphaSenders",
    "phone_numbers": "PhoneNumbers",
    "short_codes": "ShortCodes",
    "us_app_to_person": "Compliance/Usa2p",
    "us_app_to_person_usecases": "Compliance/Usa2p/Usecases",
}
_URLS = ("inbound_request_url", "fallback_url", "status_callback")


async def show_services(request: web.Request) -> web.Response:
    account = account_of_user(request)
    services = request.app[PARTS].rules.services.of(account).values()
    found = [service_fields(request, service) for service in services]
    page = page_of(request, ())
    items, has_more = page.cut(found)
    origin = str(request.url.origin())
    return json_answer(
        page.show_with_meta("services", items, has_more=has_more, origin=origin)
    )


async def create_service(request: web.Request) -> web.Response:
    account = account_of_user(request)
    changes = await _settings(request, "CreateService")
    if not changes.get("friendly_name"):
        raise ApiError(20001, "FriendlyName is required")
    now = clock.now_ms()
    service = Service(
        sid=f"MG{MARK}{ids.hex_digits(24)}",
        account=account.sid,
        settings={**SETTINGS, **changes},
        created=now,
        updated=now,
    )
    request.app[PARTS].rules.services.save(service)
    return json_answer(service_fields(request, service), 201)


async def fetch_service(request: web.Request) -> web.Response:
    account = account_of_user(request)
    return json_answer(service_fields(request, named_service(request, account)))


async def update_service(request: web.Request) -> web.Response:
    service = named_service(request, account_of_user(request))
    service.settings |= await _settings(request, "UpdateService")
    service.updated = clock.now_ms()
    request.app[PARTS].rules.services.save(service)
    return json_answer(service_fields(request, service))


async def delete_service(request: web.Request) -> web.Response:
    service = named_service(request, account_of_user(request))
    service.is_deleted = True
    request.app[PARTS].rules.services.save(service)
    return web.Response(status=204)


async def show_usecases(request: web.Request) -> web.Response:
    account_of_user(request)
    named = [
        {"usecase": name, "friendly_name": name.title(), "purpose": f"For {name}"}
        for name in USECASES
    ]
    return json_answer({"usecases": named})


def named_service(request: web.Request, account: Account) -> Service:
    sid = request.match_info["service"]
    service = request.app[PARTS].rules.services.get(account, sid)
    if service is None:
        raise ApiError(20404, f"The requested resource {request.path} was not found")
    return service


async def _settings(request: web.Request, operation: str) -> dict[str, Any]:
    given = typed(await form_of(request), operation)
    changes = {snake(name): value for name, value in given.items()}
    if len(changes.get("friendly_name") or "") > MAX_NAME:
        raise ApiError(21658)
    for name in _URLS:
        if changes.get(name) and not is_public_url(changes[name]):
            raise ApiError(21609, f"{name} is not a URL")
    if changes.get("usecase", "undeclared") not in USECASES:
        raise ApiError(20001, "Invalid parameter Usecase")
    period = changes.get("validity_period", 1)
    if not isinstance(period, int) or not 1 <= period <= 36_000:
        raise ApiError(21624)
    return changes


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def service_fields(request: web.Request, service: Service) -> dict[str, Any]:
    origin = request.url.origin()
    url = f"{origin}/v1/Services/{service.sid}"
    messages = f"{origin}/{API_VERSION}/Accounts/{service.account}/Messages"
    fields = {
        **service.settings,
        "account_sid": service.account,
        "date_created": clock.iso8601(service.created),
        "date_updated": clock.iso8601(service.updated),
        "links": {
            **{key: f"{url}/{path}" for key, path in _LINKS.items()},
            "messages": messages,
        },
        "sid": service.sid,
        "url": url,
        "us_app_to_person_registered": service.is_registered,
    }
    return dict(sorted(fields.items()))
