"""Wake-ups over a real Redis, to a drain that lingers."""

import asyncio
import threading
import time

import pytest
import redis
from django.conf import settings as live_settings
from django.db import connection

from leadrails import statements
from leadrails.jobs.loop import SenderLoop
from leadrails.jobs.models import Job
from leadrails.jobs.wake import Bell, Waker, channel
from tests.make import make_job


def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not (done := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return done


@pytest.fixture
def broker():
    with redis.Redis.from_url(live_settings.REDIS_URL) as client:
        yield client


@pytest.fixture
def bell():
    """A bell of its own queue, listening on a loop of its own; `rings` counts."""
    rings, silence = [], threading.Event()
    bell = Bell("test-bell", lambda: rings.append(time.monotonic()))
    bell.rings = rings

    async def listen():
        listening = asyncio.create_task(bell.listen())
        await asyncio.to_thread(silence.wait)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)

    thread = threading.Thread(target=asyncio.run, args=[listen()])
    thread.start()
    assert until(lambda: bell.is_heard)
    yield bell
    silence.set()
    thread.join()


def test_a_waker_rings_the_bell_and_sends_no_task(bell, broker):
    waker = Waker("jobs.nothing", "test-bell")
    for _ in range(2):  # at the second ring all that the first one did is over
        before = len(bell.rings)
        waker.wake()
        assert until(lambda before=before: len(bell.rings) > before)
    assert broker.llen("test-bell") == 0


def test_a_waker_whom_nobody_hears_sends_one_task(broker):
    broker.delete("test-tasks")
    waker = Waker("jobs.nothing", "test-tasks")
    waker.wake()
    assert until(lambda: broker.llen("test-tasks") == 1)
    broker.delete("test-tasks")


def test_tasks_of_one_queue_do_not_wait_for_each_other(broker):
    broker.delete("test-tasks")
    for task in ("jobs.one", "jobs.other"):
        Waker(task, "test-tasks", quiet=60).wake()
    assert until(lambda: broker.llen("test-tasks") == 2)
    broker.delete("test-tasks", "leadrails:wake:jobs.one", "leadrails:wake:jobs.other")


def test_a_bell_hears_again_after_redis_dropped_it(bell, broker):
    before = len(bell.rings)
    broker.client_kill_filter(_type="pubsub")
    assert until(lambda: len(bell.rings) > before), "it looks after a gap"
    assert until(lambda: broker.publish(channel("test-bell"), b"") == 1)


def test_a_bell_ends_whenever_it_is_cancelled(monkeypatch):
    monkeypatch.setattr("leadrails.jobs.wake.PING_EVERY", 0.05)

    async def ends_after(seconds):
        listening = asyncio.create_task(Bell("test-bell", lambda: None).listen())
        await asyncio.sleep(seconds)
        listening.cancel()
        await asyncio.wait({listening}, timeout=5)
        return listening.done()

    async def end_at_any_time():  # connecting takes some milliseconds
        for at in range(100):
            assert await ends_after(at / 10_000)

    asyncio.run(end_at_any_time())


@pytest.mark.django_db(transaction=True)
def test_a_lingering_drain_sends_what_is_announced(simulator, settings):
    settings.LEADRAILS_SIMULATOR_URL = simulator.url
    loop = SenderLoop(linger=30)
    running = threading.Thread(target=loop.run)
    running.start()
    assert until(lambda: loop.drain is not None and loop.drain._bell.is_heard)

    job = make_job()
    Waker("jobs.drain", "drain").wake()

    def is_accepted():
        return Job.objects.get(pk=job.pk).state == "accepted"

    assert until(is_accepted, seconds=25)
    loop.stop()
    running.join(30)
    assert not running.is_alive()
    loop.close()


@pytest.mark.django_db(transaction=True)
def test_a_statement_survives_a_lost_connection():
    statements.run("SELECT 1")
    ((backend,),) = statements.run("SELECT pg_backend_pid()")
    ended = "SELECT pg_terminate_backend(%(pid)s)"
    with connection.copy().cursor() as other:
        other.execute(ended, {"pid": backend})
        other.connection.close()
    ((again,),) = statements.run("SELECT pg_backend_pid()")
    assert again != backend
