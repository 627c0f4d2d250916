"""Delays and random faults, set while the simulator runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from destinations.simulator.scenarios import CallbackFault, Fault

# Seconds. `queued`, `sent` and `final` follow one another after acceptance; `answer`
# is added to every answer, `callback` to every callback; `offline` is how long a
# carrier tries a handset in airplane mode, `fallback` how long RCS is waited for
# before a text takes its place; the others belong to faults.
DELAYS = {
    "queued": 0.02,
    "sent": 0.05,
    "final": 0.15,
    "answer": 0.0,
    "callback": 0.0,
    "offline": 120.0,
    "fallback": 2.0,
    "slow": 3.0,
    "hang": 60.0,
    "late": 3.0,
    "disorder": 2.0,
}
KINDS = {kind.value for kind in (*Fault, *CallbackFault)}


@dataclass
class Behaviour:
    delays: dict[str, float] = field(default_factory=lambda: dict(DELAYS))
    probabilities: dict[str, float] = field(default_factory=dict)
    account: str | None = None
    rng: Random = field(default_factory=Random)

    def delay(self, name: str) -> float:
        return self.delays[name]

    def request_fault(self, account: str) -> Fault | None:
        """At most one, so the probabilities of all kinds add up."""
        if not self.probabilities or self.account not in {None, account}:
            return None
        dice = self.rng.random()
        for kind in Fault:
            dice -= self.probabilities.get(kind, 0)
            if dice < 0:
                return kind
        return None

    def callback_fault(self, account: str) -> CallbackFault | None:
        if not self.probabilities or self.account not in {None, account}:
            return None
        dice = self.rng.random()
        for kind in CallbackFault:
            dice -= self.probabilities.get(kind, 0)
            if dice < 0:
                return kind
        return None

    def settings(self) -> dict[str, Any]:
        return {
            "account": self.account,
            "probabilities": self.probabilities,
            "delays": self.delays,
        }


def parse(raw: Mapping[str, Any]) -> Behaviour:
    """Raises ValueError with the field at fault."""
    if unknown := set(raw) - {"seed", "account", "probabilities", "delays"}:
        raise ValueError(f"unknown field {min(unknown)}")
    probabilities = _numbers(raw, "probabilities", KINDS)
    if max(probabilities.values(), default=0) > 1:
        raise ValueError("a probability is above 1")
    return Behaviour(
        delays={**DELAYS, **_numbers(raw, "delays", set(DELAYS))},
        probabilities=probabilities,
        account=raw.get("account"),
        rng=Random(raw.get("seed")),  # noqa: S311 - repeatable faults, no secrets
    )


def _numbers(raw: Mapping[str, Any], name: str, known: set[str]) -> dict[str, float]:
    values = raw.get(name, {})
    if not isinstance(values, dict):
        raise ValueError(f"{name} is not an object")
    for key, value in values.items():
        if key not in known:
            raise ValueError(f"unknown name {name}.{key}")
        if not isinstance(value, int | float) or value < 0:
            raise ValueError(f"{name}.{key} is not a number from 0")
    return values
