"""Puts the parts together, and stops them in under a second."""

import asyncio
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from destinations.simulator.accounts import Accounts
from destinations.simulator.app import PARTS, Parts, provider_answers
from destinations.simulator.callbacks import CallbackSender
from destinations.simulator.choice import Chooser
from destinations.simulator.courier import Courier
from destinations.simulator.inbound import Inbound
from destinations.simulator.ledger import Ledger
from destinations.simulator.lifecycle import Lifecycle
from destinations.simulator.optout import OptOuts
from destinations.simulator.outgoing import OutgoingMedia
from destinations.simulator.regions import region
from destinations.simulator.routes import add_routes
from destinations.simulator.rules import Pace, Rules
from destinations.simulator.services import Services
from destinations.simulator.store import Store
from destinations.simulator.telnyx.courier import TelnyxCourier
from destinations.simulator.telnyx.front import prepare as prepare_telnyx
from destinations.simulator.telnyx.front import telnyx_answers
from destinations.simulator.telnyx.inbound import TelnyxInbound
from destinations.simulator.telnyx.optout import ProfileOptOuts
from destinations.simulator.telnyx.pool import Pool
from destinations.simulator.telnyx.profiles import Profiles

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
    store = Store(ledger)
    services = Services(store)
    profiles = Profiles(store)
    rules = Rules(
        store,
        services,
        Chooser(store),
        OptOuts(store, services),
        Pace(),
        profiles,
        Pool(store, profiles),
        ProfileOptOuts(store),
    )
    courier, telnyx = Courier(), TelnyxCourier()
    callbacks = CallbackSender(ledger, accounts, courier, telnyx)
    media = OutgoingMedia(courier, accounts)
    lifecycle = Lifecycle(ledger, accounts, callbacks, rules, media)
    heard = TelnyxInbound(ledger, rules, lifecycle, callbacks)
    inbound = Inbound(ledger, accounts, rules, lifecycle, courier, heard)
    return Parts(
        options.secret,
        ledger,
        accounts,
        callbacks,
        lifecycle,
        rules,
        courier,
        inbound,
        telnyx,
    )


def make_app(parts: Parts) -> web.Application:
    app = web.Application(
        middlewares=[provider_answers, telnyx_answers], client_max_size=MAX_BODY_BYTES
    )
    app[PARTS] = parts
    prepare_telnyx(app)
    add_routes(app.router)
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
    parts.courier.start()
    parts.telnyx.start()
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
    await parts.inbound.close()
    await parts.courier.close()
    await parts.telnyx.close()
    await parts.ledger.close()
