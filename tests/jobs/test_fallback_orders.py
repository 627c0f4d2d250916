"""An RCS message and the text in its place, in whatever order things happen."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leadrails.core.fallback import NOT_STARTED
from leadrails.core.states import SUCCEEDED
from leadrails.jobs import overdue
from leadrails.jobs.limits import change_destination
from leadrails.jobs.models import Deadline, Job, QueueEntry
from tests.jobs.test_fallback import RICH, child_of, start
from tests.make import make_destination, make_tenant
from tests.webhooks.twilio import form, make_sent_job, report

pytestmark = pytest.mark.django_db(transaction=True)
OURS = {"channel": "rcs", "fallback": "leadrails", "fallback_from": "+15555550101"}
SETTINGS = [OURS, {}, {"channel": "rcs_only"}]
SENDERS = {"rich": "rcs:agent", "text": "+15555550101"}
SIDS = {"rich": "SM" + "5" * 32, "text": "SM" + "7" * 32}
WORDS = {
    "sent": "",
    "delivered": "",
    "read": "",
    "undelivered": "63036",
    "failed": "30001",
}


class Pair:
    def __init__(self):
        self.place = make_destination(make_tenant())
        self.settings = {**self.place.config, "rcs_agent": "rcs:agent"}
        self.place = self.become(OURS)
        self.rich = make_sent_job("sending", destination=self.place, message=RICH)

    @property
    def text(self):
        return child_of(self.rich)

    def become(self, config):
        """Somebody changes the settings."""
        config = {**self.settings, **config}
        return change_destination(self.place, actor=None, config=config)

    def hear(self, which, word):
        job = getattr(self, which)
        if job and job.attempts:
            about = {"sid": SIDS[which], "From": SENDERS[which]}
            report(job, form(word, WORDS[word], **about))

    def send(self):
        """A worker sends the text."""
        if self.text and self.text.state == "queued":
            start(self.text)

    def take(self):
        """A worker has the text, and no more than that."""
        until = timezone.now() + timedelta(minutes=1)
        QueueEntry.objects.exclude(job_id=self.rich.pk).update(lease_until=until)

    def pass_time(self):
        Deadline.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        overdue.sweep()

    def end(self):
        QueueEntry.objects.update(lease_until=None)
        for _ in range(2):
            self.pass_time()


steps = st.one_of(
    st.tuples(
        st.just("hear"), st.sampled_from(["rich", "text"]), st.sampled_from([*WORDS])
    ),
    st.tuples(st.just("become"), st.sampled_from(SETTINGS)),
    st.tuples(st.sampled_from(["send", "take", "pass_time"])),
)
# Ordinary beginnings and ends, or chance would seldom bring both far.
fallen = ("hear", "rich", "sent"), ("pass_time",)
texted = *fallen, ("send",)
# The carrier says of the text that it failed, and takes it back.
taken_back = [
    ("hear", "text", "undelivered"),
    ("hear", "rich", "delivered"),
    ("pass_time",),
]
ends = ("send",), ("hear", "rich", "delivered"), ("hear", "text", "delivered")


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.sampled_from([(), fallen, texted]),
    st.lists(steps, max_size=5),
    st.sampled_from(SETTINGS),
    st.permutations(ends),
)
@example(texted, [], {}, ends)
@example(texted, [], {}, ends[::-1])
@example(fallen, [], {"channel": "rcs_only"}, ends[1:])
@example(texted, taken_back, OURS, ends)
def test_both_arrive_only_if_both_say_so(beginning, more, last, ends):
    Deadline.objects.all().delete()
    QueueEntry.objects.all().delete()
    pair = Pair()
    for name, *arguments in [*beginning, *more, ("become", last), *ends]:
        getattr(pair, name)(*arguments)
    pair.end()

    rich, text = Job.objects.get(pk=pair.rich.pk), pair.text
    assert Job.objects.filter(parent_id=rich.pk).count() == (text is not None)
    if text and {rich.state, text.state} <= SUCCEEDED:
        assert rich.is_possible_duplicate
        assert text.is_possible_duplicate
    if text and rich.state in SUCCEEDED:
        assert text.state not in NOT_STARTED
    assert not Deadline.objects.filter(kind="recall").exists()
