"""Accounts and their balance."""

from typing import Any

from aiohttp import web

from destinations.simulator import clock
from destinations.simulator.accounts import Account
from destinations.simulator.app import (
    PARTS,
    account_of_user,
    authenticate,
    json_answer,
)
from destinations.simulator.message import API_VERSION
from destinations.simulator.paging import page_of
from destinations.simulator.services import CREATED

_SUBRESOURCES = {
    "balance": "Balance",
    "incoming_phone_numbers": "IncomingPhoneNumbers",
    "messages": "Messages",
    "short_codes": "SMS/ShortCodes",
}


async def show_accounts(request: web.Request) -> web.Response:
    """The account itself: there are no subaccounts here."""
    account = account_of_user(request, what="account")
    page = page_of(request, ("FriendlyName", "Status"))
    shown = _account(request, account)
    wanted = {key: value for key, value in page.filters if value}
    names = {"FriendlyName": "friendly_name", "Status": "status"}
    found = [shown] if all(shown[names[k]] == v for k, v in wanted.items()) else []
    items, has_more = page.cut(found)
    return json_answer(page.show("accounts", items, has_more=has_more))


async def fetch_account(request: web.Request) -> web.Response:
    account = authenticate(request, what="account")
    return json_answer(_account(request, account))


def _account(request: web.Request, account: Account) -> dict[str, Any]:
    accounts = request.app[PARTS].accounts
    user = accounts.user(request.headers["Authorization"])
    uri = f"/{API_VERSION}/Accounts/{account.sid}"
    return {
        "auth_token": accounts.token(account.sid) if user == account.sid else None,
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


async def fetch_balance(request: web.Request) -> web.Response:
    account = authenticate(request, what="read")
    fields = {"account_sid": account.sid, "balance": "100.00000", "currency": "USD"}
    return json_answer(fields)
