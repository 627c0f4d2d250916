"""Proving that a phone is one's own: codes, their age, their tries and their pace."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from leadrails.core import ids
from leadrails.tenants import phones
from leadrails.tenants.models import AuditEntry, Membership, Role, User
from tests.make import make_tenant, make_user

pytestmark = pytest.mark.django_db

PHONE = "+12025550144"
OTHER = "+12025550155"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def ann(tenant):
    return make_user(tenant, Role.OPERATOR)


def fresh(user):
    return User.objects.get(pk=user.pk)


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def actions():
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_the_right_code_confirms_the_phone(ann, tenant, now):
    code = phones.begin(ann, PHONE, tenant=tenant, now=now)
    assert fresh(ann).confirmed_phone == ""

    phones.confirm(ann, code, now=now + timedelta(minutes=9))

    ann = fresh(ann)
    assert ann.confirmed_phone == PHONE
    assert ann.phone_confirmed_at == now + timedelta(minutes=9)
    assert ann.phone_code == ""


def test_the_code_has_six_digits_and_is_not_kept(ann, tenant, now):
    code = phones.begin(ann, PHONE, tenant=tenant, now=now)

    row = str(list(User.objects.filter(pk=ann.pk).values()))
    assert len(code) == 6
    assert code.isdecimal()
    assert code not in row.replace(str(ann.pk), "")
    assert len(fresh(ann).phone_code) == 64


def test_the_kept_hash_depends_on_the_servers_secret(ann, tenant, now, settings):
    code = phones.begin(ann, PHONE, tenant=tenant, now=now)
    settings.SECRET_KEY = "another-secret-key-" + "y" * 40

    with pytest.raises(ValidationError):
        phones.confirm(ann, code, now=now)


def test_the_acts_are_audited_with_the_number_masked(ann, tenant, now):
    second = make_tenant()
    Membership.objects.create(tenant=second, user=ann, role=Role.VIEWER)

    code = phones.begin(ann, PHONE, tenant=tenant, now=now)
    phones.confirm(ann, code, now=now)
    phones.remove(ann)

    assert actions() == [
        "member.phone_code_requested",
        *["member.phone_confirmed"] * 2,
        *["member.phone_removed"] * 2,
    ]
    for act in AuditEntry.objects.all():
        assert (act.actor, act.subject) == (ann, ann.public_id)
        assert PHONE not in str(act.details)
        assert "+1••••••0144" in str(act.details)
    in_second = AuditEntry.objects.for_tenant(second)
    assert not in_second.filter(action=phones.REQUESTED).exists()


def test_five_wrong_codes_end_the_code(ann, tenant, now):
    code = phones.begin(ann, PHONE, tenant=tenant, now=now)
    told = []
    for _ in range(6):
        with pytest.raises(ValidationError) as caught:
            phones.confirm(ann, wrong(code), now=now)
        told += caught.value.message_dict["code"]

    with pytest.raises(ValidationError):
        phones.confirm(ann, code, now=now)

    assert "4 tries are left" in told[0]
    assert "1 try is left" in told[3]
    assert "the last try" in told[4]
    assert "too old or used up" in told[5]
    assert fresh(ann).confirmed_phone == ""
    assert actions() == [phones.REQUESTED]


def test_the_fifth_try_may_still_be_right(ann, tenant, now):
    code = phones.begin(ann, PHONE, tenant=tenant, now=now)
    for _ in range(4):
        with pytest.raises(ValidationError):
            phones.confirm(ann, wrong(code), now=now)

    phones.confirm(ann, code, now=now)

    assert fresh(ann).confirmed_phone == PHONE


def test_a_code_is_good_for_ten_minutes(ann, tenant, now):
    code = phones.begin(ann, PHONE, tenant=tenant, now=now)

    with pytest.raises(ValidationError) as caught:
        phones.confirm(ann, code, now=now + timedelta(minutes=10))

    assert "too old" in str(caught.value)
    assert fresh(ann).confirmed_phone == ""


def test_a_code_confirms_once(ann, tenant, now):
    code = phones.begin(ann, PHONE, tenant=tenant, now=now)
    phones.confirm(ann, code, now=now)
    phones.remove(ann)

    with pytest.raises(ValidationError):
        phones.confirm(ann, code, now=now)


def test_a_code_of_another_person_is_wrong(ann, tenant, now):
    bob = make_user(tenant)
    phones.begin(ann, PHONE, tenant=tenant, now=now)
    bobs = phones.begin(bob, PHONE, tenant=tenant, now=now)
    stolen = fresh(bob).phone_code
    User.objects.filter(pk=ann.pk).update(phone_code=stolen)

    with pytest.raises(ValidationError):
        phones.confirm(ann, bobs, now=now)


def test_a_code_for_another_number_is_wrong(ann, tenant, now):
    code = phones.begin(ann, PHONE, tenant=tenant, now=now)
    User.objects.filter(pk=ann.pk).update(phone=OTHER)

    with pytest.raises(ValidationError):
        phones.confirm(ann, code, now=now)


def test_without_a_code_nothing_is_confirmed(ann, now):
    for code in ("", "000000"):
        with pytest.raises(ValidationError):
            phones.confirm(ann, code, now=now)


def test_two_people_may_confirm_the_same_number(ann, tenant, now):
    bob = make_user(make_tenant())
    for user, where in ((ann, tenant), (bob, bob.memberships.get().tenant)):
        code = phones.begin(user, PHONE, tenant=where, now=now)
        phones.confirm(user, code, now=now)

    assert fresh(ann).confirmed_phone == fresh(bob).confirmed_phone == PHONE


def test_a_confirmed_number_is_not_replaced_in_passing(ann, tenant, now):
    code = phones.begin(ann, PHONE, tenant=tenant, now=now)
    phones.confirm(ann, code, now=now)

    with pytest.raises(ValidationError):
        phones.begin(ann, OTHER, tenant=tenant, now=now + timedelta(hours=1))

    assert fresh(ann).confirmed_phone == PHONE


# Pace ------------------------------------------------------------------------


def test_the_next_code_takes_a_minute(ann, tenant, now):
    first = phones.begin(ann, PHONE, tenant=tenant, now=now)

    with pytest.raises(ValidationError) as caught:
        phones.begin(ann, OTHER, tenant=tenant, now=now + timedelta(seconds=59))
    assert "in 2 seconds" in str(caught.value)
    assert fresh(ann).phone == PHONE

    second = phones.begin(ann, PHONE, tenant=tenant, now=now + timedelta(seconds=60))
    if first != second:  # one pair in a million is the same
        with pytest.raises(ValidationError):
            phones.confirm(ann, first, now=now + timedelta(seconds=61))
    phones.confirm(ann, second, now=now + timedelta(seconds=61))


def test_removing_the_number_does_not_get_around_the_pace(ann, tenant, now):
    phones.begin(ann, PHONE, tenant=tenant, now=now)
    phones.remove(ann)

    with pytest.raises(ValidationError):
        phones.begin(ann, OTHER, tenant=tenant, now=now + timedelta(seconds=5))


def test_a_code_that_was_not_sent_costs_no_waiting(ann, tenant, now):
    code = phones.begin(ann, PHONE, tenant=tenant, now=now)
    phones.withdraw(ann, code)

    assert not phones.is_pending(fresh(ann), now=now)
    assert fresh(ann).phone == ""
    assert phones.begin(ann, PHONE, tenant=tenant, now=now)


def test_withdrawing_an_old_code_leaves_the_new_one(ann, tenant, now):
    old = phones.begin(ann, PHONE, tenant=tenant, now=now)
    later = now + timedelta(minutes=2)
    code = phones.begin(ann, OTHER, tenant=tenant, now=later)
    phones.withdraw(ann, old)

    phones.confirm(ann, code, now=later)

    assert fresh(ann).confirmed_phone == OTHER


def test_ten_codes_a_day_over_all_workspaces_are_enough(ann, tenant):
    second = make_tenant()
    Membership.objects.create(tenant=second, user=ann, role=Role.OPERATOR)
    now = timezone.now()
    for number in range(10):
        where = tenant if number % 2 else second
        code = phones.begin(ann, PHONE, tenant=where, now=now)
        phones.withdraw(ann, code)

    with pytest.raises(ValidationError) as caught:
        phones.begin(ann, PHONE, tenant=tenant, now=now)
    assert "10 codes within a day" in str(caught.value)

    bob = make_user(tenant, Role.OPERATOR)
    assert phones.begin(bob, PHONE, tenant=tenant, now=now)


def test_codes_of_yesterday_do_not_count(ann, tenant):
    now = timezone.now()
    old = [
        AuditEntry(
            id=ids.uuid7_floor(now - timedelta(days=1, minutes=n + 1)),
            tenant=tenant,
            actor=ann,
            actor_name="Ann",
            action=phones.REQUESTED,
        )
        for n in range(20)
    ]
    AuditEntry.objects.bulk_create(old)

    assert phones.begin(ann, PHONE, tenant=tenant, now=now)


@pytest.mark.django_db(transaction=True)
def test_a_hundred_tries_at_once_are_five(now):
    tenant = make_tenant()
    ann = make_user(tenant)
    code = phones.begin(ann, PHONE, tenant=tenant, now=now)
    told, gate = [], Barrier(12)

    def guess():
        gate.wait()
        try:
            phones.confirm(ann, wrong(code), now=now)
        except ValidationError as error:
            told.append(str(error))
        connection.close()

    threads = [Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum("too old or used up" in text for text in told) == 12 - phones.MOST_TRIES
    with pytest.raises(ValidationError):
        phones.confirm(ann, code, now=now)
