"""What every process does first."""

import gc
import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def read_settings() -> None:
    """
    Read the settings; end the process with what to set where one is missing.

    Servers and workers would print a page of traceback around that sentence.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadrails.settings")
    try:
        settings.SECRET_KEY  # noqa: B018  the first look at one reads them all
    except ImproperlyConfigured as error:
        sys.exit(str(error))


def settle_memory() -> None:
    """
    Let the garbage collector leave alone what was made at the start.

    It lives as long as the process. Looking through it again and again took a sixth
    of the CPU of a dispatch.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
