import os
import stat
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import redis

from leadrails.embedded.guard import alive
from leadrails.embedded.places import Unusable, data_folder
from leadrails.embedded.stack import Stack

pytestmark = pytest.mark.usefixtures("no_servers_named")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Making a database is slow; most tests leave it as they found it."""
    folder = tmp_path_factory.mktemp("shared") / "state"
    stack = Stack(folder, servers_only=True, log=lambda *_: None)
    yield stack
    stack.destroy()


@pytest.fixture
def stack(shared):
    """Stopped; every test starts it itself."""
    yield shared
    shared.stop()


@pytest.fixture
def make_stack(tmp_path):
    made = []

    def make(name="state", **changes):
        arguments = {"servers_only": True, "log": lambda *_: None, **changes}
        made.append(Stack(tmp_path / name, **arguments))
        return made[-1]

    yield make
    for stack in made:
        stack.destroy()


def ask(stack, query, *values):
    with psycopg.connect(stack.urls["database"], autocommit=True) as connection:
        cursor = connection.execute(query, values)
        return cursor.fetchone()[0] if cursor.description else None


def test_a_second_start_keeps_the_data_and_the_addresses(stack):
    with stack:
        ask(stack, "CREATE TABLE seen (thing text)")
        urls = stack.urls
    with stack:
        assert ask(stack, "SELECT count(*) FROM seen") == 0
        assert stack.urls == urls


def test_nothing_runs_after_it_was_stopped(stack):
    with stack:
        pids = list(stack.pids.values())
        assert all(alive(pid) for pid in pids)
    assert not any(alive(pid) for pid in pids)


def test_two_start_at_once_and_run_side_by_side(make_stack):
    stacks = [make_stack("one"), make_stack("two")]
    with ThreadPoolExecutor() as pool:
        list(pool.map(Stack.start, stacks))
    addresses = {url for stack in stacks for url in stack.urls.values()}
    assert len(addresses) == 4
    assert [ask(stack, "SELECT 1") for stack in stacks] == [1, 1]


def test_the_database_is_durable_and_asks_for_a_password(stack):
    with stack:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert ask(stack, "SELECT current_setting(%s)", setting) == "on"
        url = stack.urls["database"]
        secret = url.partition("@")[0].rpartition(":")[2]
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(url.replace(secret, "guess"))


def test_the_application_is_no_superuser_but_may_make_test_databases(stack):
    with stack:
        rights = "SELECT rolsuper::text || rolcreatedb FROM pg_roles"
        assert ask(stack, f"{rights} WHERE rolname = current_user") == "falsetrue"
        ask(stack, "CREATE EXTENSION pg_trgm")


def test_redis_asks_for_a_password(stack):
    with stack:
        with redis.from_url(stack.urls["redis"]) as known:
            assert known.ping()
        address = stack.urls["redis"].rpartition("@")[2]
        with (
            redis.from_url(f"redis://{address}") as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()


def test_a_killed_database_comes_back_with_what_was_committed(stack):
    with stack:
        ask(stack, "CREATE TABLE kept (thing text)")
        stack.kill("postgres", stay_dead=True)
        stack.restart("postgres")
        assert ask(stack, "SELECT count(*) FROM kept") == 0


def test_a_pid_file_whose_number_is_now_anothers_does_not_keep_it_from_starting(
    stack,
):
    with stack:
        stack.kill("postgres", stay_dead=True)
    file = data_folder(stack.state_dir) / "data" / "postmaster.pid"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    with stack:
        assert ask(stack, "SELECT 1") == 1


def test_data_whose_secrets_are_gone_makes_way_for_a_new_start(make_stack):
    with make_stack() as stack:
        ask(stack, "CREATE TABLE kept (thing text)")
    (stack.state_dir / "secrets.json").unlink()
    with make_stack() as stack:
        assert ask(stack, "SELECT to_regclass('kept')") is None


def test_secrets_are_for_the_owner_only(stack):
    with stack:
        for name in ("secrets.json", "ports.json"):
            mode = (stack.state_dir / name).stat().st_mode
            assert stat.S_IMODE(mode) == 0o600
        assert stat.S_IMODE(stack.state_dir.stat().st_mode) == 0o700
        assert stat.S_IMODE(data_folder(stack.state_dir).stat().st_mode) == 0o700


def test_servers_named_by_the_environment_are_used_as_they_are(make_stack, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@db.example/leads")
    monkeypatch.setenv("REDIS_URL", "redis://cache.example/0")
    with make_stack() as stack:
        assert stack.pids == {}
        assert stack.env["DATABASE_URL"] == "postgres://u:p@db.example/leads"
        assert stack.env["REDIS_URL"] == "redis://cache.example/0"


def test_one_server_named_without_the_other_is_refused(make_stack, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@db.example/leads")
    with pytest.raises(Unusable, match="both DATABASE_URL and REDIS_URL"):
        make_stack().start()


def test_what_destroy_leaves_is_nothing(make_stack):
    stack = make_stack().start()
    folder = data_folder(stack.state_dir)
    stack.destroy()
    assert not folder.exists()
    assert not stack.state_dir.exists()
