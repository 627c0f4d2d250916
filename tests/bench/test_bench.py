"""A little of every benchmark: each figure comes, whole, from processes that work."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.__main__ import NAMES
from tests.bench.list_pages import PAGES, PREVIEWS

ROOT = Path(__file__).resolve().parents[2]
KEYS = ["name", "value", "unit", "limit", "limit_is"]
KEYS += ["ratio", "target", "met", "excused", "runs"]
NAUGHT = {"callback_flood_wrong", "telnyx_callback_flood_wrong"}
UNLIMITED = {
    "one_process_memory",
    "list_pages_queries",
    "list_pages_bytes",
    *NAUGHT,
}
UNTARGETED = {
    "intake_postgresql_cpu_per_lead",
    "load_of_200",
    "callback_store",
    "callback_worked_off_p99_at_500_a_second",
    "telnyx_callback_worked_off_p99_at_500_a_second",
    *(f"page_{name}_p95" for name in PAGES if name.startswith(PREVIEWS)),
}
FIGURES = {
    "dispatch_cpu_per_job",
    "dispatch_cpu_beside_celery_task",
    "claim_of_200",
    "list_page_p95",
    "callback_update",
    "callback_answer_p99_at_500_a_second",
    "telnyx_callback_answer_p99_at_500_a_second",
    "one_process_1000_in_flight",
    "two_drain_processes",
    "intake_cpu_per_lead",
    "intake_p50_one_client",
    "intake_p99_one_client",
    "speed_to_lead_p50",
    "speed_to_lead_p95",
    "accepted_to_provider_p95_at_200_a_second",
    "accepted_to_provider_p99_at_200_a_second",
    "single_lead_during_flood_p99",
    "flood_throughput_beside_single_leads",
    *(f"page_{name}_p95" for name in PAGES),
    *UNLIMITED,
    *UNTARGETED,
}


def bench(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "tests.bench", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(1200)
def test_every_benchmark_measures_what_it_says():
    done = bench("--small")
    figures = {}
    for line in done.stdout.splitlines():
        fields = json.loads(line)
        assert list(fields) == KEYS
        figures[fields["name"]] = fields
    assert set(figures) == FIGURES, done.stderr[-10_000:]
    for name, fields in figures.items():
        assert (fields["value"] == 0) == (name in NAUGHT), name
        assert (fields["limit"] is None) == (name in UNLIMITED), name
        assert (fields["target"] is None) == (name in UNTARGETED), name
        assert (fields["met"] is None) == (name in UNTARGETED), name
        assert name in UNLIMITED or fields["ratio"] > 0, name


def test_an_unknown_benchmark_is_answered_with_those_there_are():
    done = bench("speed")
    assert done.returncode == 2
    assert all(name in done.stdout for name in NAMES)
