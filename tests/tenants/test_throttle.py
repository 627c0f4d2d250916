from datetime import timedelta

import pytest
from django.utils import timezone

from leadrails.tenants import addresses, throttle
from leadrails.tenants.models import LoginTry
from leadrails.tenants.throttle import Act

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def tries(number, email="ann@example.com", address="203.0.113.1", now=NOW):
    return [throttle.begin_try(email, address, now=now) for _ in range(number)]


def test_the_sixth_try_is_refused():
    assert tries(7) == [True] * 5 + [False] * 2


def test_upper_case_and_spaces_are_the_same_person():
    tries(5)

    assert tries(1, email=" ANN@example.com ") == [False]


def test_others_are_not_slowed_down():
    tries(6)

    assert tries(1, email="bob@example.com") == [True]
    assert tries(1, address="203.0.113.2") == [True]


def test_a_quarter_of_an_hour_later_all_is_forgotten():
    tries(6)
    later = NOW + throttle.WINDOW + timedelta(seconds=1)

    assert tries(1, now=later) == [True]
    assert LoginTry.objects.filter(at=later).count() == LoginTry.objects.count()


def test_being_refused_does_not_prolong_the_wait():
    tries(5)
    tries(3, now=NOW + timedelta(minutes=14))

    assert tries(1, now=NOW + timedelta(minutes=16)) == [True]


def test_neither_e_mail_nor_address_is_kept():
    tries(1)

    for row in LoginTry.objects.all():
        assert len(bytes(row.key)) == 32
        assert b"ann" not in bytes(row.key)


@pytest.mark.parametrize(
    ("trusted", "address"), [(True, "198.51.100.7"), (False, "127.0.0.1")]
)
def test_only_a_trusted_proxy_is_believed(rf, settings, trusted, address):
    settings.LEADRAILS_TRUSTED_PROXY = trusted
    request = rf.get("/", headers={"X-Forwarded-For": "10.0.0.1, 198.51.100.7"})

    assert addresses.address_of(request) == address


def test_guessing_at_one_person_from_many_addresses_ends_too():
    most, _of_address = throttle._WIDER[Act.FACTOR]
    allowed = [
        throttle.begin_try("ann", f"203.0.113.{n}", now=NOW, act=Act.FACTOR)
        for n in range(most + 1)
    ]

    assert allowed == [True] * most + [False]


def test_guessing_at_many_people_from_one_address_ends_too():
    _of_person, most = throttle._WIDER[Act.RESET]
    allowed = [
        throttle.begin_try(f"{n}@example.com", "203.0.113.1", now=NOW, act=Act.RESET)
        for n in range(most + 1)
    ]

    assert allowed == [True] * most + [False]


def test_an_account_of_ones_own_does_not_wash_off_guesses_at_others():
    _of_person, most = throttle._WIDER[Act.LOGIN]
    for n in range(most - 1):
        assert throttle.begin_try(f"{n}@example.com", "203.0.113.1", now=NOW)
    assert throttle.begin_try("own@example.com", "203.0.113.1", now=NOW)
    throttle.forget_tries("own@example.com", "203.0.113.1")

    assert throttle.begin_try("a@example.com", "203.0.113.1", now=NOW)
    assert not throttle.begin_try("b@example.com", "203.0.113.1", now=NOW)


def test_each_act_is_counted_by_itself():
    tries(6)

    assert throttle.begin_try("ann@example.com", "203.0.113.1", now=NOW, act=Act.PROOF)
