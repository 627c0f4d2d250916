import json

import pytest

from leadrails.core.phone import normalise
from leadrails.embedded.replies import REPLIES
from leadrails.embedded.samples import FILE, load_samples

RESERVED_ELSEWHERE = ("+4917139200", "+3319900")  # set aside for fiction there


def phones(run):
    found = [sample.event["lead"].get("phone") for sample in load_samples(run=run)]
    return [e164 for raw in found if (e164 := normalise(raw, "US").e164)]


def test_there_are_enough_and_of_every_kind():
    samples = load_samples(run=0)
    assert len(samples) >= 25
    assert {sample.expect.state for sample in samples} == {
        "delivered",
        "read",
        "sent",
        "undelivered",
        "dead",
        "skipped",
        "unrouted",
    }
    assert any(sample.expect.attempts == 2 for sample in samples)
    assert any(sample.is_posted_twice for sample in samples)


def test_nobody_real_is_written_to():
    for run in range(100):
        for phone in phones(run):
            is_fiction = normalise(phone, None).is_reserved
            assert is_fiction or phone.startswith(RESERVED_ELSEWHERE), phone


def test_each_lead_of_a_run_has_a_number_of_its_own():
    for run in range(100):
        found = phones(run)
        assert len(found) == len(set(found))


def test_a_person_is_written_to_by_few_runs_of_a_day():
    numbers = [phone for run in range(20) for phone in phones(run)]
    assert max(map(numbers.count, numbers)) <= 5


def test_the_file_keeps_what_a_run_fills_in():
    assert "{area}" in json.dumps(json.loads(FILE.read_text(encoding="utf-8")))


@pytest.mark.parametrize("vendor", ["Twilio", "Telnyx"])
def test_rcs_is_shown_with_both_providers(vendor):
    by_rcs = f"By RCS and {vendor}"
    mine = [s for s in load_samples(run=0) if s.name.startswith(by_rcs)]
    falls_back = [s.expect.more or s.expect.channel == "sms" for s in mine]
    answered = {one.split()[0] for s in mine for one in s.expect.answered}
    taps = ["button" in REPLIES.get(s.name, {}) for s in mine]
    assert any(falls_back)
    assert any(taps)
    assert "read" in {s.expect.state for s in mine}
    assert answered == {"reply", "follow_up"}


def test_who_writes_back_is_in_the_file():
    assert REPLIES.keys() <= {sample.name for sample in load_samples(run=0)}
