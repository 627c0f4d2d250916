"""How large a picture is, read from its first bytes; no image library is needed."""

import struct
from dataclasses import dataclass

_PNG = b"\x89PNG\r\n\x1a\n"
# Frame headers of JPEG: all SOFn but the tables between them.
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


@dataclass(frozen=True, slots=True)
class Picture:
    """`kind` is PNG or JPEG; sizes in pixels, `size` in bytes."""

    kind: str
    width: int
    height: int
    size: int


def read_picture(data: bytes) -> Picture | None:
    """Return what a PNG or JPEG file is; None for anything else or a broken one."""
    try:
        if data.startswith(_PNG) and data[12:16] == b"IHDR":
            width, height = struct.unpack(">II", data[16:24])
            return Picture("PNG", width, height, len(data))
        if data.startswith(b"\xff\xd8"):
            return _jpeg(data)
    except (struct.error, IndexError):
        pass
    return None


def _jpeg(data: bytes) -> Picture | None:
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return Picture("JPEG", width, height, len(data))
        at += 2 + length
    return None


def contrast_with_white(colour: str) -> float:
    """
    The contrast of `#RRGGBB` with white, from 1 to 21.

    Source: WCAG 2.2, "relative luminance" and "contrast ratio".
    """
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    red, green, blue = linear
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
