"""
What must be true after everything was killed: one function for each invariant.

Each looks at the ledgers of `World` and yields breaches; none knows how they were
made, so each is tried on ledgers that were made up to break it.
"""

from collections import Counter, defaultdict

from destinations.providers.simulated import account_sid
from destinations.simulator.scenarios import Rcs, scenario_for
from leadrails.core.states import OPEN, TRANSITIONS, State
from tests.chaos.breach import Breach
from tests.chaos.chains import (
    doubled_children,
    given_way,
    missing_fallbacks,
    missing_follow_ups,
    unsaid_doubles,
)
from tests.chaos.ledgers import WORDS, World
from tests.chaos.order import crowded_messages, disordered_messages

LONGEST_STOP = 10.0  # seconds
ENDS_BY_RCS = {
    Rcs.UNREACHABLE: "undelivered",
    Rcs.REFUSED: "undelivered",
    Rcs.UNCONFIRMED: "sent",
    Rcs.LATE: "delivered",
    Rcs.READ: "read",
}
AT_REST = {"accepted", "sent"}
"""Not over, but with the provider: no work of ours is left."""
MOVES = {(state, target) for (state, _), target in TRANSITIONS.items()}
# A wait that is over is released and claimed in one go.
MOVES |= {(State.HELD, State.SENDING)}
# The attempt is written with the move to `sending`: it cannot be taken back unasked.
MOVES -= {(State.SENDING, State.QUEUED)}


def lost_leads(world: World):
    """A lead that was answered with 202 is stored, with all its jobs."""
    leads = {lead.id: lead for lead in world.leads}
    jobs = Counter(
        job.lead_id
        for job in world.jobs
        if job.replay_of is None and job.parent_id is None
    )
    for post in world.posts:
        if post.answered_at is None:
            continue
        lead = leads.get(post.lead_id)
        if lead is None:
            yield Breach(f"post {post.key} got 202, its lead {post.lead_id} is gone")
        elif jobs[lead.id] < post.job_count:
            told, found = post.job_count, jobs[lead.id]
            yield Breach(f"post {post.key} was told of {told} jobs, there are {found}")
        elif post.job_count == 0:
            yield Breach(f"post {post.key} made no job: its route was lost")


def lost_messages(world: World):
    """A job ends as its recipient's scenario says, and never for another cause."""
    for job in world.jobs:
        wanted = _ends_of(job)
        if job.state not in wanted | {str(state) for state in OPEN}:
            words = f"{job.state} ({job.reason})" if job.reason else job.state
            yield Breach(f"ended {words}, not {' or '.join(sorted(wanted))}", job.id)


def _ends_of(job):
    scenario = scenario_for(job.recipient)
    word = scenario.final_status
    if job.channel == "rcs" and scenario.rcs:
        word = ENDS_BY_RCS[scenario.rcs]
    wanted = {WORDS[word]} if word else set()
    if scenario.final_code:
        # Refused, or refused later; once opted out, not even tried.
        wanted |= {"dead", "skipped"}
    if job.reason == given_way(job):
        wanted.add("canceled")
    return wanted


def unsettled_jobs(world: World):
    """Nothing is left to do: every job is over, or with the provider."""
    for job in world.jobs:
        if job.state in OPEN and job.state not in AT_REST:
            yield Breach(f"still {job.state} ({job.reason or 'no reason'})", job.id)


def doubled_leads(world: World):
    """An idempotency key makes one lead, however often it is posted."""
    counts = Counter((lead.tenant_id, lead.idempotency_key) for lead in world.leads)
    for (_, key), count in counts.items():
        if count > 1:
            yield Breach(f"key {key} made {count} leads")


def doubled_jobs(world: World):
    """A lead goes to a destination once."""
    counts = Counter(
        (job.lead_id, job.destination_id)
        for job in world.jobs
        if not job.replay_of and not job.parent_id
    )
    for (lead, destination), count in counts.items():
        if count > 1:
            yield Breach(f"lead {lead} has {count} jobs to {destination}")


