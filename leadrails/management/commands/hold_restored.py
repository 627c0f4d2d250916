"""After a restore: hold what waits, before anything is started."""

from typing import Any

from django.core.management.base import BaseCommand

from leadrails.jobs import lineage


class Command(BaseCommand):
    help = (
        "Hold every job that waits, because a backup was restored. LeadRails notices"
        " most restores by itself; this is for those that leave no trace."
    )

    def handle(self, **_: Any) -> str:
        count = lineage.hold()
        return (
            f"{count} job(s) are on hold. Each workspace has an alert by which they"
            " are released or canceled; so does `manage.py release_restored`."
        )
