from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leadrails.leads import retention
from leadrails.leads.models import IdempotencyKey, Nonce

pytestmark = pytest.mark.django_db


def make_nonces(count, age):
    at = timezone.now() - age
    Nonce.objects.bulk_create(
        Nonce(key_id=uuid4(), nonce=uuid4(), created_at=at) for _ in range(count)
    )


def make_keys(count, age):
    IdempotencyKey.objects.bulk_create(
        IdempotencyKey(
            tenant_id=uuid4(),
            source_id=uuid4(),
            key=str(number),
            body_sha256=b"",
            lead_id=uuid4(),
            job_count=1,
            workflow="default",
            created_at=timezone.now() - age,
        )
        for number in range(count)
    )


def test_nonces_go_after_a_quarter_of_an_hour_and_keys_after_thirty_days():
    make_nonces(3, timedelta(minutes=16))
    make_nonces(2, timedelta(minutes=14))
    make_keys(4, timedelta(days=31))
    make_keys(1, timedelta(days=29))
    assert retention.forget_old_keys() == 7
    assert (Nonce.objects.count(), IdempotencyKey.objects.count()) == (2, 1)


def test_many_go_in_small_batches(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 10)
    make_nonces(35, timedelta(hours=1))
    with CaptureQueriesContext(connection) as queries:
        assert retention.forget_old_keys() == 35
    assert len(queries) == 5  # four batches of nonces, and a look at the keys
    assert Nonce.objects.count() == 0
