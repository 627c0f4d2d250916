"""What must be true of several messages to one person: their order, and a gap."""

from collections import defaultdict
from datetime import timedelta
from itertools import pairwise

from tests.chaos.breach import Breach
from tests.chaos.ledgers import World

LEAST_GAP = timedelta(seconds=1)
"""Half of what is kept between starts: a machine at its limit starts late."""


def disordered_messages(world: World):
    """Messages of one lead to one person begin in the order of its routes."""
    began = _first_starts(world)
    groups = defaultdict(list)
    for job in world.jobs:
        if not job.replay_of and not job.parent_id and job.id in began:
            groups[job.lead_id, job.recipient].append(job.id)
    for jobs in groups.values():
        for before, after in pairwise(sorted(jobs)):
            if began[after] < began[before]:
                yield Breach("began before an earlier message of its lead", after)


def crowded_messages(world: World):
    """Two messages to one person begin some time after each other."""
    began, persons = _first_starts(world), defaultdict(list)
    for job in world.jobs:
        if job.id in began:
            persons[job.tenant_id, job.recipient].append((began[job.id], job.id))
    for starts in persons.values():
        for (before, _), (after, job_id) in pairwise(sorted(starts)):
            if after - before < LEAST_GAP:
                gap = (after - before).total_seconds()
                yield Breach(f"began {gap:.1f} s after another to this person", job_id)


def _first_starts(world: World):
    return {a.job_id: a.started_at for a in world.attempts if a.number == 1}
