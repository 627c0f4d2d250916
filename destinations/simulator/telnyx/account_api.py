"""`/v2/balance`, `/v2/whoami`, opt-outs and lookups of numbers."""

from typing import Any

import phonenumbers
from aiohttp import web

from destinations.simulator.clock import iso8601_ms
from destinations.simulator.lookups import LANDLINE_CODES
from destinations.simulator.numbers import kind
from destinations.simulator.regions import normalise, region
from destinations.simulator.scenarios import scenario_for
from destinations.simulator.telnyx.errors import TelnyxError
from destinations.simulator.telnyx.front import (
    account_of,
    data_answer,
    paged,
    parts_of,
)
from destinations.simulator.telnyx.profiles import organization_id


async def fetch_balance(_: web.Request) -> web.Response:
    fields = {
        "record_type": "balance",
        "balance": "100.00",
        "credit_limit": "0.00",
        "available_credit": "100.00",
        "pending": "0.00",
        "currency": "USD",
    }
    return data_answer(fields)


async def who_am_i(request: web.Request) -> web.Response:
    """In no document, but answered by the provider."""
    organization = organization_id(account_of(request))
    fields = {
        "record_type": "whoami",
        "organization_id": organization,
        "user_id": organization,
        "user_email": "owner@example.org",
    }
    return data_answer(fields)


async def show_opt_outs(request: web.Request) -> web.Response:
    """Filters: `filter[messaging_profile_id]`, `filter[from]`."""
    query = request.query
    profile, number = (
        query.get("filter[messaging_profile_id]"),
        query.get("filter[from]"),
    )
    found = [
        {
            "messaging_profile_id": scope,
            "from": recipient,
            "to": fields["from"],
            "keyword": fields["word"],
            "created_at": iso8601_ms(fields["at"]),
        }
        for scope, recipient, fields in parts_of(request).rules.profile_opt_outs.of(
            account_of(request)
        )
        if profile in {None, scope} and number in {None, recipient}
    ]
    return paged(request, found)


async def look_up(request: web.Request) -> web.Response:
    """`type` is carrier or caller-name; both cost extra and are empty without it."""
    number = normalise(request.match_info["number"])
    if number is None:
        raise TelnyxError(10002, where="phone_number")
    wanted = request.query.getall("type", [])
    national = phonenumbers.PhoneNumberFormat.NATIONAL
    parsed = phonenumbers.parse(number)
    is_landline = scenario_for(number).final_code in LANDLINE_CODES
    line = "toll free" if kind(number) == "toll_free" else "mobile"
    fields: dict[str, Any] = {
        "record_type": "number_lookup",
        "phone_number": number,
        "national_format": phonenumbers.format_number(parsed, national),
        "country_code": region(number),
        "fraud": None,
        "carrier": {},
        "caller_name": {},
        "portability": {},
    }
    if "carrier" in wanted:
        fields["carrier"] = {
            "name": "Simulated Carrier",
            "normalized_carrier": "Simulated Carrier",
            "type": "fixed line" if is_landline else line,
            "mobile_country_code": "310",
            "mobile_network_code": "000",
            "error_code": None,
        }
    if "caller-name" in wanted:
        fields["caller_name"] = {"caller_name": "SAM SAMPLE", "error_code": ""}
    return data_answer(fields)
