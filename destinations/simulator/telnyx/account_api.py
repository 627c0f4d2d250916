"""`/v2/balance` and `/v2/whoami`: whether a key is right."""

from aiohttp import web

from destinations.simulator.telnyx.front import account_of, data_answer
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
