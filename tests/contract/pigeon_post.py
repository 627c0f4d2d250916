"""The pigeon post's own server: its protocol, its troubles and its ledger."""

import asyncio
import json
import secrets
import socket
import struct
import threading
import time
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from tests.contract.pigeon import sign

HAWK, NO_LOFT, WRONG_KEY = "4030", "4040", "4010"


class PigeonPost:
    def __init__(self):
        self.url = ""
        self._keys: set[str] = set()
        self._messages: list[dict] = []
        self._asked: list[dict] = []
        self._loop = asyncio.new_event_loop()
        self._calls: set[asyncio.Task] = set()

    def new_key(self) -> str:
        key = f"pk_test_{secrets.token_hex(16)}"
        self._keys.add(key)
        return key

    def new_id(self) -> str:
        return f"pg_{secrets.token_hex(12)}"

    def ledger(self, *, account):
        return [m for m in self._messages if m["account"] == account]

    def requests(self, *, to, account):
        return [r for r in self._asked if (r["to"], r["account"]) == (to, account)]

    def wait(self, *, account):
        deadline = time.monotonic() + 30
        while any(m["state"] == "waiting" for m in self.ledger(account=account)):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    # Its server -------------------------------------------------------------------

    def start(self):
        ready = threading.Event()
        threading.Thread(target=self._run, args=[ready], daemon=True).start()
        assert ready.wait(30)

    def stop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _run(self, ready):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._runner.cleanup())
        self._loop.close()

    async def _serve(self):
        app = web.Application()
        app.router.add_post("/v1/messages", self._create)
        app.router.add_get("/v1/messages/{id}", self._fetch)
        app.router.add_get("/v1/me", self._me)
        await self._listen(app)

    async def _listen(self, app):
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    async def _create(self, request):
        key, asked = _key(request), await request.json()
        self._asked.append({"to": asked["to"], "account": key})
        if key not in self._keys:
            return _error(401, WRONG_KEY)
        match asked["to"][-2:]:
            case "58":
                return _error(422, NO_LOFT)
            case "80":
                return web.json_response({}, status=429, headers={"Retry-After": "1"})
            case "81":
                return web.json_response({}, status=503)
            case "67":
                return web.Response(status=502, text="<html>", content_type="text/html")
            case "70":
                return _hang_up(request)
        message = self._accept(key, asked)
        match asked["to"][-2:]:
            case "65":
                return web.json_response({}, status=500)
            case "68":
                return _hang_up(request)
        return web.json_response(_shown(message), status=201)

    def _accept(self, key, asked):
        message = {
            "sid": self.new_id(),
            "account": key,
            "to": asked["to"],
            "body": asked["text"],
            "media": asked["pictures"],
            "state": "waiting",
            "error": None,
        }
        self._messages.append(message)
        task = self._loop.create_task(self._fly(message, asked["callback"]))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return message

    async def _fly(self, message, callback):
        await asyncio.sleep(0.02)
        is_eaten = message["to"].endswith("54")
        message["error"] = HAWK if is_eaten else None
        message["state"] = "lost" if is_eaten else "landed"
        if not callback:
            return
        state = {
            **_shown(message),
            "words": "not delivered" if is_eaten else "delivered",
        }
        body = json.dumps(state).encode()
        signature = sign(message["account"], callback, body)
        async with aiohttp.ClientSession() as session:
            await session.post(
                URL(callback, encoded=True),
                data=body,
                headers={
                    "Pigeon-Signature": signature,
                    "Content-Type": "application/json",
                },
            )

    async def _fetch(self, request):
        found = [m for m in self._messages if m["sid"] == request.match_info["id"]]
        return web.json_response(_shown(found[0])) if found else _error(404, NO_LOFT)

    async def _me(self, request):
        return (
            web.json_response({})
            if _key(request) in self._keys
            else _error(401, WRONG_KEY)
        )


def _key(request):
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _shown(message):
    now = datetime.now(UTC).isoformat()
    return {
        "id": message["sid"],
        "state": message["state"],
        "error": message["error"],
        "at": now,
    }


def _error(status, code):
    return web.json_response({"errors": [{"code": code}]}, status=status)


def _hang_up(request):
    sock = request.transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
    return web.Response()


@pytest.fixture(scope="session")
def pigeon_post():
    post = PigeonPost()
    post.start()
    yield post
    post.stop()
