import re
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone

from leadrails import retention
from leadrails.retention import Month


class Command(BaseCommand):
    help = (
        "Delete whole months of leads with their jobs, and of raw callbacks: what "
        "LEADRAILS_KEEP_MONTHS and LEADRAILS_KEEP_CALLBACK_MONTHS no longer keep, or "
        "all before a month. Months with unsettled jobs stay. Safe while serving."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--before",
            type=_month,
            metavar="YYYY-MM",
            help="the first month that stays, for leads and callbacks alike",
        )
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, *, before: datetime | None, dry_run: bool, **_: Any) -> None:
        now = timezone.now()
        present = retention.cutoff(now=now, keep=0)
        if before is not None and before > present:
            raise CommandError(f"{present:%Y-%m} is not over: it stays.")
        try:
            found = [
                month
                for kind, bound in retention.bounds(now=now, before=before)
                for month in retention.drop(kind, before=bound, is_rehearsal=dry_run)
            ]
        except OperationalError as error:
            raise CommandError(
                "The tables were in use all the time. What was not dropped is as it "
                f"was; try again later. ({error})"
            ) from None
        self._tell(found, dry_run)

    def _tell(self, found: list[Month], is_rehearsal: bool) -> None:
        verb = "Would drop" if is_rehearsal else "Dropped"
        for month in found:
            if month.kept_by:
                self.stderr.write(f"Kept {month}: {', '.join(month.kept_by)}.")
            else:
                self.stdout.write(f"{verb} {month}.")
        if not found:
            self.stdout.write("Nothing is old enough.")
        if kept := sum(bool(month.kept_by) for month in found):
            raise CommandError(
                f"{kept} month(s) stay: what is named is not settled. Jobs settle when "
                "their time to live ends, or when they are canceled."
            )


def _month(text: str) -> datetime:
    match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text)
    if match is None:
        raise ArgumentTypeError("write a month like 2026-05")
    return datetime(int(match[1]), int(match[2]), 1, tzinfo=UTC)
