"""The `body` of what a phone sends to an RCS agent."""

import mimetypes
from hashlib import sha256
from typing import Any

from destinations.simulator.phone import Written

Json = dict[str, Any]


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def body(written: Written, media: list[Json]) -> Json:
    """A file, a place, a tap or a text; one of them, as in Google's own schema."""
    fields = written.fields
    if media:
        return {"user_file": {"payload": _file(media[0])}}
    if "Latitude" in fields:
        place = {name: float(fields[name.title()]) for name in _PLACE}
        return {"location": place}
    if "ButtonText" in fields:
        tap = {
            "postback_data": fields.get("ButtonPayload", ""),
            "text": fields["ButtonText"],
            "type": fields.get("ButtonType", "REPLY"),
        }
        return {"suggestion_response": tap}
    return {"text": written.body}


_PLACE = ("latitude", "longitude")


def _file(media: Json) -> Json:
    ending = mimetypes.guess_extension(media["content_type"]) or ".bin"
    return {
        "file_name": f"file{ending}",
        "file_size_bytes": media["size"],
        "file_uri": media["url"],
        "mime_type": media["content_type"],
    }
