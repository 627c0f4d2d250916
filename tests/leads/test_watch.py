"""A source that falls silent, when somebody asked to hear of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from leadrails.alerts.models import Alert
from leadrails.leads import sources, watch
from leadrails.leads.models import Lead, Source
from tests.make import make_lead, make_source

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(hours=24)


@pytest.fixture
def source():
    made = make_source(silent_after=DAY, watched_from=timezone.now())
    Source.objects.update(created_at=timezone.now() - timedelta(days=30))
    return made


def is_open():
    return Alert.objects.open().filter(kind="source_silent").exists()


def watched_for(age):
    Source.objects.update(watched_from=timezone.now() - age)


def test_a_silent_source_opens_an_alert_and_a_lead_closes_it(source):
    watched_for(timedelta(days=3))
    lead = make_lead(source)
    watch.watch()
    assert not is_open()

    Lead.objects.filter(pk=lead.pk).update(received_at=timezone.now() - 2 * DAY)
    watch.watch()
    alert = Alert.objects.get()
    assert (alert.source_id, alert.details) == (source.id, {"hours": 48})
    assert alert.scope == f"source:{source.public_id}"

    make_lead(source)
    watch.watch()
    assert not is_open()


def test_silence_is_counted_from_when_somebody_asked(source):
    watched_for(DAY / 2)
    watch.watch()
    assert not is_open()
    watched_for(2 * DAY)
    watch.watch()
    assert is_open()


def test_a_test_event_is_no_sign_of_life(source):
    watched_for(2 * DAY)
    make_lead(source, is_test=True)
    watch.watch()
    assert is_open()


@pytest.mark.parametrize("fields", [{"silent_after": None}, {"status": "paused"}])
def test_nothing_is_said_of_a_source_that_nobody_expects(source, fields):
    watched_for(2 * DAY)
    watch.watch()
    assert is_open()
    Source.objects.update(**fields)
    watch.watch()
    assert not is_open()


def test_the_alerts_of_a_revoked_source_close(source):
    watched_for(2 * DAY)
    watch.watch()
    Alert.objects.update(kind="source_ceiling")
    sources.revoke_source(source, actor=None)
    watch.watch()
    assert not Alert.objects.open().exists()


def test_another_sources_leads_are_not_heard(source):
    watched_for(2 * DAY)
    make_lead(make_source(source.tenant))
    make_lead(make_source())
    watch.watch()
    assert is_open()


def test_a_resumed_source_has_its_time_anew(source):
    watched_for(5 * DAY)
    sources.pause_source(source, actor=None)
    sources.resume_source(source, actor=None)
    watch.watch()
    assert not is_open()


@pytest.mark.parametrize(("hours", "is_watched"), [(24, True), (None, False)])
def test_setting_the_alarm_starts_the_clock(hours, is_watched):
    source = make_source()
    sources.update_source(
        source,
        name=source.name,
        allowed_site_url="",
        country="US",
        silent_after=timedelta(hours=hours) if hours else None,
        actor=None,
    )
    source.refresh_from_db()
    assert (source.watched_from is not None) is is_watched
