"""Work that overlaps with itself only where that is meant."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

Given = ParamSpec("Given")


def one_at_a_time(work: Callable[Given, object]) -> Callable[Given, None]:
    """
    Let one thread of the process do it; others leave at once.

    For what may wait for slow servers: rounds that overlap would take all threads of
    a worker. What comes meanwhile is found by the same round or by the next.
    """
    turn = threading.Lock()

    @wraps(work)
    def alone(*args: Given.args, **kwargs: Given.kwargs) -> None:
        if turn.acquire(blocking=False):
            try:
                work(*args, **kwargs)
            finally:
                turn.release()

    return alone
