"""The WSGI application that granian serves."""

import logging

from django.core.wsgi import get_wsgi_application

from leadrails.start import read_settings, settle_memory

read_settings()
application = get_wsgi_application()


def _make_partitions() -> None:
    """A web server that starts in a new month must not wait for beat."""
    from django.conf import settings
    from django.db import DatabaseError, connection
    from django.utils import timezone

    from leadrails import partitions

    try:
        partitions.ensure(now=timezone.now(), ahead=settings.LEADRAILS_PARTITIONS_AHEAD)
    except DatabaseError:
        # The default partition takes every row; the next start or beat tries again.
        logging.getLogger(__name__).warning("partitions could not be made at the start")
    finally:
        connection.close()


def _load_views() -> None:
    """The first lead must not wait until every page is imported."""
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018  loading it is the point


_make_partitions()
_load_views()
settle_memory()
