"""A small server that answers as Telnyx does, for the contract suite."""

import base64
import json
import time
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from destinations.providers import simulated
from tests.contract.pigeon_post import PigeonPost, _hang_up

SECRET = "a-secret-of-the-tests"


class TelnyxPost(PigeonPost):
    """The pigeon post's server and ledger, with Telnyx's words."""

    def new_account(self):
        account = simulated.account_sid(uuid4())
        key = simulated.telnyx_api_key(SECRET, account)
        self._keys.add(key)
        return account, key

    async def _serve(self):
        app = web.Application()
        app.router.add_post("/v2/messages", self._create)
        app.router.add_get("/v2/messages/{id}", self._fetch)
        app.router.add_get("/v2/whoami", self._me)
        await self._listen(app)

    async def _create(self, request):
        key, asked = _key(request), await request.json()
        to = asked["to"]
        self._asked.append({"to": to, "account": key})
        if key not in self._keys:
            return _error(401, "10009")
        match to[-2:]:
            case "58":
                return _error(400, "40310")
            case "80":
                return web.json_response({}, status=429, headers={"Retry-After": "1"})
            case "81":
                return web.json_response({}, status=503)
            case "67":
                return web.Response(status=502, text="<html>", content_type="text/html")
            case "70":
                return _hang_up(request)
        pictures, callback = asked.get("media_urls", []), asked.get("webhook_url")
        message = self._accept(
            key,
            {
                "to": to,
                "text": asked["text"],
                "pictures": pictures,
                "callback": callback,
            },
        )
        match to[-2:]:
            case "65":
                return web.json_response({}, status=500)
            case "68":
                return _hang_up(request)
        return web.json_response({"data": _shown(message)})

    def new_id(self):
        return str(uuid4())

    async def _fly(self, message, callback):
        is_filtered = message["to"].endswith("54")
        message["error"] = "40002" if is_filtered else None
        message["state"] = "delivery_failed" if is_filtered else "delivered"
        if callback:
            await self._tell(message, callback)

    async def _tell(self, message, callback):
        event = {"event_type": "message.finalized", "payload": _shown(message)}
        body = json.dumps({"data": event}).encode()
        at = str(int(time.time()))
        account = f"AC{message['account'][3:35].lower()}"
        signature = simulated.telnyx_signing_key(SECRET, account).sign(
            f"{at}|".encode() + body
        )
        headers = {
            "telnyx-timestamp": at,
            "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
        }
        async with aiohttp.ClientSession(headers=headers) as session:
            await session.post(URL(callback, encoded=True), data=body)

    async def _fetch(self, request):
        found = [m for m in self._messages if m["sid"] == request.match_info["id"]]
        shown = {"data": _shown(found[0])} if found else None
        return web.json_response(shown) if shown else _error(404, "10005")

    async def _me(self, request):
        is_known = _key(request) in self._keys
        return web.json_response({"data": {}}) if is_known else _error(401, "10009")


def _key(request):
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _shown(message):
    code = message["error"]
    return {
        "id": message["sid"],
        "to": [{"phone_number": message["to"], "status": message["state"]}],
        "errors": [{"code": code, "title": "Something"}] if code else [],
        "received_at": "2026-11-21T12:00:00.000+00:00",
    }


def _error(status, code):
    return web.json_response({"errors": [{"code": code}]}, status=status)


@pytest.fixture(scope="session")
def telnyx_post():
    post = TelnyxPost()
    post.start()
    yield post
    post.stop()