def doubled_messages(world: World):
    """
    A job is at most one message: nobody is texted twice.

    Unless its destination sends again in doubt, and the job says so.
    """
    labelled = {
        job.id for job in world.jobs if job.is_possible_duplicate and job.may_be_doubled
    }
    counts = Counter(message.job_id for message in world.messages)
    for job_id, count in counts.items():
        if job_id is not None and count > 1 and job_id not in labelled:
            yield Breach(f"the provider accepted {count} messages", job_id)


def doubled_replays(world: World):
    """A click replays a job once."""
    clicks = Counter(world.clicks)
    replays = Counter(job.replay_of for job in world.jobs if job.replay_of)
    for job_id, count in replays.items():
        if count > clicks[job_id]:
            told = f"replayed {count} times for {clicks[job_id]} clicks"
            yield Breach(told, job_id)


def wrong_statuses(world: World):
    """The status shown is the provider's last word."""
    told = defaultdict(set)
    for message in world.messages:
        told[message.job_id].add(WORDS[message.status])
    for job in world.jobs:
        words = told[job.id]
        if not words and job.state in WORDS.values():
            yield Breach(f"{job.state}, but the provider has no such message", job.id)
        elif words == {"undelivered"} and job.reason == given_way(job):
            continue  # it waited to be sent again
        elif words and job.state not in words:
            said = " and ".join(sorted(words))
            yield Breach(f"{job.state}, but the provider says {said}", job.id)


def statuses_that_went_back(world: World):
    """A job moves as the table of transitions says, and so never back."""
    for move in world.moves:
        if (State(move.old), State(move.new)) not in MOVES:
            yield Breach(f"went from {move.old} to {move.new}", move.job_id)


def foreign_rows(world: World):
    """Everything belongs to the tenant of its lead, and went out in its name."""
    leads = {lead.id: lead for lead in world.leads}
    jobs = {job.id: job for job in world.jobs}
    tokens = {post.lead_id: post for post in world.posts if post.lead_id}
    for job in world.jobs:
        lead = leads.get(job.lead_id)
        owners = {job.tenant_id, job.destination_tenant}
        owners |= {lead.tenant_id} if lead else set()
        if len(owners) > 1:
            yield Breach("job, lead and destination are not of one tenant", job.id)
    for row in [*world.attempts, *world.events, *world.entries]:
        job = jobs.get(row.job_id)
        if job and row.tenant_id != job.tenant_id:
            yield Breach(f"a {type(row).__name__} of another tenant", job.id)
    for post in world.posts:
        lead = leads.get(post.lead_id) if post.lead_id else None
        if lead and lead.tenant_id != post.tenant_id:
            yield Breach(f"post {post.key} became a lead of another tenant")
    for message in world.messages:
        job = jobs.get(message.job_id)
        if job is None:
            continue
        if message.account != account_sid(job.tenant_id):
            yield Breach("sent through another tenant's account", job.id)
        if message.to != job.recipient:
            yield Breach("sent to another person", job.id)
        post = tokens.get(job.lead_id)
        if post and not message.body.startswith(f"{post.token}:"):
            yield Breach("sent with another lead's text", job.id)


def orphan_rows(world: World):
    """No row is left behind by what it belongs to."""
    leads = {lead.id for lead in world.leads}
    jobs = {job.id for job in world.jobs}
    routed = {job.lead_id for job in world.jobs}
    for lead in world.leads:
        if lead.job_count and lead.id not in routed:
            yield Breach(f"lead {lead.id} was routed and has no job")
    for job in world.jobs:
        if job.lead_id not in leads:
            yield Breach("a job without its lead", job.id)
    for row in [*world.attempts, *world.events, *world.entries, *world.callbacks]:
        if row.job_id not in jobs:
            yield Breach(f"a {type(row).__name__} without its job", row.job_id)


def uncounted_attempts(world: World):
    """A job counts its attempts, and each message was announced by one."""
    attempts = {(attempt.job_id, attempt.number) for attempt in world.attempts}
    jobs = {job.id: job for job in world.jobs}
    for job in world.jobs:
        for number in range(1, job.attempts + 1):
            if (job.id, number) not in attempts:
                yield Breach(f"attempt {number} was counted, not written", job.id)
    for job_id, number in attempts:
        if job_id in jobs and number > jobs[job_id].attempts:
            yield Breach(f"attempt {number} was written, not counted", job_id)
    for message in world.messages:
        if (message.job_id, message.attempt) not in attempts:
            yield Breach(f"message {message.sid} has no attempt", message.job_id)


