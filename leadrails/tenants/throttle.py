"""
Slows guessing: five tries by one person from one address in 15 minutes.

A try is written before the secret is looked at, so that a hundred guesses at once
count as a hundred; success takes it back. It lives in the database: Redis may be
flushed at any time, and a process's own memory is not shared with the others.

Two wider limits catch guessing that changes the person or the address each time. They
are wide enough for an office behind one address, and for a person whom somebody else
is trying to keep out.
"""

import hmac
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from leadrails.tenants.models import LoginTry

MOST_FAILURES = 5
WINDOW = timedelta(minutes=15)
_ANY = ""


class Act(StrEnum):
    """What is tried; each is counted by itself."""

    LOGIN = "login"
    FACTOR = "factor"
    PASSKEY = "passkey"
    PROOF = "proof"
    RESET = "reset"
    INVITATION = "invitation"
    NEW_EMAIL = "new_email"


# By act: most tries of one person, whatever their address; most of one address.
# Whoever is asked for a second factor has given the password, so nobody else can use
# their tries up. An invitation's and a new address's person is who sends them.
_WIDER = {
    Act.LOGIN: (100, 50),
    Act.FACTOR: (10, 50),
    Act.PASSKEY: (None, 50),
    Act.PROOF: (10, 50),
    Act.RESET: (10, 30),
    Act.INVITATION: (50, None),
    Act.NEW_EMAIL: (5, None),
}
# Acts that no address narrows.
_BY_PERSON_ALONE = (Act.INVITATION, Act.NEW_EMAIL)
_BY_ADDRESS_ALONE = (Act.PASSKEY,)


def begin_try(
    person: str, address: str, *, now: datetime, act: Act = Act.LOGIN
) -> bool:
    """
    Note a try; False, and nothing noted, if there were too many already.

    Args:
        person: an e-mail address or an id; nobody need have it.
    """
    LoginTry.objects.filter(at__lt=now - WINDOW).delete()
    limits = _limits(person, address, act)
    noted = LoginTry.objects.bulk_create(LoginTry(key=key, at=now) for key in limits)
    tries = LoginTry.objects.filter(key__in=limits).order_by()
    counts = tries.values_list("key").annotate(Count("pk"))
    if any(count > limits[bytes(key)] for key, count in counts):
        LoginTry.objects.filter(pk__in=[row.pk for row in noted]).delete()
        return False
    return True


def forget_tries(person: str, address: str, *, act: Act = Act.LOGIN) -> None:
    """
    It was right: the person's tries from here go, and one of each wider limit.

    Only one, or whoever has one account could wash off guesses at others.
    """
    narrow = _key(act, person, address)
    for key in _limits(person, address, act):
        rows = LoginTry.objects.filter(key=key)
        if key != narrow:
            rows = LoginTry.objects.filter(pk__in=rows.order_by("-pk")[:1])
        rows.delete()


def too_many(request: HttpRequest) -> HttpResponse:
    """The answer to a try that `begin_try` refused."""
    answer = render(request, "429.html", status=429)
    answer["Retry-After"] = str(int(WINDOW.total_seconds()))
    return answer


def _limits(person: str, address: str, act: Act) -> dict[bytes, int]:
    of_person, of_address = _WIDER[act]
    limits = {
        _key(act, person, _ANY): of_person,
        _key(act, _ANY, address): of_address,
    }
    if act not in (*_BY_PERSON_ALONE, *_BY_ADDRESS_ALONE):
        limits[_key(act, person, address)] = MOST_FAILURES
    return {key: most for key, most in limits.items() if most is not None}


def _key(act: Act, person: str, address: str) -> bytes:
    who = f"{act}|{person.strip().lower()}|{address}"
    secret = str(settings.SECRET_KEY).encode()
    return hmac.digest(secret, who.encode(errors="replace"), "sha256")
