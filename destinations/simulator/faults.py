"""What goes wrong with a create request, alike for every provider."""

import asyncio
import socket
import struct
from collections.abc import Mapping

from aiohttp import web

from destinations.simulator.app import PARTS, Parts
from destinations.simulator.scenarios import Fault, Scenario

BAD_GATEWAY_PAGE = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
)
_ABORTS_WITH_RESET = struct.pack("ii", 1, 0)
# Status of an answer that does not tell of what was accepted; None is no answer.
UNTRUE = {Fault.ERROR_AFTER: 500, Fault.ANSWER_LOST: None, Fault.HANG: None}


def fault_of(parts: Parts, account: str, to: str, scenario: Scenario) -> Fault | None:
    """The scenario's, or what the dice say."""
    fault = scenario.fault
    if fault and scenario.is_once:
        fault = _every_other(parts.refused_once, (account, to), fault)
    return fault or parts.lifecycle.behaviour.request_fault(account)


def _every_other(
    refused: set[tuple[str, str]], key: tuple[str, str], fault: Fault
) -> Fault | None:
    if key in refused:
        refused.discard(key)
        return None
    refused.add(key)
    return fault


def refuse(
    request: web.Request, fault: Fault, errors: Mapping[Fault, Exception]
) -> None:
    """Raise what the provider answers; return when the connection was reset."""
    if fault is Fault.BAD_GATEWAY:
        raise web.HTTPBadGateway(text=BAD_GATEWAY_PAGE, content_type="text/html")
    if fault in errors:
        raise errors[fault]
    _hang_up(request, reset=True)


async def answer_with(
    request: web.Request,
    answer: web.Response,
    fault: str | None,
    error: Exception,
) -> web.Response:
    """`error` is what is answered instead of the truth by ERROR_AFTER."""
    behaviour = request.app[PARTS].lifecycle.behaviour
    if fault == Fault.ERROR_AFTER:
        raise error
    if fault == Fault.HANG:
        await asyncio.sleep(behaviour.delay("hang"))
    if fault in {Fault.ANSWER_LOST, Fault.HANG}:
        _hang_up(request, reset=False)
    if fault == Fault.SLOW:
        await asyncio.sleep(behaviour.delay("slow"))
    if wait := behaviour.delay("answer"):
        await asyncio.sleep(wait)
    return answer


def _hang_up(request: web.Request, *, reset: bool) -> None:
    """End the connection; with `reset` the other side gets RST instead of FIN."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    if reset and connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORTS_WITH_RESET)
    request.transport.abort()
