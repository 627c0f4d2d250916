"""Let jobs go that were held because a backup was restored."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from leadrails.jobs import bulk
from leadrails.jobs.models import Job
from leadrails.tenants.models import Tenant


class Command(BaseCommand):
    help = (
        "Send what was held because a backup was restored. What was sent since that"
        " backup was made is sent a second time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenants", nargs="*", help="workspace slugs")
        parser.add_argument(
            "--all", action="store_true", dest="is_all", help="all workspaces"
        )
        parser.add_argument("--dry-run", action="store_true")

    def handle(
        self,
        *,
        tenants: list[str],
        is_all: bool,
        dry_run: bool,
        **_: Any,
    ) -> str:
        if is_all == bool(tenants):
            raise CommandError("Name workspaces by their slugs, or give --all.")
        chosen = Tenant.objects.order_by("slug")
        if tenants:
            chosen = chosen.filter(slug__in=tenants)
            if unknown := set(tenants) - set(chosen.values_list("slug", flat=True)):
                raise CommandError(f"There is no workspace {min(unknown)}.")
        count = sum(_release(tenant, dry_run=dry_run) for tenant in chosen)
        return f"{'Would release' if dry_run else 'Released'} {count} job(s)."


def _release(tenant: Tenant, *, dry_run: bool) -> int:
    """All of them, `bulk.MOST` at a time."""
    jobs, now, count = Job.objects.for_tenant(tenant), timezone.now(), 0
    if dry_run:
        return bulk.releasable(jobs, until=now).count()
    while released := bulk.release_jobs(
        jobs, tenant=tenant, actor=None, until=now, asked={"filter": "command"}
    ):
        count += released
    return count
