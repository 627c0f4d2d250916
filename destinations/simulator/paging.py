"""Pages of both APIs. They go by key: a token names the last item."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from destinations.simulator.errors import ApiError

Json = dict[str, Any]
DEFAULT_SIZE, MAX_SIZE = 50, 1000
AFTER, BEFORE = "PA", "PB"


@dataclass(frozen=True, slots=True)
class Page:
    """`after` and `before` hold a SID each; at most one is set."""

    path: str
    filters: tuple[tuple[str, str], ...]
    size: int
    index: int
    after: str = ""
    before: str = ""

    def uri(self, index: int, token: str = "") -> str:
        query = [*self.filters, ("PageSize", str(self.size)), ("Page", str(index))]
        if token:
            query.append(("PageToken", token))
        return f"{self.path}?{urlencode(query)}"

    def show(self, key: str, items: Sequence[Json], *, has_more: bool) -> Json:
        """`has_more`: in the direction that was asked for."""
        has_next = bool(items) and (has_more or bool(self.before))
        has_previous = bool(items) and self.index > 0
        start = self.index * self.size
        following = (
            self.uri(self.index + 1, AFTER + items[-1]["sid"]) if has_next else None
        )
        preceding = (
            self.uri(self.index - 1, BEFORE + items[0]["sid"]) if has_previous else None
        )
        token = AFTER + self.after if self.after else ""
        token = BEFORE + self.before if self.before else token
        return {
            "end": max(start + len(items) - 1, 0),
            "first_page_uri": self.uri(0),
            key: items,
            "next_page_uri": following,
            "page": self.index,
            "page_size": self.size,
            "previous_page_uri": preceding,
            "start": start,
            "uri": self.uri(self.index, token),
        }

    def show_with_meta(
        self, key: str, items: Sequence[Json], *, has_more: bool, origin: str
    ) -> Json:
        """As the APIs newer than that of 2010 have it: absolute URLs, all in `meta`."""
        shown = self.show(key, items, has_more=has_more)
        renamed = {"first_page_uri", "next_page_uri", "previous_page_uri", "uri"}
        urls = {
            f"{name[:-1]}l": origin + shown[name] if shown[name] else None
            for name in renamed
        }
        meta = {"key": key, "page": shown["page"], "page_size": shown["page_size"]}
        return {key: items, "meta": dict(sorted({**meta, **urls}.items()))}

    def cut(self, items: Sequence[Json]) -> tuple[Sequence[Json], bool]:
        """Return this page of a list that is at hand, and whether there is more."""
        sids = [item["sid"] for item in items]
        token = self.after or self.before
        if token and token not in sids:
            raise ApiError(20001, "Unknown PageToken")
        begin = sids.index(self.after) + 1 if self.after else 0
        if self.before:
            begin = max(sids.index(self.before) - self.size, 0)
        end = begin + self.size
        return items[begin:end], len(items) > end


def page_of(request: web.Request, known_filters: Sequence[str]) -> Page:
    query = request.query
    token = query.get("PageToken", "")
    return Page(
        path=request.path,
        filters=tuple((k, v) for k, v in query.items() if k in known_filters),
        size=_number(query.get("PageSize", ""), DEFAULT_SIZE, 1, MAX_SIZE),
        index=_number(query.get("Page", ""), 0, 0, 2**31),
        after=token[2:] if token.startswith(AFTER) else "",
        before=token[2:] if token.startswith(BEFORE) else "",
    )


def _number(text: str, default: int, low: int, high: int) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and low <= int(text)):
        raise ApiError(20001, "Page and PageSize are numbers")
    return min(int(text), high)
