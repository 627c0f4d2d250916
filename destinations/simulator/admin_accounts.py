"""`/_simulator/accounts/` and what else is not in the provider's own API."""

from aiohttp import web

from destinations.providers.simulated import is_simulated_sid
from destinations.simulator import optout
from destinations.simulator.admin import (
    is_operator,
    message_fields,
    object_of,
    problem,
)
from destinations.simulator.app import PARTS, json_answer
from destinations.simulator.phone import Written


async def put_account(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    sid = request.match_info["account"]
    if not is_operator(request):
        return problem(401, "not the simulator's secret")
    if not is_simulated_sid(sid) or not sid.startswith("AC"):
        return problem(404, "not the SID of a simulated account")
    try:
        account = parts.accounts.get(sid).changed(await object_of(request))
    except ValueError as error:
        return problem(400, str(error))
    await parts.ledger.put_account(account)
    parts.accounts.put(account)
    return json_answer(account.settings())


async def put_service(request: web.Request) -> web.Response:
    """What the provider's API cannot change: Advanced Opt-Out, the US campaign."""
    parts = request.app[PARTS]
    if not is_operator(request):
        return problem(401, "not the simulator's secret")
    account = parts.accounts.get(request.match_info["account"])
    service = parts.rules.services.get(account, request.match_info["service"])
    if service is None:
        return problem(404, "no such service of this account")
    try:
        changes = await object_of(request)
        if unknown := set(changes) - {"opt_out", "is_registered"}:
            raise ValueError(f"unknown field {min(unknown)}")
        if "opt_out" in changes:
            service.opt_out = optout.advanced(changes["opt_out"])
        service.is_registered = bool(
            changes.get("is_registered", service.is_registered)
        )
    except ValueError as error:
        return problem(400, str(error))
    parts.rules.services.save(service)
    return json_answer(
        {"opt_out": service.opt_out, "is_registered": service.is_registered}
    )


async def show_opt_outs(request: web.Request) -> web.Response:
    """Who has said STOP to an account, which the provider's API does not tell."""
    if not is_operator(request):
        return problem(401, "not the simulator's secret")
    opt_outs = request.app[PARTS].rules.opt_outs
    return json_answer({"opt_outs": opt_outs.of(request.query.get("account", ""))})


async def write_inbound(request: web.Request) -> web.Response:
    """A message from a phone, as its handset would write it."""
    parts = request.app[PARTS]
    if not is_operator(request):
        return problem(401, "not the simulator's secret")
    try:
        given = await object_of(request)
        if unknown := set(given) - {"account", "from", "to", "body", "fields"}:
            raise ValueError(f"unknown field {min(unknown)}")
        texts = [given.get(name, "") for name in ("account", "from", "to", "body")]
        fields = given.get("fields", {})
        if not all(isinstance(text, str) for text in [*texts, *fields.values()]):
            raise ValueError("all values are texts")
    except (ValueError, AttributeError) as error:
        return problem(400, str(error))
    sid, sender, to, body = texts
    account = parts.accounts.get(sid)
    if not is_simulated_sid(sid) or not account.hears(to):
        return problem(404, "no such number of this account")
    origin = str(request.url.origin())
    written = Written(sender=sender, to=to, body=body, fields=fields, base_url=origin)
    return json_answer(message_fields(parts.inbound.receive(account, written)), 201)
