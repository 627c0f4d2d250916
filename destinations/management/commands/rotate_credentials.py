from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from destinations.rotation import rotate_credentials


class Command(BaseCommand):
    help = (
        "Re-encrypt stored credentials and signing keys with the newest key of "
        "LEADRAILS_ENCRYPTION_KEYS. Safe while serving, and safe to repeat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", type=int, default=500, help="rows at a time")
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, *, batch: int, dry_run: bool, **_: Any) -> None:
        result = rotate_credentials(batch=max(1, batch), is_rehearsal=dry_run)
        primary = settings.LEADRAILS_KEYRING.primary
        verb = "Would move" if dry_run else "Moved"
        self.stdout.write(f"{verb} {result.moved} secret(s) to key {primary}.")
        for key_id, count in sorted(result.left.items()):
            self.stdout.write(f"Key {key_id}: {count} secret(s).")
        old = sorted(set(result.left) - {primary})
        for line in result.unreadable:
            self.stderr.write(f"Cannot be read: {line}.")
        if old and not dry_run:
            listed = ", ".join(map(str, old))
            self.stdout.write(f"Still needed: key {listed}. Do not remove it yet.")
        elif not old and not result.unreadable:
            self.stdout.write("No older key is needed any more.")
        if result.unreadable:
            raise CommandError(
                f"{len(result.unreadable)} secret(s) cannot be read: a key of "
                "LEADRAILS_ENCRYPTION_KEYS is missing or is not the one that it was."
            )
