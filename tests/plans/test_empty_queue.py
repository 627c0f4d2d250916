"""A plan that was made while the queue was empty is good enough for a flood."""

from uuid import uuid4

import pytest
from django.db import connection

from leadrails import statements
from leadrails.jobs import low_water, queue, queue_sql
from leadrails.jobs.models import QueueEntry
from tests.make import make_destination
from tests.plans.watching import Plan, explained, prepare

pytestmark = pytest.mark.django_db(transaction=True)
FLOOD, ROOM = 5000, 20

COME = """
INSERT INTO jobs_queueentry (job_id, tenant_id, destination_id, is_bulk, due_at)
SELECT gen_random_uuid(), tenant_id, id, false, now() - interval '1 second' * random()
FROM destinations_destination, generate_series(1, %(count)s)
"""


def test_a_claim_planned_for_an_empty_queue_looks_at_what_it_takes():
    make_destination(messages_per_second=1000, max_in_flight=1000)
    QueueEntry.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE jobs_queueentry")
    claim = prepare(
        queue_sql.CLAIM,
        {
            "room": ROOM,
            "lease": queue.PROBE,
            "worker": uuid4(),
            "ahead": queue.AHEAD,
            "probe": queue.PROBE,
            "since": low_water.EVER,
        },
    )
    assert most_rows(explained(claim)) == 0

    statements.run(COME, {"count": FLOOD})

    assert most_rows(explained(claim)) <= 2 * ROOM


def most_rows(plan: Plan) -> float:
    """The most rows that a step read of the queue, those it threw away included."""
    return max(
        node["Actual Loops"]
        * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
        for node in plan.nodes()
        if node.get("Relation Name") == "jobs_queueentry"
        and node["Node Type"] != "ModifyTable"
    )
