"""The door of `/v2`: keys, errors and headers as Telnyx has them."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from destinations.simulator import ids
from destinations.simulator.accounts import Account
from destinations.simulator.app import PARTS, Parts, is_telnyx, json_answer
from destinations.simulator.telnyx.errors import TelnyxError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
RATE = 50  # messages a second of an account, as its headers tell
SENDS = "/v2/messages"
# Of each paced account: a second, and how many requests to send came in it.
Rates = dict[str, tuple[int, int]]
_RATES = web.AppKey("telnyx_rates", Rates)


def prepare(app: web.Application) -> None:
    app[_RATES] = {}


def account_of(request: web.Request) -> Account:
    account: Account = request["account"]
    return account


def parts_of(request: web.Request) -> Parts:
    return request.app[PARTS]


def data_answer(value: Any, status: int = 200) -> web.Response:
    return json_answer({"data": value}, status)


@web.middleware
async def telnyx_answers(request: web.Request, handler: Handler) -> web.StreamResponse:
    if not is_telnyx(request.path):
        return await handler(request)
    counted = ""
    in_flight = parts_of(request).accounts.in_flight
    try:
        account = request["account"] = _authenticated(request)
        counted = account.sid
        in_flight[counted] += 1
        if account.max_concurrent and in_flight[counted] > account.max_concurrent:
            raise TelnyxError(10011)
        left = _take_rate(request, account)
        answer = await handler(request)
    except TelnyxError as error:
        answer = json_answer(error.body(), error.status)
        if error.status == 429:
            answer.headers["retry-after"] = "1"
            _tell_rate(answer, 0)
    except web.HTTPException as error:
        if error.status not in {404, 405}:
            raise
        answer = json_answer(TelnyxError(10005).body(), error.status)
    finally:
        if counted:
            in_flight[counted] -= 1
            if not in_flight[counted]:
                del in_flight[counted]
    answer.headers["x-request-id"] = ids.token()
    if request.path.startswith(SENDS) and answer.status < 400:
        _tell_rate(answer, left)
    return answer


def _take_rate(request: web.Request, account: Account) -> int:
    """What is left of this second, which only a paced account can use up."""
    is_send = request.method == "POST" and request.path.startswith(SENDS)
    if not (account.is_paced and is_send):
        return RATE - 1
    return take_rate(request.app[_RATES], account.sid, int(time.time()))


def take_rate(rates: Rates, account: str, now: int) -> int:
    """
    Count one more request of second `now`; return how many are left.

    Raises:
        TelnyxError: none is.
    """
    second, used = rates.get(account, (now, 0))
    used = used + 1 if second == now else 1
    rates[account] = (now, used)
    if used > RATE:
        raise TelnyxError(10011)
    return RATE - used


def _tell_rate(answer: web.StreamResponse, left: int) -> None:
    answer.headers["x-ratelimit-limit"] = str(RATE)
    answer.headers["x-ratelimit-remaining"] = str(left)
    answer.headers["x-ratelimit-reset"] = "1"


def _authenticated(request: web.Request) -> Account:
    accounts = parts_of(request).accounts
    sid = accounts.of_telnyx_key(request.headers.get("Authorization", ""))
    if sid is None:
        detail = "The API key is missing or does not exist."
        raise TelnyxError(10009, detail)
    account = accounts.get(sid)
    if account.status != "active":
        raise TelnyxError(20012 if account.status == "suspended" else 20013)
    if account.key_type == "restricted" and request.method == "GET":
        raise TelnyxError(10010)
    return account


def paged(request: web.Request, items: list[Any]) -> web.Response:
    """`page[number]` and `page[size]`, as JSON:API has them."""
    number = _whole(request, "page[number]", 1)
    size = min(_whole(request, "page[size]", 20), 250)
    meta = {
        "page_number": number,
        "page_size": size,
        "total_pages": -(-len(items) // size),
        "total_results": len(items),
    }
    shown = items[(number - 1) * size : number * size]
    return json_answer({"data": shown, "meta": meta})


def _whole(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text)):
        raise TelnyxError(10015, f"'{name}' is not a positive number.", where=name)
    return int(text)
