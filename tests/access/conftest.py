"""Every page in a real browser: rendered first, then served from memory."""

import pytest
from django.db import transaction
from django.test import override_settings

from tests.access.site import Site


@pytest.fixture(scope="module", autouse=True)
def beside_a_browser():
    """Chromium's driver has a loop in this thread, which Django takes for its own."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="session")
def site(django_db_setup, django_db_blocker):
    """
    All pages that a GET opens, with real data, of an empty workspace and so on.

    No transaction stays open meanwhile: the database ends those that wait too long.
    """
    with (
        django_db_blocker.unblock(),
        override_settings(LEADRAILS_SIMULATOR_URL="http://127.0.0.1:9"),
        transaction.atomic(),
    ):
        site = Site.render()
        transaction.set_rollback(True)
    return site
