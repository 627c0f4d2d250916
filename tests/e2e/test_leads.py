"""A lead's whole way, over real sockets and through the real workers."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.e2e.visitor import Visitor

FLOOD = 100
LONGEST = 0.050
"""Seconds in which 99 of 100 leads are answered, whatever Redis does."""
BUSY = 3
"""Times as long as with Redis at work may they take where that alone is longer."""


def test_a_signed_lead_is_delivered_once_and_shown(system):
    phone = system.new_phone()
    post = system.sign(system.acme, phone, first_name="Ada", last_name="Byron")

    answer = system.send(post)
    assert answer.status == 202
    assert answer.fields["status"] == "accepted"
    assert answer.fields["delivery_job_count"] == 1
    (job,) = system.wait_for_jobs([answer.lead_id], "delivered")

    (message,) = system.simulator.ledger(to=phone)
    assert message["sid"] == job["provider_id"]
    assert message["account"] == system.acme.account_sid
    assert message["body"].startswith("Hi Ada, thanks for asking about plumbing.")

    key = post.headers["X-LR-Idempotency-Key"]
    signed_anew = system.sign_body(system.acme, post.body, key=key)
    for repeat in (post, signed_anew):
        again = system.send(repeat)
        assert (again.status, again.fields["status"]) == (202, "already_accepted")
        assert again.fields["event_id"] == answer.fields["event_id"]
    system.settle()
    assert len(system.jobs(answer.lead_id)) == 1
    assert system.messages_to([phone]) == {phone: 1}

    page = Visitor(system.web_url).log_in(system.acme).open("/t/acme/jobs/")
    (row,) = [row for row in page.rows() if phone in row]
    assert "Ada Byron" in row
    assert "Delivered" in row
    assert "Sales SMS" in row


def test_a_lead_goes_out_by_telnyx_and_a_stop_comes_back(system):
    phone = system.new_phone()
    lead = system.post(system.acme, phone, service_type="electrical").lead_id
    (job,) = system.wait_for_jobs([lead], "delivered")
    account = SimpleNamespace(sid=system.acme.account_sid, sender=job["sender"])

    system.simulator.write(account, "Stop", sender=phone)

    def stopped():
        return system.query(
            "SELECT reason FROM contacts_suppression WHERE phone = %s", phone
        )

    assert [row["reason"] for row in system.wait(stopped, "a suppression")] == [
        "opted_out"
    ]
    (said,) = system.query(
        "SELECT * FROM contacts_inboundmessage WHERE phone = %s", phone
    )
    assert (said["job_id"], said["opt_out"], said["is_answered"]) == (
        job["id"],
        "stop",
        True,
    )


def test_leads_are_answered_at_once_and_delivered_once_while_redis_is_frozen(system):
    # Each thread of the web server has had a lead, and all are at rest.
    first = [system.post(system.acme, system.new_phone()).lead_id for _ in range(8)]
    system.wait_for_jobs(first, "delivered")
    usual = flood(system, [system.new_phone() for _ in range(FLOOD)])
    system.wait_for_jobs([answer.lead_id for answer in usual], "delivered")
    phones = [system.new_phone() for _ in range(FLOOD)]
    system.stack.freeze("redis")
    try:
        answers = flood(system, phones)
    finally:
        system.stack.thaw("redis")

    assert {answer.status for answer in answers} == {202}
    longest = max(LONGEST, BUSY * of_99(usual))
    assert of_99(answers) < longest, f"{of_99(answers):.4f}, {of_99(usual):.4f}"
    system.wait_for_jobs([answer.lead_id for answer in answers], "delivered")
    system.settle()
    assert system.messages_to(phones) == dict.fromkeys(phones, 1)


def flood(system, phones):
    with system.connection() as connection:
        return [
            system.send(system.sign(system.acme, phone), connection) for phone in phones
        ]


def of_99(answers):
    """The seconds in which 99 of 100 came."""
    return sorted(answer.seconds for answer in answers)[len(answers) * 99 // 100 - 1]


def kill_redis(system):
    killed = system.stack.pids["redis"]
    system.stack.kill("redis")
    yield
    system.wait(lambda: system.stack.pids["redis"] != killed, "another Redis")


def flush_redis(system):
    with system.redis() as redis:
        redis.flushall()
        yield
        redis.flushall()


@pytest.mark.parametrize("disaster", [kill_redis, flush_redis])
def test_leads_survive_the_loss_of_redis(system, disaster):
    phones = [system.new_phone() for _ in range(60)]
    course, leads = disaster(system), []
    for number, phone in enumerate(phones, 1):
        answer = system.post(system.acme, phone)
        assert answer.status == 202
        leads.append(answer.lead_id)
        if number % 20 == 0:
            next(course, None)

    system.wait_for_jobs(leads, "delivered")
    system.settle()
    assert system.messages_to(phones) == dict.fromkeys(phones, 1)


def test_who_works_off_what_is_stored_gives_way_to_who_answers(system):
    pids = system.stack.pids
    nice = {name: os.getpriority(os.PRIO_PROCESS, pid) for name, pid in pids.items()}
    assert nice["worker"] > nice["web"] == nice["drain"]

    groups = {name: Path(f"/proc/{pid}/autogroup") for name, pid in pids.items()}
    if groups["worker"].exists():  # where Linux shares among sessions
        assert [
            groups[name].read_text().split()[-1] for name in ("web", "drain", "worker")
        ] == ["0", "0", "5"]
