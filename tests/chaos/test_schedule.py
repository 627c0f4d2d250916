import re
from itertools import islice
from pathlib import Path

from tests.chaos import schedule
from tests.chaos.ledgers import Message, Post
from tests.chaos.report import recoveries

ROOT = Path(__file__).resolve().parents[2]


def points_in_the_code():
    folders = ("leadrails", "webhooks", "destinations")
    files = [file for name in folders for file in (ROOT / name).rglob("*.py")]
    texts = [file.read_text(encoding="utf-8") for file in files]
    return {p for text in texts for p in re.findall(r'crash_here\("(\w+)"\)', text)}


def test_the_same_seed_makes_the_same_schedule():
    assert list(islice(schedule.kills(7), 200)) == list(islice(schedule.kills(7), 200))
    assert list(islice(schedule.kills(7), 5)) != list(islice(schedule.kills(8), 5))


def test_a_kill_comes_every_three_seconds_at_least():
    assert max(fault.gap for fault in islice(schedule.kills(1), 500)) <= 3


def test_a_short_run_meets_every_kind_of_fault():
    kinds = {fault.what for fault in islice(schedule.kills(1), len(schedule.KILLS))}
    assert kinds == set(schedule.KILLS)


def test_every_point_in_the_code_is_armed_and_no_other():
    assert points_in_the_code() == set(schedule.POINTS)


def test_recovery_is_the_time_to_the_first_success_that_began_after_the_fault():
    posts = [
        Post(key=str(at), tenant_id=None, phone="", token="", first_at=at, lead_id=lead)
        for at, lead in [(1.0, 1), (5.0, 2), (6.0, 3)]
    ]
    messages = [make_message(lead, at) for lead, at in [(1, 4.9), (2, 9.0), (3, 7.5)]]
    jobs = {1: 1, 2: 2, 3: 3}

    times = recoveries([(4.5, "kill"), (9.5, "late")], posts, messages, jobs)

    assert times == {"kill": [3.0]}


def make_message(job, at):
    return Message(
        sid=f"SM{job}",
        account="",
        to="",
        body="",
        status="delivered",
        words=("delivered",),
        received_at=at,
        job_id=job,
        attempt=1,
        is_told=True,
    )
