"""
Second factors: codes of an app (TOTP), passkeys (WebAuthn) and recovery codes.

allauth keeps them and checks what is shown of them; this module is the only one that
knows it. Pages, throttle, mail and audit are ours: none of allauth's URLs, forms or
templates is in use, so it opens no sign-up and no second login page.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Any
from uuid import UUID

import qrcode
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from leadrails.tenants.models import User

Kind = Authenticator.Type
SECOND = (Kind.TOTP, Kind.WEBAUTHN)
"""Kinds that make a login need two; recovery codes only stand in for them."""


def refused() -> ValidationError:
    return ValidationError(_("That did not fit. Try again."), code="refused")


def has_second(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type__in=SECOND).exists())


def people_with_second(people: Iterable[UUID]) -> set[UUID]:
    """Return those of the user ids who have an app or a passkey."""
    rows = Authenticator.objects.filter(user__in=list(people), type__in=SECOND)
    return set(rows.values_list("user_id", flat=True))


def app_of(user: User) -> Authenticator | None:
    found: Authenticator | None = Authenticator.objects.filter(
        user=user, type=Kind.TOTP
    ).first()
    return found


def passkeys_of(user: User) -> list[Authenticator]:
    keys = Authenticator.objects.filter(user=user, type=Kind.WEBAUTHN)
    return list(keys.order_by("created_at"))


def own_passkey(user: User, pk: int) -> Authenticator:
    """
    Return the person's passkey.

    Raises:
        Http404: there is none, or it is somebody else's.
    """
    found = Authenticator.objects.filter(user=user, type=Kind.WEBAUTHN, pk=pk).first()
    if found is None:
        raise Http404
    return found


def remove(factor: Authenticator) -> None:
    """Recovery codes go with the last app or passkey that they stand in for."""
    user = factor.user
    factor.delete()
    if not has_second(user):
        Authenticator.objects.filter(user=user).delete()


def remove_all(user: User) -> int:
    """Return how many there were."""
    removed, _by_model = Authenticator.objects.filter(user=user).delete()
    return int(removed)


# Codes -----------------------------------------------------------------------


def new_secret() -> str:
    return str(totp.generate_totp_secret())


def address_of_secret(user: User, secret: str) -> str:
    """Return the `otpauth:` address that an app reads from a QR code."""
    return str(get_adapter().build_totp_url(user, secret))


def qr_path(text: str) -> tuple[str, int]:
    """Return a QR code as an SVG path of squares, and how wide it is in squares."""
    code = qrcode.QRCode(border=2)
    code.add_data(text)
    rows = code.get_matrix()
    bars = []
    for y, row in enumerate(rows):
        x = 0
        for is_dark, run in groupby(row):
            width = len(list(run))
            if is_dark:
                bars.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width
    return "".join(bars), len(rows)


@transaction.atomic
def add_app(user: User, secret: str, code: str) -> Authenticator:
    """
    Keep the app whose code shows that it knows the secret.

    Raises:
        ValidationError: the code does not fit, or there is an app already.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if app_of(user):
        raise ValidationError(_("An app is set up already. Remove it first."))
    counter = _counter_of(secret, code)
    if counter is None:
        raise refused()
    made = totp.TOTP.activate(user, secret).instance
    _use(made, counter)
    return made


@transaction.atomic
def check_code(user: User, code: str) -> Authenticator | None:
    """
    Use up a code of the person's app or, if it is longer, a recovery code.

    Codes work once: one that was read over a shoulder is worth nothing a second later.
    """
    rows = Authenticator.objects.select_for_update().filter(user=user)
    if app := rows.filter(type=Kind.TOTP).first():
        counter = _counter_of(totp.decrypt(app.data["secret"]), code)
        if counter is not None and counter > app.data.get("counter", 0):
            _use(app, counter)
            return app
    spare = rows.filter(type=Kind.RECOVERY_CODES).first()
    if spare and has_second(user) and RecoveryCodes(spare).validate_code(code):
        spare.refresh_from_db()
        spare.record_usage()
        return spare
    return None


def _counter_of(secret: str, code: str) -> int | None:
    """The half minute that the code is of, if it is about now."""
    counter: int
    for counter in totp.yield_hotp_counters_from_time():
        expected = totp.format_hotp_value(totp.hotp_value(secret, counter))
        if totp.compare_user_code(actual=code, expected=expected):
            return counter
    return None


def _use(app: Authenticator, counter: int) -> None:
    app.data["counter"] = counter
    app.save(update_fields=["data"])
    app.record_usage()


@transaction.atomic
def recovery_codes(user: User, *, renew: bool = False) -> list[str]:
    """Return those not used yet; the first time, or if renewed, ten new ones."""
    User.objects.select_for_update().get(pk=user.pk)
    if not has_second(user):
        return []
    if renew:
        Authenticator.objects.filter(user=user, type=Kind.RECOVERY_CODES).delete()
    return list(RecoveryCodes.activate(user).get_unused_codes())


def count_recovery_codes(user: User) -> int:
    kept = Authenticator.objects.filter(user=user, type=Kind.RECOVERY_CODES).first()
    return len(RecoveryCodes(kept).get_unused_codes()) if kept else 0


# Passkeys: allauth keeps the challenge in the session of the request ----------


def passkey_options(user: User | None) -> dict[str, Any]:
    """What the browser asks for a passkey with; of anybody if `user` is None."""
    return _plain(webauthn.begin_authentication(user))


def new_passkey_options(user: User) -> dict[str, Any]:
    return _plain(webauthn.begin_registration(user, passwordless=True))


def add_passkey(user: User, name: str, credential: Any) -> Authenticator:
    """
    Keep what the browser made for `new_passkey_options`.

    Raises:
        ValidationError: it does not fit the challenge.
    """
    try:
        webauthn.parse_registration_response(credential)
        webauthn.complete_registration(credential)
    except _MALFORMED:
        raise refused() from None
    name = name.strip()[:100] or _("Passkey")
    return webauthn.WebAuthn.add(user, name, credential).instance


def check_passkey(user: User | None, credential: Any) -> Authenticator:
    """
    Return the passkey that answered `passkey_options`; its user is who logs in.

    Raises:
        ValidationError: it does not fit the challenge, or is nobody's.
    """
    try:
        webauthn.parse_authentication_response(credential)
        person = user or webauthn.extract_user_from_response(credential)
        found = webauthn.complete_authentication(person, credential)
    except _MALFORMED:
        raise refused() from None
    if not person.is_active:
        raise refused()
    found.record_usage()
    return found


def passkey_name(factor: Authenticator) -> str:
    return str(factor.wrap().name)


# Whatever somebody makes up in place of a browser's answer.
_MALFORMED = (ValidationError, ValueError, TypeError, KeyError, AttributeError)


def _plain(options: dict[str, Any]) -> dict[str, Any]:
    public: dict[str, Any] = options["publicKey"]
    return public
