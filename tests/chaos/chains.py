"""What must be true of messages that brought others about: texts in place of rich
messages, and follow-ups."""

from collections import Counter, defaultdict
from uuid import UUID

from leadrails.core.fallback import MENDED_BY_TEXT
from leadrails.core.follow_ups import WANT_NO_MORE
from tests.chaos.breach import Breach
from tests.chaos.ledgers import Job, World

ARRIVED = {"delivered", "read"}
FAILED = {"undelivered", "dead"}
FALLBACK, FOLLOW_UP = "fallback", "follow_up"
MOST_IN_A_ROW = 3


def unsaid_doubles(world: World):
    """A rich message and the text in its place both arrive only if both say so."""
    told = {message.job_id for message in world.messages if message.status in ARRIVED}
    arrived = {job.id for job in world.jobs if job.state in ARRIVED} | told
    jobs = {job.id: job for job in world.jobs}
    for child in world.jobs:
        parent = jobs.get(child.parent_id) if child.cause == FALLBACK else None
        if parent is None or not {parent.id, child.id} <= arrived:
            continue
        if not (parent.is_possible_duplicate and child.is_possible_duplicate):
            yield Breach("it and its fallback arrived, and do not say so", child.id)


def doubled_children(world: World):
    """A message has one plain text or one follow-up for each rule, and not both."""
    rules = Counter(rule.destination_id for rule in world.rules)
    jobs = {job.id: job for job in world.jobs}
    for parent, causes in _children(world).items():
        most = rules[jobs[parent].destination_id] if parent in jobs else 0
        if causes[FALLBACK] > 1 or causes[FOLLOW_UP] > most:
            yield Breach(f"has {causes[FALLBACK]} + {causes[FOLLOW_UP]} more", parent)
        elif causes[FALLBACK] and causes[FOLLOW_UP]:
            yield Breach("has both a plain text and a follow-up", parent)
    for job in world.jobs:
        if len(_line(job, jobs)) > MOST_IN_A_ROW:
            yield Breach("goes by itself after three that did", job.id)


def missing_fallbacks(world: World):
    """A rich message that a text can mend, and that failed, has its text."""
    children, jobs = _children(world), {job.id: job for job in world.jobs}
    for job in world.jobs:
        is_mended = job.state in FAILED and job.reason in MENDED_BY_TEXT
        has_text = children[job.id][FALLBACK] or not _may_go_on(job, jobs)
        is_replaced = job.reason == "replaced" and not children[job.id][FALLBACK]
        if is_replaced or (job.falls_back and is_mended and not has_text):
            yield Breach(f"{job.state} ({job.reason}), and no text went", job.id)


def missing_follow_ups(world: World):
    """What was not delivered, or not read, was followed up as the rules say."""
    children, jobs = _children(world), {job.id: job for job in world.jobs}
    watched = {(rule.destination_id, rule.watches) for rule in world.rules}
    for job in world.jobs:
        case = "not_delivered" if job.state in FAILED | {"accepted", "sent"} else ""
        if job.state == "delivered" and job.channel == "rcs":
            case = "not_read"
        if (job.destination_id, case) not in watched or job.reason in WANT_NO_MORE:
            continue
        if _may_go_on(job, jobs) and not children[job.id]:
            yield Breach(f"{job.state}, and was not followed up", job.id)


def given_way(job: Job) -> str | None:
    """The reason for which such a job may be canceled by itself."""
    if job.cause == FALLBACK:
        return "not_needed"
    return "replaced" if job.falls_back else None


def _children(world: World) -> defaultdict[UUID, Counter]:
    found = defaultdict(Counter)
    for job in world.jobs:
        if job.parent_id:
            found[job.parent_id][job.cause] += 1
    return found


def _line(job: Job, jobs: dict[UUID, Job]) -> list[Job]:
    """The job and those before it that nobody asked for."""
    line = []
    while job is not None and job.cause in (FALLBACK, FOLLOW_UP):
        line.append(job)
        job = jobs.get(job.parent_id)
    return line


def _may_go_on(job: Job, jobs: dict[UUID, Job]) -> bool:
    return len(_line(job, jobs)) < MOST_IN_A_ROW
