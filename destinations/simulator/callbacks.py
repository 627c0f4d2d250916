"""Delivers callbacks, each on its own clock: no order, and retries as overridden."""

import asyncio
from functools import partial

from destinations.simulator import clock
from destinations.simulator.accounts import Accounts
from destinations.simulator.callback import Callback
from destinations.simulator.courier import Call, Courier
from destinations.simulator.ledger import Ledger
from destinations.simulator.telnyx.courier import TelnyxCourier


class CallbackSender:
    def __init__(
        self,
        ledger: Ledger,
        accounts: Accounts,
        courier: Courier,
        telnyx: TelnyxCourier,
    ) -> None:
        self._ledger = ledger
        self._accounts = accounts
        self._courier = courier
        self._telnyx = telnyx
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def pending(self) -> int:
        return len(self._tasks)

    def start(self) -> None:
        for callback in self._ledger.undone_callbacks():
            self.schedule(callback)

    def schedule(self, callback: Callback) -> None:
        task = asyncio.create_task(self._deliver(callback))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """What is underway stays due and is sent again after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self, callback: Callback) -> None:
        wait = callback.due - clock.now_ms()
        if wait > 0:
            await asyncio.sleep(wait / 1000)
        await self._ledger.before_telling()
        if callback.is_telnyx:
            await self._deliver_telnyx(callback)
        else:
            await self._deliver_twilio(callback)
        callback.is_done = True
        self._ledger.save_callback(callback)

    async def _deliver_telnyx(self, callback: Callback) -> None:
        # A wrong signature is a right one of somebody else.
        signer = callback.account[::-1] if callback.is_badly_signed else None
        key = self._accounts.signing_key(signer or callback.account)
        note = partial(self._ledger.add_try, callback)
        await self._telnyx.send(callback, key, note)

    async def _deliver_twilio(self, callback: Callback) -> None:
        key = self._accounts.token(callback.account)
        call = Call(
            url=callback.url,
            form=callback.body,
            key=key[::-1] if callback.is_badly_signed else key,
            token=callback.token,
        )
        await self._courier.send(call, partial(self._ledger.add_try, callback))
