"""*Verify connection* against the real simulator, and against what is not there."""

import socket
import threading
import time

import pytest

from destinations import services
from destinations.models import Destination
from destinations.verification import verify_connection
from leadrails.tenants.models import AuditEntry
from tests.make import make_destination, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def simulated(settings, simulator):
    settings.LEADRAILS_SIMULATOR_URL = simulator.url
    return simulator


def test_right_credentials_are_told_in_one_sentence_and_kept(simulated):
    destination = make_destination()
    user = make_user(destination.tenant)

    result = verify_connection(destination, actor=user)

    assert (result.ok, result.code) == (True, "good"), result
    destination = Destination.objects.get(pk=destination.pk)
    assert destination.verification["sentence"] == result.sentence
    assert destination.verified_at is not None
    act = AuditEntry.objects.for_tenant(destination.tenant).get()
    assert (act.action, act.actor) == ("destination.verified", user)
    assert act.details == {"ok": True, "code": "good"}


def test_a_wrong_token_is_told(simulated):
    destination = make_destination(credentials={"auth_token": "0" * 32})
    result = verify_connection(destination, actor=None)
    assert (result.ok, result.code) == (False, "wrong_secret")
    assert "0" * 32 not in str(Destination.objects.get(pk=destination.pk).verification)


def test_a_suspended_account_is_told(simulated):
    destination = make_destination()
    simulated.configure(destination.config["account_sid"], status="suspended")
    assert verify_connection(destination, actor=None).code == "suspended"


def test_nobody_there_is_told(settings):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.LEADRAILS_SIMULATOR_URL = f"http://127.0.0.1:{free.getsockname()[1]}"
    result = verify_connection(make_destination(), actor=None)
    assert (result.ok, result.code) == (False, "unreachable")


def test_silence_ends_in_time(settings):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.LEADRAILS_SIMULATOR_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        result = verify_connection(make_destination(), actor=None, timeout=0.5)
        assert time.monotonic() - began < 5
    assert not result.ok
    assert result.code in {"unreachable", "timeout"}


def test_credentials_that_cannot_be_decrypted_are_told():
    destination = make_destination()
    Destination.objects.filter(pk=destination.pk).update(
        credentials=make_destination().credentials
    )
    destination = Destination.objects.get(pk=destination.pk)
    assert verify_connection(destination, actor=None).code == "unreadable"


def test_an_answer_about_old_settings_is_not_kept(simulated):
    destination = make_destination()
    services.update_destination(
        Destination.objects.get(pk=destination.pk), actor=None, name="Changed since"
    )
    verify_connection(destination, actor=None)
    assert Destination.objects.get(pk=destination.pk).verification == {}


def test_it_works_in_any_thread(simulated):
    """A web server's threads have no event loop."""
    from destinations.credentials import provider_for
    from destinations.verification import TIMEOUT, _ask

    destination, found = make_destination(), []
    assert provider_for(destination)
    thread = threading.Thread(target=lambda: found.append(_ask(destination, TIMEOUT)))
    thread.start()
    thread.join()
    assert found[0].ok
