"""What clients may change besides messages: held in memory, kept in the ledger."""

from collections.abc import Mapping
from typing import Any

from destinations.simulator.ledger import Ledger

Json = dict[str, Any]
_NOTHING: Json = {}


class Store:
    """Things by account and kind, each with a name of its own."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._things: dict[tuple[str, str], Json] = {}
        for account, kind, name, fields in ledger.things():
            self._things.setdefault((account, kind), {})[name] = fields

    def all(self, account: str, kind: str) -> Mapping[str, Any]:
        return self._things.get((account, kind), _NOTHING)

    def get(self, account: str, kind: str, name: str) -> Any:
        """None when it is not there."""
        return self.all(account, kind).get(name)

    def put(self, account: str, kind: str, name: str, fields: Any) -> None:
        self._things.setdefault((account, kind), {})[name] = fields
        self._ledger.save_thing(account, kind, name, fields)

    def drop(self, account: str, kind: str, name: str) -> None:
        if self._things.get((account, kind), {}).pop(name, None) is not None:
            self._ledger.save_thing(account, kind, name, None)
