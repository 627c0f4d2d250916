"""
What must hold among rows that no foreign key joins: `manage.py check_data`.

Each check counts breaches, all in one snapshot, so that it may run while serving. It
reads whole tables: expect minutes where there are many millions of rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from leadrails import partitions
from leadrails.jobs import tallies

CHECKS = {
    "jobs without their lead": """
        SELECT count(*) FROM jobs_job job
        WHERE NOT EXISTS (SELECT FROM leads_lead WHERE id = job.lead_id)""",
    "leads that lost their jobs": """
        SELECT count(*) FROM leads_lead lead LEFT JOIN (
          SELECT lead_id, count(*) AS found FROM jobs_job
          WHERE replay_of IS NULL AND parent_id IS NULL
          GROUP BY lead_id) job ON lead_id = lead.id
        WHERE job_count > coalesce(found, 0)""",
    "replays without the first job": """
        SELECT count(*) FROM jobs_job job WHERE replay_of IS NOT NULL
          AND NOT EXISTS (SELECT FROM jobs_job WHERE id = job.replay_of)""",
    "jobs without the one that brought them about": """
        SELECT count(*) FROM jobs_job job WHERE parent_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM jobs_job WHERE id = job.parent_id
            AND lead_id = job.lead_id AND tenant_id = job.tenant_id)""",
    "deadlines without their job": """
        SELECT count(*) FROM jobs_deadline deadline
        WHERE NOT EXISTS (SELECT FROM jobs_job job WHERE job.id = deadline.job_id
          AND job.tenant_id = deadline.tenant_id)""",
    "attempts without their job": """
        SELECT count(*) FROM jobs_attempt attempt
        WHERE NOT EXISTS (SELECT FROM jobs_job WHERE id = attempt.job_id)""",
    "provider's reports without their job": """
        SELECT count(*) FROM jobs_deliveryevent event
        WHERE NOT EXISTS (SELECT FROM jobs_job WHERE id = event.job_id)""",
    "queue entries without an open job": """
        SELECT count(*) FROM jobs_queueentry entry
        WHERE NOT EXISTS (SELECT FROM jobs_job WHERE id = entry.job_id
          AND state IN ('queued', 'held', 'sending', 'retrying', 'unknown'))""",
    "open jobs without a queue entry": """
        SELECT count(*) FROM jobs_job job
        WHERE state IN ('queued', 'held', 'sending', 'retrying', 'unknown')
          AND NOT EXISTS (SELECT FROM jobs_queueentry WHERE job_id = job.id)""",
    # Callbacks of months that were dropped stay until their own month goes.
    "callbacks without their job": """
        SELECT count(*) FROM webhooks_rawcallback callback
        WHERE job_id >= (SELECT id FROM jobs_job ORDER BY id LIMIT 1)
          AND NOT EXISTS (SELECT FROM jobs_job WHERE id = callback.job_id)""",
    "rules' messages without their job": """
        SELECT count(*) FROM rules_run
        WHERE job_id >= (SELECT id FROM jobs_job ORDER BY id LIMIT 1)
          AND NOT EXISTS (SELECT FROM jobs_job WHERE id = rules_run.job_id)""",
    "jobs of another workspace than their lead": """
        SELECT count(*) FROM jobs_job job JOIN leads_lead lead ON lead.id = lead_id
        WHERE job.tenant_id <> lead.tenant_id""",
    **{
        f"rows of a wrong clock in {parent}": f"SELECT count(*) FROM {parent}_default"  # noqa: S608 - our own names
        for parent in partitions.PARENTS
    },
}


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    count: int


def check() -> Iterator[Finding]:
    """Yield each check with how many rows break it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for what, query in CHECKS.items():
            cursor.execute(query)
            (count,) = cursor.fetchone()
            yield Finding(what, count)
        wrong = tallies.differences(now=timezone.now())
        yield Finding("counts that differ from the rows", len(wrong))
