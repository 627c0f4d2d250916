"""
`/v1/Services/{MG}/Compliance/Usa2p`: the US campaign (10DLC) of a Messaging Service.

A review takes weeks at the provider. Here a campaign is pending in the answer that
makes it and approved from then on, until the admin call takes that back.
"""

from typing import Any

from aiohttp import web

from destinations.providers.simulated import MARK
from destinations.simulator import clock, ids
from destinations.simulator.app import PARTS, account_of_user, form_of, json_answer
from destinations.simulator.create import is_public_url
from destinations.simulator.documents import check_pattern, typed
from destinations.simulator.errors import ApiError
from destinations.simulator.paging import page_of
from destinations.simulator.services import Service
from destinations.simulator.services_api import named_service, snake

_USECASES = (
    "2FA ACCOUNT_NOTIFICATION AGENTS_FRANCHISES CHARITY CUSTOMER_CARE"
    " DELIVERY_NOTIFICATION EMERGENCY FRAUD_ALERT HIGHER_EDUCATION K12_EDUCATION"
    " LOW_VOLUME MARKETING MIXED POLITICAL POLLING_VOTING PROXY"
    " PUBLIC_SERVICE_ANNOUNCEMENT SECURITY_ALERT SOCIAL SWEEPSTAKE"
)
USECASES = _USECASES.split()
_REVIEWED = "AGENTS_FRANCHISES EMERGENCY K12_EDUCATION PROXY SOCIAL SWEEPSTAKE"
REVIEWED = frozenset(_REVIEWED.split())  # by the carriers, after approval
_ALWAYS = "Description MessageFlow MessageSamples HasEmbeddedLinks HasEmbeddedPhone"
REQUIRED = {
    "CreateUsAppToPerson": f"{_ALWAYS} BrandRegistrationSid UsAppToPersonUsecase",
    "UpdateUsAppToPerson": f"{_ALWAYS} AgeGated DirectLending",
}
LENGTHS = {
    "Description": (40, 4096),
    "MessageFlow": (40, 2048),
    "OptInMessage": (20, 320),
    "OptOutMessage": (20, 320),
    "HelpMessage": (20, 320),
}
SAMPLES, SAMPLE_LENGTH = (2, 5), (20, 1024)
_EMPTY: dict[str, Any] = {
    "subscriber_opt_in": False,
    "age_gated": False,
    "direct_lending": False,
    "has_embedded_links": False,
    "has_embedded_phone": False,
    "opt_in_message": None,
    "opt_out_message": None,
    "help_message": None,
    "opt_in_keywords": [],
    "opt_out_keywords": [],
    "help_keywords": [],
    "privacy_policy_url": None,
    "terms_and_conditions_url": None,
}
_URLS = ("PrivacyPolicyUrl", "TermsAndConditionsUrl")


async def create_campaign(request: web.Request) -> web.Response:
    service = named_service(request, account_of_user(request))
    given = await _given(request, "CreateUsAppToPerson")
    if service.campaign:
        raise ApiError(20409, "This Messaging Service has a campaign already")
    now = clock.now_ms()
    sid = f"QE{MARK}{ids.hex_digits(24)}"
    service.campaign = {**given, "sid": sid, "created": now, "updated": now}
    service.is_registered = True
    request.app[PARTS].rules.services.save(service)
    shown = _shown(request, service) | {"campaign_status": "PENDING"}
    return json_answer(shown, 201)


async def show_campaigns(request: web.Request) -> web.Response:
    service = named_service(request, account_of_user(request))
    page = page_of(request, ())
    found = [_shown(request, service)] if service.campaign else []
    items, has_more = page.cut(found)
    origin = str(request.url.origin())
    return json_answer(
        page.show_with_meta("compliance", items, has_more=has_more, origin=origin)
    )


async def fetch_campaign(request: web.Request) -> web.Response:
    return json_answer(_shown(request, _with_campaign(request)))


async def update_campaign(request: web.Request) -> web.Response:
    service = _with_campaign(request)
    given = await _given(request, "UpdateUsAppToPerson")
    service.campaign = {**(service.campaign or {}), **given, "updated": clock.now_ms()}
    request.app[PARTS].rules.services.save(service)
    return json_answer(_shown(request, service))


async def delete_campaign(request: web.Request) -> web.Response:
    """From then on US carriers block what the service's local numbers send."""
    service = _with_campaign(request)
    service.campaign, service.is_registered = None, False
    request.app[PARTS].rules.services.save(service)
    return web.Response(status=204)


async def show_usecases(request: web.Request) -> web.Response:
    named_service(request, account_of_user(request))
    brand = request.query.get("BrandRegistrationSid", "")
    check_pattern("CreateUsAppToPerson", "BrandRegistrationSid", brand)
    named = [
        {
            "code": code,
            "name": code.replace("_", " ").capitalize(),
            "description": f"What is known as {code}",
            "post_approval_required": code in REVIEWED,
        }
        for code in USECASES
    ]
    return json_answer({"us_app_to_person_usecases": named})


def _with_campaign(request: web.Request) -> Service:
    service = named_service(request, account_of_user(request))
    if (service.campaign or {}).get("sid") != request.match_info["sid"]:
        raise ApiError(20404, f"The requested resource {request.path} was not found")
    return service


async def _given(request: web.Request, operation: str) -> dict[str, Any]:
    given = typed(await form_of(request), operation)
    for name in REQUIRED[operation].split():
        if given.get(name) in (None, []):
            raise ApiError(20001, f"{name} is required")
    for name, value in given.items():
        if not _is_right(name, value):
            raise ApiError(20001, f"Invalid parameter {name}")
    return {snake(name): value for name, value in given.items()}


def _is_right(name: str, value: Any) -> bool:
    if value is None:
        return True
    if name == "UsAppToPersonUsecase":
        return value in USECASES
    if name == "MessageSamples":
        are_right = (_is_within(len(sample), SAMPLE_LENGTH) for sample in value)
        return _is_within(len(value), SAMPLES) and all(are_right)
    if name in _URLS:
        return is_public_url(value)
    return name not in LENGTHS or _is_within(len(value), LENGTHS[name])


def _is_within(count: int, bounds: tuple[int, int]) -> bool:
    return bounds[0] <= count <= bounds[1]


def _shown(request: web.Request, service: Service) -> dict[str, Any]:
    kept = dict(service.campaign or {})
    created, updated = kept.pop("created"), kept.pop("updated")
    place = f"/v1/Services/{service.sid}/Compliance/Usa2p/{kept['sid']}"
    fields = {
        **_EMPTY,
        **kept,
        "account_sid": service.account,
        "messaging_service_sid": service.sid,
        "campaign_id": f"C{kept['sid'][-6:].upper()}",
        "campaign_status": "VERIFIED" if service.is_registered else "SUSPENDED",
        "is_externally_registered": False,
        "rate_limits": {
            "att": {"mps": 75, "msg_class": "D"},
            "tmobile": {"brand_tier": "LOW"},
        },
        "date_created": clock.iso8601(created),
        "date_updated": clock.iso8601(updated),
        "url": f"{request.url.origin()}{place}",
        "mock": True,
        "errors": [],
    }
    return dict(sorted(fields.items()))
