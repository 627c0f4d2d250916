"""Have providers keep what destinations send by RCS, and let go what waited for it."""

from datetime import datetime

from django.utils import timezone

from destinations import contents
from destinations.models import Destination
from leadrails.core.reasons import Reason
from leadrails.jobs.releases import release_of_destination
from leadrails.jobs.wake import drain_waker

AT_ONCE = 20  # of each kind in one round; each is a call of seconds at most


def keep_content(destination: Destination) -> bool:
    """
    Try at once to have the provider keep it; whether nothing is missing now.

    Never raises: what failed is tried again by `mend_contents`.
    """
    row = contents.content_of(destination)
    if row and not row.sid and not contents.make_content(row, now=timezone.now()):
        return False
    _let_go(destination)
    return True


def mend_contents(now: datetime) -> None:
    """Make what is missing, look after what is used, delete what nothing can use."""
    contents.retire_of_revoked(now)
    for row in contents.to_look_after(now, AT_ONCE):
        contents.look_after(row, now=now)
    for row in contents.to_make(now, AT_ONCE):
        if contents.make_content(row, now=now):
            _let_go(row.destination)
    for row in contents.to_delete(now, AT_ONCE):
        contents.delete_content(row, now=now)


def _let_go(destination: Destination) -> None:
    if release_of_destination(destination, Reason.CONTENT_NOT_READY):
        drain_waker.wake()
