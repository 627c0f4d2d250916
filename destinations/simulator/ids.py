"""
Random ids of the simulator's own.

They name things and protect nothing, so a generator seeded once will do; asking the
kernel for each took a tenth of a message's time.
"""

from random import Random, SystemRandom

_rng = Random(SystemRandom().getrandbits(128))  # noqa: S311 - names, not secrets


def hex_digits(count: int) -> str:
    return f"{_rng.getrandbits(count * 4):0{count}x}"


def token() -> str:
    """Formed like the provider's: a version 4 UUID."""
    digits = hex_digits(30)
    variant = "89ab"[_rng.getrandbits(2)]
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}"
        f"-{variant}{digits[15:18]}-{digits[18:]}"
    )
