"""Secrets move to the newest master key, in place, and nothing is lost."""

import base64
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from destinations import credentials, services
from destinations.models import Destination
from destinations.rotation import rotate_credentials
from leadrails.core.crypto import Keyring, Place
from leadrails.leads.models import SigningKey
from leadrails.tenants import factors
from tests.make import make_destination, make_signing_key, make_source, make_user
from tests.tenants.people import SECRET, add_app, code_of

pytestmark = pytest.mark.django_db

OLD = "1:" + base64.b64encode(b"a" * 32).decode()
NEW = "2:" + base64.b64encode(b"b" * 32).decode()


@pytest.fixture
def stored(settings):
    settings.LEADRAILS_KEYRING = Keyring.parse(OLD)
    destinations = [make_destination() for _ in range(3)]
    _, secret = make_signing_key(make_source())
    settings.LEADRAILS_KEYRING = Keyring.parse(f"{OLD},{NEW}")
    return destinations, secret


def run(**options):
    out, err = StringIO(), StringIO()
    try:
        call_command("rotate_credentials", stdout=out, stderr=err, **options)
    except CommandError as error:
        err.write(f"{error}\n")
    return out.getvalue(), err.getvalue()


def test_everything_moves_in_batches_and_the_old_key_is_free(stored, settings):
    destinations, secret = stored
    before = [credentials.open_credentials(row) for row in destinations]

    out, err = run(batch=2)

    assert "Moved 4 secret(s) to key 2." in out
    assert "Key 2: 4 secret(s).\nNo older key is needed any more." in out
    assert err == ""
    settings.LEADRAILS_KEYRING = Keyring.parse(NEW)
    rows = [Destination.objects.get(pk=row.pk) for row in destinations]
    assert [credentials.open_credentials(row) for row in rows] == before
    assert [row.updated_at for row in rows] == [row.updated_at for row in destinations]
    key = SigningKey.objects.get()
    place = Place(key.tenant_id, "leads_signingkey", key.id, "secret")
    assert settings.LEADRAILS_KEYRING.decrypt(key.secret, place) == secret


def test_second_factors_move_too(settings):
    settings.LEADRAILS_KEYRING = Keyring.parse(OLD)
    ann = make_user()
    add_app(ann)
    codes = factors.recovery_codes(ann)
    settings.LEADRAILS_KEYRING = Keyring.parse(f"{OLD},{NEW}")

    out, err = run()

    assert "Moved 2 secret(s) to key 2." in out
    assert err == ""
    settings.LEADRAILS_KEYRING = Keyring.parse(NEW)
    assert factors.check_code(ann, code_of(SECRET))
    assert factors.recovery_codes(ann) == codes


def test_a_second_run_moves_nothing(stored):
    run()
    assert "Moved 0 secret(s)" in run()[0]


def test_a_rehearsal_changes_nothing(stored):
    out, _ = run(dry_run=True)
    assert "Would move 4 secret(s) to key 2." in out
    assert "Key 1: 4 secret(s)." in out
    assert rotate_credentials(is_rehearsal=True).moved == 4


def test_a_secret_that_cannot_be_read_is_named_and_left(stored, settings):
    lost = stored[0][0]
    Destination.objects.filter(pk=lost.pk).update(
        credentials=stored[0][1].credentials  # another row's: it does not fit here
    )
    out, err = run()
    assert "Moved 3 secret(s)" in out
    assert "Still needed: key 1." in out
    assert lost.public_id in err
    assert "1 secret(s) cannot be read" in err


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_wrong_key_under_the_right_number_is_noticed(stored, settings, dry_run):
    wrong = base64.b64encode(b"another key of thirty-two bytes!").decode()
    settings.LEADRAILS_KEYRING = Keyring.parse(f"1:{wrong}")
    out, err = run(dry_run=dry_run)
    assert "No older key is needed" not in out
    assert "4 secret(s) cannot be read" in err


def test_fingerprints_follow_the_key(settings):
    settings.LEADRAILS_KEYRING = Keyring.parse(OLD)
    one, other = make_destination(), make_destination()
    for row in (one, other):
        services.update_destination(row, actor=None, name="Same number")
        Destination.objects.filter(pk=row.pk).update(
            is_simulated=False,
            fingerprint=credentials.fingerprint(
                row.kind, row.config, is_simulated=False
            ),
        )
    one.refresh_from_db()
    assert credentials.shares_sender(one)
    settings.LEADRAILS_KEYRING = Keyring.parse(f"{OLD},{NEW}")
    run()
    old = bytes(one.fingerprint)
    one.refresh_from_db()
    assert bytes(one.fingerprint) != old
    assert credentials.shares_sender(one)
