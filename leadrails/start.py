"""What every process does first."""

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
