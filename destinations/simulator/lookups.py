"""`/v2/PhoneNumbers/{number}`: what is known of a number, and what it is made up of."""

from typing import Any

import phonenumbers
from aiohttp import web

from destinations.simulator.app import account_of_user, json_answer
from destinations.simulator.errors import ApiError
from destinations.simulator.numbers import kind
from destinations.simulator.regions import region
from destinations.simulator.scenarios import scenario_for

_PACKAGES = (
    "validation caller_name sim_swap call_forwarding line_status identity_match"
    " line_type_intelligence phone_number_quality_score pre_fill reassigned_number"
    " sms_pumping_risk"
)
PACKAGES = _PACKAGES.split()
LANDLINE_CODES = {30006, 21635, 21614}
_REASONS = {
    phonenumbers.ValidationResult.TOO_SHORT: "TOO_SHORT",
    phonenumbers.ValidationResult.TOO_LONG: "TOO_LONG",
    phonenumbers.ValidationResult.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
    phonenumbers.ValidationResult.INVALID_LENGTH: "INVALID_LENGTH",
}


async def fetch_number(request: web.Request) -> web.Response:
    account_of_user(request)
    wanted = [name for name in request.query.get("Fields", "").split(",") if name]
    if unknown := set(wanted) - set(PACKAGES):
        raise ApiError(20001, f"Invalid parameter Fields: {min(unknown)}")
    raw, country = request.match_info["number"], request.query.get("CountryCode")
    try:
        parsed = phonenumbers.parse(raw, country)
    except phonenumbers.NumberParseException as error:
        raise ApiError(20404, f"{request.path} is not a phone number") from error
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    problem = _REASONS.get(reason)
    national = phonenumbers.PhoneNumberFormat.NATIONAL
    fields: dict[str, Any] = {
        "calling_country_code": str(parsed.country_code),
        "country_code": region(number) or None,
        "national_format": phonenumbers.format_number(parsed, national),
        "phone_number": number,
        "url": f"{request.url.origin()}/v2/PhoneNumbers/{number}",
        "valid": problem is None,
        "validation_errors": [problem] if problem else [],
        **dict.fromkeys(name for name in PACKAGES if name != "validation"),
    }
    if "line_type_intelligence" in wanted and problem is None:
        fields["line_type_intelligence"] = _line_type(number)
    if "caller_name" in wanted and problem is None:
        fields["caller_name"] = {
            "caller_name": "SAM SAMPLE",
            "caller_type": "CONSUMER",
            "error_code": None,
        }
    return json_answer(fields)


def _line_type(number: str) -> dict[str, Any]:
    is_landline = scenario_for(number).final_code in LANDLINE_CODES
    line = "tollFree" if kind(number) == "toll_free" else "mobile"
    return {
        "carrier_name": "Simulated Carrier",
        "error_code": None,
        "mobile_country_code": None if is_landline else "310",
        "mobile_network_code": None if is_landline else "000",
        "type": "landline" if is_landline else line,
    }
