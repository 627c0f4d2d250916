"""What every handler shares: the parts of the server, and how errors are answered."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from aiohttp import web

from destinations.simulator import ids
from destinations.simulator.accounts import Account, Accounts
from destinations.simulator.callbacks import CallbackSender
from destinations.simulator.courier import Courier
from destinations.simulator.documents import Form
from destinations.simulator.errors import ApiError, compact
from destinations.simulator.inbound import Inbound
from destinations.simulator.ledger import Ledger
from destinations.simulator.lifecycle import Lifecycle
from destinations.simulator.rules import Rules
from destinations.simulator.telnyx.courier import TelnyxCourier

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
JSON = "application/json"
OURS = (
    "/_simulator/",
    "/handsets",
    "/telnyx-media/",
)  # paths that the provider does not have


@dataclass
class Parts:
    """`refused_once`: (account, recipient) pairs whose next request gets through."""

    secret: str
    ledger: Ledger
    accounts: Accounts
    callbacks: CallbackSender
    lifecycle: Lifecycle
    rules: Rules
    courier: Courier
    inbound: Inbound
    telnyx: TelnyxCourier
    refused_once: set[tuple[str, str]] = field(default_factory=set)


PARTS = web.AppKey("parts", Parts)


def is_telnyx(path: str) -> bool:
    """Its paths are in lower case; Twilio's own `/v2` has capitals."""
    return path.startswith("/v2/") and path[4:5].islower()


def authenticate(request: web.Request, *, what: str) -> Account:
    authorization = request.headers.get("Authorization", "")
    sid = request.match_info["account"]
    return request.app[PARTS].accounts.authenticate(authorization, sid, what=what)


def account_of_user(request: web.Request, *, what: str = "read") -> Account:
    """No account in the path: a key is its account's by having the same digits."""
    accounts = request.app[PARTS].accounts
    authorization = request.headers.get("Authorization", "")
    sid = f"AC{accounts.user(authorization)[2:]}"
    return accounts.authenticate(authorization, sid, what=what)


async def form_of(request: web.Request) -> Form:
    form: Form = {}
    text = (await request.read()).decode(errors="replace")
    for name, value in parse_qsl(text, keep_blank_values=True):
        form.setdefault(name, []).append(value)
    return form


def json_answer(value: object, status: int = 200) -> web.Response:
    return web.Response(body=compact(value), status=status, content_type=JSON)


@web.middleware
async def provider_answers(
    request: web.Request, handler: Handler
) -> web.StreamResponse:
    """Errors as the provider words them, its headers, and its limit of concurrency."""
    if request.path.startswith(OURS) or is_telnyx(request.path):
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
