import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from leadrails.tenants import devices, sessions
from leadrails.tenants.models import AuditEntry, Session
from tests.make import make_tenant, make_user

pytestmark = pytest.mark.django_db


def make_sessions(count, *, ends_in):
    Session.objects.bulk_create(
        Session(
            session_key=f"{ends_in}{number}"[-40:],
            session_data="",
            expire_date=timezone.now() + ends_in,
        )
        for number in range(count)
    )


def test_sessions_that_ran_out_go_in_small_batches(monkeypatch):
    monkeypatch.setattr(sessions, "BATCH", 2)
    make_sessions(5, ends_in=-timedelta(minutes=1))
    make_sessions(1, ends_in=timedelta(minutes=1))
    assert sessions.forget_ended_sessions() == 5
    assert Session.objects.get().expire_date > timezone.now()


FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19 Safari/604"


def give_password(agent, address):
    client = Client(REMOTE_ADDR=address, headers={"User-Agent": agent})
    body = {"username": "ann@example.com", "password": "pw"}
    assert client.post("/account/login", body).status_code == 302
    return client


def test_a_person_sees_their_browsers_and_nobody_elses():
    make_user(make_tenant(), email="ann@example.com")
    here = give_password(FIREFOX, "203.0.113.1")
    give_password(SAFARI, "203.0.113.2")
    other = Client(headers={"User-Agent": "curl/8"})
    other.force_login(make_user())

    page = here.get("/account/sessions").content.decode()

    rows = [text for text in page.split("<tr>") if "203.0.113." in text]
    assert "Firefox on Windows" in rows[0]
    assert "This browser" in rows[0]
    assert "203.0.113.1" in rows[0]
    assert "Safari on iPhone" in rows[1]
    assert "This browser" not in rows[1]
    assert len(rows) == 2
    assert "curl" not in page


def test_one_browser_is_logged_out_by_its_own_button():
    make_user(make_tenant(), email="ann@example.com")
    here = give_password(FIREFOX, "203.0.113.1")
    lost = give_password(SAFARI, "203.0.113.2")
    kept = give_password(SAFARI, "203.0.113.3")
    stranger = Client()
    stranger.force_login(make_user())
    page = here.get("/account/sessions").content.decode()
    (row,) = [text for text in page.split("<tr>") if "203.0.113.2" in text]
    url = re.search(r'href="(/account/sessions/\w{32}/end)"', row)[1]
    keys = Session.objects.values_list("session_key", flat=True)
    assert not any(key in page for key in keys)

    assert stranger.get(url).status_code == 404
    stranger.post(url)
    assert lost.get("/account/sessions").status_code == 200
    assert "Log out Safari on iPhone?" in here.get(url).content.decode()
    here.post(url)
    here.post(url)  # the second of two clicks finds nothing to do

    assert lost.get("/account/sessions").status_code == 302
    assert here.get("/account/sessions").status_code == 200
    assert kept.get("/account/sessions").status_code == 200
    assert AuditEntry.objects.get().details == {"count": 1}


def test_logging_out_elsewhere_leaves_this_browser_and_other_people():
    ann = make_user(make_tenant(), email="ann@example.com")
    here, elsewhere, other = (
        give_password(FIREFOX, ""),
        give_password(SAFARI, ""),
        Client(),
    )
    other.force_login(make_user())

    here.post("/account/sessions/end")

    assert here.get("/account/sessions").status_code == 200
    assert elsewhere.get("/account/sessions").status_code == 302
    assert other.get("/account/sessions").status_code == 200
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.details) == ("member.sessions_ended", {"count": 1})
    assert entry.actor == ann


def test_being_used_is_noted_once_in_five_minutes(client, django_assert_num_queries):
    client.force_login(make_user())
    past = timezone.now() - timedelta(minutes=6)
    Session.objects.update(seen_at=past, began_at=past)

    client.get("/account/profile", REMOTE_ADDR="203.0.113.9")
    session = Session.objects.get()
    client.get("/account/profile", REMOTE_ADDR="203.0.113.10")

    assert session.seen_at > past
    assert session.began_at == past
    assert Session.objects.get().address == "203.0.113.9"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (SAFARI, "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux) Chrome/140 Safari/537 Edg/140", "Edge on Linux"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/140 Safari/537", "Chrome on Android"),
        ("curl/8.0", "curl"),
        ("", "Unknown browser"),
        ("\u202e<script>", "Unknown browser"),
    ],
)
def test_a_browser_is_named_in_words(agent, words):
    assert devices.describe(agent) == words


def test_pages_are_in_the_language_that_a_person_chose(client, settings):
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    client.force_login(make_user(make_tenant(), language=""))
    page = client.get("/account/profile", headers={"Accept-Language": "en"})
    body = {"name": "", "time_zone": "", "language": "de"}
    client.post("/account/profile", body)

    chosen = client.get("/account/profile", headers={"Accept-Language": "en"})

    assert "Deutsch" in page.content.decode()
    assert '<html lang="en"' in page.content.decode()
    assert '<html lang="de"' in chosen.content.decode()
    assert chosen.headers["Content-Language"] == "de"
