"""Smart Encoding: characters that would make a text UCS-2, replaced by plain ones."""

from functools import lru_cache

from destinations.simulator.numbers import table


@lru_cache(maxsize=1)
def _replacements() -> dict[int, str]:
    by_text = table("smart_encoding")["replaced_by"]
    return {
        int(point, 16): text
        for text, points in by_text.items()
        for point in points.split()
    }


def encode(text: str) -> str:
    return text if text.isascii() else text.translate(_replacements())
