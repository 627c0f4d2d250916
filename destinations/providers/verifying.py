"""The two steps of *Verify connection* that are the same for every provider."""

from collections.abc import Awaitable, Callable

from destinations.providers.base import Verification
from leadrails.core.delivery import RateLimited, SendError


async def in_two_steps(
    credentials: Awaitable[Verification],
    hints: Callable[[Verification], Awaitable[Verification]],
    *,
    busy: Verification,
    unreachable: Verification,
) -> Verification:
    """
    Return what the credentials are worth, with hints if they are good.

    Args:
        hints: adds to a good result; without an answer that result stands.
        busy, unreachable: what to say if the credentials could not be checked.
    """
    try:
        result = await credentials
    except RateLimited:
        return busy
    except SendError:
        return unreachable
    if not result.ok:
        return result
    try:
        return await hints(result)
    except SendError:
        return result
