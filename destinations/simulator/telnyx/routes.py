"""Every path of `/v2` at Telnyx, and by what it is answered."""

from aiohttp import web

from destinations.simulator.telnyx import account_api, messages

V2 = "/v2"
SENDS = {
    "": "SendMessage",
    "/long_code": "CreateLongCodeMessage",
    "/number_pool": "CreateNumberPoolMessage",
    "/short_code": "CreateShortCodeMessage",
    "/alphanumeric_sender_id": "SendAlphanumericSenderIdMessage",
    "/schedule": "ScheduleMessage",
}
MESSAGE = V2 + "/messages/{id:[0-9a-f]{8}-[0-9a-f-]{27}}"


def add_telnyx(route: web.UrlDispatcher) -> None:
    for path, operation in SENDS.items():
        route.add_post(f"{V2}/messages{path}", messages.sending(operation))
    route.add_get(MESSAGE, messages.fetch_message)
    route.add_delete(MESSAGE, messages.cancel_message)
    route.add_get(f"{V2}/balance", account_api.fetch_balance)
    route.add_get(f"{V2}/whoami", account_api.who_am_i)
