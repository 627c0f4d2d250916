"""A picture to send: a sunrise over the sea, drawn here so that no file is needed."""

import struct
import zlib
from functools import lru_cache

WIDTH, HEIGHT = 320, 200
HORIZON = 140
SUN = (160, 128, 42)  # x, y, radius
Colour = tuple[int, int, int]


@lru_cache(maxsize=1)
def sunrise() -> bytes:
    """A PNG."""
    rows = b"".join(
        b"\0" + bytes(c for x in range(WIDTH) for c in _colour(x, y))
        for y in range(HEIGHT)
    )
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return (
        struct.pack(">I", len(data))
        + name
        + data
        + struct.pack(">I", zlib.crc32(name + data))
    )


def _colour(x: int, y: int) -> Colour:
    sun_x, sun_y, radius = SUN
    if y >= HORIZON:
        depth = (y - HORIZON) / (HEIGHT - HORIZON)
        glitter = abs(x - sun_x) < 12 + 60 * depth and (x * 7 + y * 13) % 11 < 3
        return (255, 214, 150) if glitter else _mix((64, 92, 150), (18, 32, 72), depth)
    distance = ((x - sun_x) ** 2 + (y - sun_y) ** 2) ** 0.5
    if distance < radius:
        return (255, 236, 170)
    sky = _mix((86, 66, 140), (255, 158, 110), y / HORIZON)
    return _mix((255, 220, 150), sky, min((distance - radius) / 70, 1))


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (
        int(a + (b - a) * share) for a, b in zip(one, other, strict=True)
    )
    return red, green, blue