def misplaced_jobs(world: World):
    """The queue holds what is to be done, all of it and nothing else."""
    queued = {entry.job_id for entry in world.entries}
    for job in world.jobs:
        is_open = job.state in OPEN and job.state not in AT_REST
        if is_open and job.id not in queued:
            yield Breach(f"{job.state}, but not in the queue", job.id)
        elif job.id in queued and not is_open:
            yield Breach(f"in the queue although {job.state}", job.id)


def left_over(world: World):
    """Leases, calls in flight and unread callbacks are back to zero."""
    for entry in world.entries:
        if entry.is_leased:
            yield Breach("still leased", entry.job_id)
    for attempt in world.attempts:
        if not attempt.outcome or attempt.finished_at is None:
            yield Breach(f"attempt {attempt.number} never finished", attempt.job_id)
    for callback in world.callbacks:
        if not callback.is_processed:
            yield Breach(f"callback {callback.id} was never read", callback.job_id)
        elif callback.error:
            yield Breach(f"callback {callback.id}: {callback.error}", callback.job_id)


def miscounted_hours(world: World):
    """The counter behind a destination's ceiling is the number of its attempts."""
    for count in world.counts:
        if count.counted != count.found:
            told = f"{count.counted} counted, {count.found} attempts made"
            yield Breach(f"destination {count.destination_id}: {told}")


def miscounted_rows(world: World):
    """What pages show as counts is how many rows there are."""
    for tally in world.tallies:
        if tally.counted != tally.found:
            told = f"{tally.counted} {tally.what} counted, there are {tally.found}"
            yield Breach(f"{tally.about_id}: {told}")


def half_dropped_months(world: World):
    """A month goes as a whole, and in the end all that was to go is gone."""
    callbacks = "webhooks_rawcallback"
    for look in world.months:
        rows = {table: n for table, n in look.rows.items() if table != callbacks}
        if set(rows.values()) not in ({None}, {look.made}):
            yield Breach(f"of month {look.name} there was left {rows}")
        if look.rows.get(callbacks) not in (None, look.made):
            yield Breach(f"of month {look.name} there were left some callbacks")
    last = {look.name: look for look in world.months}
    for look in last.values():
        if any(n is not None for n in look.rows.values()):
            yield Breach(f"month {look.name} was never dropped")


def broken_data(world: World):
    """What `manage.py check_data` looks for: orphans, and counters that are wrong."""
    for finding in world.findings:
        if finding.count:
            yield Breach(f"{finding.count} {finding.what}")


def slow_stops(world: World):
    """Who is asked to stop does so in seconds."""
    for name, seconds in world.stops:
        if seconds > LONGEST_STOP:
            yield Breach(f"{name} took {seconds:.1f} s to stop")


def refused_posts(world: World):
    """No client was told that a good post is bad."""
    for post in world.posts:
        for refusal in post.refusals:
            yield Breach(f"post {post.key} was refused: {refusal}")


INVARIANTS = (
    lost_leads,
    lost_messages,
    unsettled_jobs,
    doubled_leads,
    doubled_jobs,
    doubled_messages,
    disordered_messages,
    crowded_messages,
    doubled_replays,
    unsaid_doubles,
    doubled_children,
    missing_fallbacks,
    missing_follow_ups,
    wrong_statuses,
    statuses_that_went_back,
    foreign_rows,
    orphan_rows,
    uncounted_attempts,
    misplaced_jobs,
    left_over,
    miscounted_hours,
    miscounted_rows,
    half_dropped_months,
    broken_data,
    slow_stops,
    refused_posts,
)


def check(world: World) -> dict[str, list[Breach]]:
    """The breaches of each invariant, by its name; an empty list where it holds."""
    return {invariant.__name__: list(invariant(world)) for invariant in INVARIANTS}
