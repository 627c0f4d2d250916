"""
Account and service calls through the official library, over our own connections.

The library knows where each resource is and how it is asked for. Connections, their
time limits and what a failure of the network means stay ours, and nothing is repeated:
`Pooled` hands every request to the session. Import this module only when a call is
made: the library is large.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from twilio.base.exceptions import TwilioException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from destinations.providers.answers import Answer, Auth
from destinations.providers.twilio_verification import messaging_url
from leadrails.core.delivery import OutcomeUnknown

if TYPE_CHECKING:
    from destinations.providers.http import ProviderSession
    from destinations.providers.twilio import TwilioSMS

# What the library raises: for refusals, and for answers that are not as it expects.
_RAISED = (TwilioException, AttributeError, KeyError, TypeError, ValueError)
_NO_ENVIRONMENT = {"TWILIO_": ""}  # the process's own variables are not its settings


class Pooled(AsyncHttpClient):
    """Keeps the last answer, since the library's exceptions tell less of it."""

    def __init__(self, http: ProviderSession, auth: Auth) -> None:
        super().__init__(logging.getLogger(__name__), is_async=True)
        self._http = http
        self._auth = auth
        self.answer: Answer | None = None

    async def request(  # type: ignore[override] # as the library's own classes do
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,  # noqa: ARG002 - the session's go
        auth: tuple[str, str] | None = None,  # noqa: ARG002
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
        allow_redirects: bool = False,  # noqa: ARG002
    ) -> Response:
        """Our key is sent, not the library's, which never gets to know one."""
        if method == "GET":
            found = await self._http.get_json(
                uri, params=_texts(params), auth=self._auth
            )
        else:
            pairs = _texts(data).items()
            found = await self._http.post_form(uri, pairs, auth=self._auth)
        self.answer = found
        return Response(found.status, json.dumps(dict(found.body)))


async def ask(
    provider: TwilioSMS,
    http: ProviderSession,
    auth: Auth,
    call: Callable[[Client], Awaitable[object]],
) -> Answer:
    """
    Make one call of the library's and return Twilio's answer, a refusal too.

    Raises:
        SendError: there was no usable answer.
    """
    pooled = Pooled(http, auth)
    make: Any = Client  # untyped
    client = make(
        provider.account_sid,
        "unused",
        http_client=pooled,
        environment=_NO_ENVIRONMENT,
    )
    client.api.base_url = provider.base_url
    client.messaging.base_url = messaging_url(provider.base_url)
    with suppress(*_RAISED):
        await call(client)
    if pooled.answer is None:
        raise OutcomeUnknown("Twilio's library made no request")
    return pooled.answer


def _texts(given: dict[str, object] | None) -> dict[str, str]:
    found = given or {}
    return {name: str(value) for name, value in found.items() if value is not None}
