from datetime import timedelta

import pytest
from django.utils import timezone

from leadrails.tenants import sessions
from leadrails.tenants.models import Session

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
