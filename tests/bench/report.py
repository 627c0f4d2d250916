"""
One JSON object a line for each figure, beside its limit; said to people on stderr.

    report(Figure(name="claim_of_200", value=3.1, unit="ms", target=5.0, met=True, …))
"""

import json
import os
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """
    A value as it was measured, beside what was measured with it in the same run.

    `ratio` is how far the value is from its limit; which way round it is divided,
    `limit_is` says. `target` is what `ratio` is held against, or the value itself
    where the target is a time or a size: `met` knows. Both are None where a figure
    is told for its own sake. `excused` is why a missed target is missed.
    """

    name: str
    value: float
    unit: str
    limit: float | None
    limit_is: str
    ratio: float | None
    target: float | None
    met: bool | None
    excused: str = ""
    runs: int = 1


def report(figure: Figure, excuse: str = "") -> Figure:
    """Print it. `excuse` is told only if the target was missed."""
    fields = asdict(figure)
    if figure.met is False and excuse:
        fields["excused"] = excuse
    for name in ("value", "limit", "ratio", "target"):
        if fields[name] is not None:
            fields[name] = _rounded(fields[name])
    print(json.dumps(fields), flush=True)
    return Figure(**fields)


def say(text: str) -> None:
    """For whoever watches; standard output holds figures only."""
    load = os.getloadavg()[0]
    print(f"{text} (load {load:.1f} of {os.cpu_count()})", file=sys.stderr, flush=True)


def _rounded(number: float) -> float:
    """Three digits that count."""
    return float(f"{number:.3g}") if abs(number) < 100 else round(number)
