"""The flood of callbacks, all of them Telnyx's, which are signed anew when posted."""

from collections.abc import Iterator
from typing import Any

from tests.bench.callback_flood import Flood, figures
from tests.bench.report import Figure
from tests.bench.world import Size, World


def measure(world: World, size: Size) -> Iterator[Figure]:
    flood = Flood(world, size, _make_ways)
    yield from figures("telnyx_callback", [flood.run()])


def _make_ways(tenant: Any, **fields: Any) -> list[Any]:
    from tests.webhooks.telnyx import make_place

    return [make_place(tenant=tenant, **fields)]
