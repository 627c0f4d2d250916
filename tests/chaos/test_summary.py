import re

from leadrails.embedded.places import PROJECT
from tests.chaos.checker import INVARIANTS
from tests.chaos.ledgers import Move
from tests.chaos.report import doubts, spread
from tests.chaos.summary import page

FIGURES = {
    "kills": 2,
    "posts": 1200,
    "answered": 1200,
    "repeated": 3,
    "leads": 1200,
    "jobs": 1300,
    "replays": 1,
    "attempts": 1400,
    "messages": 1250,
    "by_telnyx": 300,
    "by_rcs": 400,
    "fallbacks": 30,
    "follow_ups": 20,
    "states": {"delivered": 1300},
    "outcomes": {"accepted": 1250, "absent": 150},
    "stops": [1.0],
    "labelled": 4,
    "doubled": 2,
    "never_told": 12,
    "months": 1,
}


def lines(*, breaches=0):
    yield {"kind": "begin", "at": 1.7e9, "seed": 7, "kills": 2, "machine": {"a": "b"}}
    yield {"kind": "fault", "at": 1.7e9, "what": "drain", "seconds": 0}
    yield {"kind": "fault", "at": 1.7e9, "what": "drain", "seconds": 0}
    yield {"kind": "faults_over", "at": 1.7e9, "kills": 2, "seconds": 121}
    yield {"kind": "settled", "at": 1.7e9, "seconds": 61.5, "left": {}}
    yield {"kind": "recovery", "at": 1.7e9, "seconds": {"drain": [1.0, 2.0]}}
    yield {"kind": "doubts", "at": 1.7e9, "seconds": {"during the run": []}}
    yield {"kind": "figures", "at": 1.7e9, **FIGURES}
    for invariant in INVARIANTS:
        name = invariant.__name__
        yield {"kind": "invariant", "at": 1.7e9, "name": name, "breaches": breaches}
    yield {"kind": "end", "at": 1.7e9, "is_good": not breaches}


def test_a_page_tells_what_was_done_and_what_holds():
    text = page(lines())
    assert "2 kills in 2 min 1 s" in text
    assert "All invariants hold" in text
    assert "| `drain` | 2 | 1.0 | 2.0 | 2.0 | 2.0 |" in text
    assert "| leads stored | 1,200 |" in text
    assert text.count("| holds |") == len(INVARIANTS)
    assert "/" not in text.replace("](", "")


def test_a_page_says_what_is_broken():
    text = page(lines(breaches=3))
    assert "Not all invariants hold" in text
    assert "| broken: 3 |" in text


def test_a_doubt_lasts_from_unknown_to_what_follows():
    moves = [
        Move(job_id=1, old="sending", new="unknown", at=10.0),
        Move(job_id=2, old="sending", new="unknown", at=11.0),
        Move(job_id=1, old="unknown", new="accepted", at=14.0),
        Move(job_id=2, old="unknown", new="retrying", at=31.0),
    ]
    assert doubts(moves) == [4.0, 20.0]
    assert doubts(moves, since=21.0) == [10.0]


def test_a_spread_names_the_longest():
    assert spread([]) == "none"
    assert spread([3.0, 1.0]) == "2, p50 1.0 s, p95 3.0 s, p99 3.0 s, longest 3.0 s"


def test_the_page_on_chaos_names_every_invariant_and_no_other():
    text = (PROJECT / "docs" / "chaos.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert named == [invariant.__name__ for invariant in INVARIANTS]
