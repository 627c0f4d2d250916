"""
python -m tests.chaos.summary report.jsonl > docs/chaos-report.md

Turns the lines of a run into a page: what was done, what came of it, what holds.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos import checker
from tests.chaos.report import share

Lines = dict[str, list[dict]]

LEDGERS = {
    "posts": "leads that clients posted",
    "answered": "of these, answered with 202",
    "repeated": "posted more than once until then",
    "leads": "leads stored",
    "jobs": "jobs made",
    "replays": "of these, replays a person asked for",
    "attempts": "attempts",
    "messages": "messages that the providers took",
    "by_telnyx": "of these, Telnyx, which keeps no list of them",
    "by_rcs": "messages by RCS",
    "fallbacks": "plain texts that went in their place",
    "follow_ups": "messages that followed up",
    "labelled": "jobs labelled as possible duplicates",
    "doubled": "jobs that the provider took twice",
    "never_told": "messages whose last status no callback brought",
    "months": "old months made and dropped",
}


def page(lines: Iterable[dict]) -> str:
    by_kind: Lines = {}
    for line in lines:
        by_kind.setdefault(line["kind"], []).append(line)
    sections = [
        _beginning(by_kind),
        _faults(by_kind),
        _ledgers(by_kind),
        _invariants(by_kind),
        _recoveries(by_kind),
        _doubts(by_kind),
    ]
    return "\n\n".join(sections) + "\n"


def _beginning(found: Lines) -> str:
    begin, over, settled = (
        found[kind][0] for kind in ("begin", "faults_over", "settled")
    )
    kills = over["kills"]
    is_good = found["end"][0]["is_good"]
    when = datetime.fromtimestamp(begin["at"], UTC)
    machine = ", ".join(f"{name}: {what}" for name, what in begin["machine"].items())
    return (
        f"# A run of chaos: {kills} kills\n\n"
        f"`make chaos N={begin['kills']} SEED={begin['seed']}` on {when:%-d %B %Y}:"
        f" {kills} kills in {_minutes(over['seconds'])}, one every"
        f" {over['seconds'] / max(kills, 1):.1f} s; all settled"
        f" {_minutes(settled['seconds'])} later."
        f" **{'All invariants hold.' if is_good else 'Not all invariants hold.'}**"
        " What is killed and what must hold, [chaos](chaos.md) says.\n\n"
        f"Machine: {machine}. This page was made from the run's own lines by"
        " `make chaos-report`."
    )


def _faults(found: Lines) -> str:
    counts = Counter(line["what"] for line in found.get("fault", []))
    rows = [[f"`{what}`", str(count)] for what, count in sorted(counts.items())]
    total = sum(counts.values())
    return f"## Faults\n\n{total} in all.\n\n" + _table(["Fault", "Times"], rows)


def _ledgers(found: Lines) -> str:
    figures = found["figures"][0]
    rows = [
        [words, f"{figures[name]:,}"]
        for name, words in LEDGERS.items()
        if name in figures
    ]
    for name, count in sorted(figures["states"].items()):
        rows.append([f"jobs *{name}*", f"{count:,}"])
    for name, count in sorted(figures["outcomes"].items()):
        rows.append([f"attempts that came to *{name}*", f"{count:,}"])
    return "## Ledgers\n\n" + _table(["What", "How many"], rows)


def _invariants(found: Lines) -> str:
    words = {one.__name__: one.__doc__ for one in checker.INVARIANTS}
    rows = []
    for line in found["invariant"]:
        name = line["name"]
        first = (words.get(name) or "").strip().partition("\n\n")[0]
        result = f"broken: {line['breaches']}" if line["breaches"] else "holds"
        rows.append([f"`{name}`", " ".join(first.split()), result])
    return "## Invariants\n\n" + _table(["Name", "In words", "Result"], rows)


def _recoveries(found: Lines) -> str:
    times = found["recovery"][0]["seconds"]
    everything = [value for values in times.values() for value in values]
    rows = [_spread(f"`{what}`", values) for what, values in sorted(times.items())]
    rows.append(_spread("all", everything))
    return (
        "## Recovery\n\nSeconds from a fault to the provider's acceptance of the first"
        " lead posted after it. The faults that follow meanwhile count, too: at this"
        " pace a drain is killed about every ten seconds, and needs some of them to"
        " start.\n\n" + _table(["Fault", "Times", *SPREAD], rows)
    )


def _doubts(found: Lines) -> str:
    seconds = found["doubts"][0]["seconds"]
    rows = [_spread(when, values) for when, values in seconds.items()]
    return (
        "## Doubts\n\nSeconds for which a job's outcome was unknown, until it was"
        " settled; *after the last fault* counts from then.\n\n"
        + _table(["When", "Times", *SPREAD], rows)
    )


SPREAD = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "longest": 1.0}


def _spread(name: str, values: Sequence[float]) -> list[str]:
    parts = [f"{share(values, p):.1f}" if values else "–" for p in SPREAD.values()]
    return [name, str(len(values)), *parts]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def main() -> int:
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    sys.stdout.write(page(json.loads(line) for line in text.splitlines()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
