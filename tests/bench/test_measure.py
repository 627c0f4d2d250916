import json
import subprocess
import sys

from tests.bench.measure import cpu_seconds, interleave, memory_mb, percentile, tree
from tests.bench.report import Figure, report

BURN = "import time\nwhile time.process_time() < 0.5: pass\nprint(flush=True)\ninput()"
KEYS = "name value unit limit limit_is ratio target met excused runs"


def test_the_cpu_of_children_counts_and_waiting_does_not():
    command = ["sh", "-c", f"'{sys.executable}' -c '{BURN}'; :"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as shell:
        shell.stdout.readline()
        assert len(tree(shell.pid)) == 2
        assert 0.4 < cpu_seconds(shell.pid) < 2
        assert memory_mb(shell.pid) > 0
        shell.communicate(b"\n")


def test_works_run_in_turn_and_the_first_round_is_left_out():
    calls = []
    works = {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}
    found = interleave(2, works)
    assert calls == ["b", "a", "a", "b", "b", "a"]
    assert {name: len(results) for name, results in found.items()} == {"a": 2, "b": 2}


def test_a_percentile_is_one_of_the_values():
    assert percentile([5, 1, 4, 2, 3], 0.5) == 3
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile([7], 0.99) == 7


def test_an_excuse_is_told_only_for_a_missed_target(capsys):
    fields = {"name": "x", "value": 1.23456, "unit": "ms", "limit": None}
    fields |= {"limit_is": "", "ratio": None, "target": 1.0}
    report(Figure(**fields, met=False), excuse="The disk is slow.")
    report(Figure(**fields, met=True), excuse="The disk is slow.")
    missed, met = map(json.loads, capsys.readouterr().out.splitlines())
    assert list(missed) == KEYS.split()
    assert (missed["value"], missed["excused"]) == (1.23, "The disk is slow.")
    assert met["excused"] == ""
