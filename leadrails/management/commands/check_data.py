from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leadrails import integrity


class Command(BaseCommand):
    help = (
        "Count rows that have lost what they belong to, and counters that are wrong. "
        "Changes nothing. Safe while serving, but reads whole tables."
    )

    def handle(self, **_: Any) -> None:
        broken = 0
        for finding in integrity.check():
            self.stdout.write(f"{finding.count:>9}  {finding.what}")
            broken += bool(finding.count)
        if broken:
            raise CommandError(f"{broken} check(s) found something.")
