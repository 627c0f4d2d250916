"""Puts the parts together, and stops them in under a second."""

import asyncio
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from destinations.simulator import admin, messages, resources
from destinations.simulator.accounts import Accounts
from destinations.simulator.app import PARTS, Parts, provider_answers
from destinations.simulator.callbacks import CallbackSender
from destinations.simulator.ledger import Ledger
from destinations.simulator.lifecycle import Lifecycle
from destinations.simulator.regions import region

ACCOUNT = "/2010-04-01/Accounts/{account:AC[0-9a-fA-F]{32}}"
MESSAGE = ACCOUNT + "/Messages/{sid:(?:SM|MM)[0-9a-fA-F]{32}}.json"
GRACE_SECONDS = 0.2  # for answers underway; a hanging one is cut off
MAX_BODY_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Options:
    host: str
    port: int
    ledger: Path
    secret: str
    is_durable: bool = False


def make_parts(options: Options) -> Parts:
    ledger = Ledger(options.ledger, is_durable=options.is_durable)
    accounts = Accounts(options.secret)
    for account in ledger.accounts():
        accounts.put(account)
    callbacks = CallbackSender(ledger, accounts)
    lifecycle = Lifecycle(ledger, accounts, callbacks)
    return Parts(options.secret, ledger, accounts, callbacks, lifecycle)


def make_app(parts: Parts) -> web.Application:
    app = web.Application(
        middlewares=[provider_answers], client_max_size=MAX_BODY_BYTES
    )
    app[PARTS] = parts
    route = app.router
    route.add_post(ACCOUNT + "/Messages.json", messages.create_message)
    route.add_get(ACCOUNT + "/Messages.json", messages.show_messages)
    route.add_get(MESSAGE, messages.fetch_message)
    route.add_post(MESSAGE, messages.update_message)
    route.add_delete(MESSAGE, messages.delete_message)
    route.add_get(ACCOUNT + ".json", resources.fetch_account)
    route.add_get(ACCOUNT + "/Balance.json", resources.fetch_balance)
    route.add_get(ACCOUNT + "/IncomingPhoneNumbers.json", resources.show_numbers)
    route.add_get("/v1/Services", resources.show_services)
    route.add_get("/v1/Services/{sid:MG[0-9a-fA-F]{32}}", resources.fetch_service)
    route.add_get("/_simulator/health", admin.show_health)
    route.add_get("/_simulator/ledger", admin.show_ledger)
    route.add_get("/_simulator/requests", admin.show_requests)
    route.add_get("/_simulator/listings", admin.show_listings)
    route.add_put("/_simulator/accounts/{account}", admin.put_account)
    route.add_post("/_simulator/faults", admin.set_faults)
    route.add_delete("/_simulator/faults", admin.clear_faults)
    return app


async def serve(options: Options) -> None:
    parts = make_parts(options)
    region("+12125550100")  # loads the numbering data before the first request
    runner = web.AppRunner(
        make_app(parts), access_log=None, shutdown_timeout=GRACE_SECONDS
    )
    await runner.setup()
    site = web.TCPSite(runner, options.host, options.port, backlog=1024)
    await site.start()
    parts.callbacks.start()
    parts.lifecycle.resume()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    port = runner.addresses[0][1]
    sys.stdout.write(f"simulator listening on http://{options.host}:{port}\n")
    sys.stdout.flush()
    await stop.wait()
    parts.lifecycle.stop()
    await runner.cleanup()
    await parts.callbacks.close()
    await parts.ledger.close()
