"""Files that phones sent, for whoever has the link, as at the provider."""

from aiohttp import web

from destinations.simulator.media_api import stored_media


async def open_media(request: web.Request) -> web.Response:
    return await stored_media(request, request.match_info["media"])
