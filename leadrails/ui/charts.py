"""Geometry of the charts: numbers in, SVG coordinates out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TONES = ("ok", "waiting", "attention", "failed")


@dataclass(frozen=True, slots=True)
class Segment:
    tone: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """`slot` and `slot_width` are what the pointer may hit, `x` and `width` the ink."""

    slot: float
    slot_width: float
    x: float
    width: float
    label: str
    total: int
    counts: tuple[tuple[str, int], ...]
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    bars: tuple[Bar, ...]
    ceiling: int
    totals: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.totals.values())

    @property
    def half(self) -> int:
        return self.ceiling // 2

    @property
    def times(self) -> list[str]:
        """Labels under the chart: first, middle and last."""
        if not self.bars:
            return []
        return [self.bars[i].label for i in (0, len(self.bars) // 2, -1)]


def sparkline(values: Sequence[float], width: float = 100, height: float = 24) -> str:
    """Points of a polyline; the floor is zero, so that small noise stays small."""
    if len(values) < 2:
        values = [*values, *values] or [0, 0]
    top = max(*values, 0) or 1
    step = width / (len(values) - 1)
    inner = height - 2
    return " ".join(
        f"{i * step:.1f},{1 + inner - inner * max(v, 0) / top:.1f}"
        for i, v in enumerate(values)
    )


def nice_ceiling(value: int) -> int:
    """The smallest of 4, 5, 10, 20, 25, 40, 50, 100, … that is not below `value`."""
    if value <= 4:
        return 4
    magnitude = 1
    while True:
        for step in (5, 10, 20, 25, 40):
            if step * magnitude >= value:
                return step * magnitude
        magnitude *= 10


def stacked_bars(
    buckets: Sequence[Mapping[str, object]], width: float = 600, height: float = 160
) -> Chart:
    """
    Bars of a stacked chart, worst at the bottom where the eye compares best.

    Args:
        buckets: `{"label": str, "ok": int, "waiting": int, "attention": int,
            "failed": int}`, oldest first; a missing tone counts as 0.
    """
    rows = [(str(b.get("label", "")), _counts(b)) for b in buckets]
    ceiling = nice_ceiling(max((sum(c.values()) for _, c in rows), default=0))
    slot = width / max(len(rows), 1)
    gap = min(slot * 0.25, 8)
    bars = []
    for index, (label, counts) in enumerate(rows):
        segments, y = [], height
        for tone in reversed(TONES):
            size = height * counts[tone] / ceiling
            if size:
                y -= size
                segments.append(Segment(tone, round(y, 2), round(size, 2)))
        bars.append(
            Bar(
                slot=round(index * slot, 2),
                slot_width=round(slot, 2),
                x=round(index * slot + gap / 2, 2),
                width=round(slot - gap, 2),
                label=label,
                total=sum(counts.values()),
                counts=tuple((t, n) for t, n in counts.items() if n),
                segments=tuple(segments),
            )
        )
    totals = {tone: sum(counts[tone] for _, counts in rows) for tone in TONES}
    return Chart(tuple(bars), ceiling, totals)


def _counts(bucket: Mapping[str, object]) -> dict[str, int]:
    return {tone: int(str(bucket.get(tone) or 0)) for tone in TONES}
