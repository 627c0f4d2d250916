"""What every handler shares: the parts of the server, and how errors are answered."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from destinations.simulator import ids
from destinations.simulator.accounts import Account, Accounts
from destinations.simulator.callbacks import CallbackSender
from destinations.simulator.errors import ApiError, compact
from destinations.simulator.ledger import Ledger
from destinations.simulator.lifecycle import Lifecycle

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
JSON = "application/json"


@dataclass
class Parts:
    """`refused_once`: (account, recipient) pairs whose next request gets through."""

    secret: str
    ledger: Ledger
    accounts: Accounts
    callbacks: CallbackSender
    lifecycle: Lifecycle
    refused_once: set[tuple[str, str]] = field(default_factory=set)


PARTS = web.AppKey("parts", Parts)


def authenticate(request: web.Request, *, what: str) -> Account:
    authorization = request.headers.get("Authorization", "")
    sid = request.match_info["account"]
    return request.app[PARTS].accounts.authenticate(authorization, sid, what=what)


def json_answer(value: object, status: int = 200) -> web.Response:
    return web.Response(body=compact(value), status=status, content_type=JSON)


@web.middleware
async def provider_answers(
    request: web.Request, handler: Handler
) -> web.StreamResponse:
    """Errors as the provider words them, its headers, and its limit of concurrency."""
    if request.path.startswith("/_simulator/"):
        return await handler(request)
    began = time.monotonic()
    in_flight = request.app[PARTS].accounts.in_flight
    account = request.match_info.get("account", "")
    in_flight[account] += 1
    try:
        _check_concurrency(request, account, in_flight[account])
        answer = await handler(request)
    except ApiError as error:
        answer = web.Response(body=error.body(), status=error.status, content_type=JSON)
        if error.retry_after:
            answer.headers["Retry-After"] = str(error.retry_after)
    except web.HTTPException as error:
        if error.status not in {404, 405}:
            raise
        missing = ApiError(20404 if error.status == 404 else 20405)
        answer = web.Response(
            body=missing.body(), status=missing.status, content_type=JSON
        )
    finally:
        concurrent = in_flight[account]
        in_flight[account] -= 1
        if concurrent == 1:
            del in_flight[account]
    answer.headers["Twilio-Concurrent-Requests"] = str(concurrent)
    answer.headers["Twilio-Request-Id"] = f"RQ{ids.hex_digits(32)}"
    answer.headers["Twilio-Request-Duration"] = f"{time.monotonic() - began:.3f}"
    return answer


def _check_concurrency(request: web.Request, account: str, now: int) -> None:
    limit = request.app[PARTS].accounts.get(account).max_concurrent
    if limit and now > limit:
        raise ApiError(20429)
