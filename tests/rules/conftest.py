import pytest

from leadrails.alerts.channels import create_channel
from leadrails.core import ids
from leadrails.rules.services import create_rule
from tests.alerts.conftest import receiver
from tests.webhooks.twilio import inbound, make_sent_job, post_message

__all__ = ["receiver"]


@pytest.fixture
def job(db):
    return make_sent_job()


@pytest.fixture
def make_rule(job):
    """A rule of the job's workspace, on “Yes” unless it is said."""

    def make(**fields):
        if not fields.keys() & {"postback", "words"}:
            fields["words"] = ["Yes"]
        fields = {"name": "Interested", "once": ids.uuid7(), "actor": None, **fields}
        return create_rule(job.tenant, **fields)

    return make


@pytest.fixture
def make_channel(job, receiver):
    def make(**fields):
        channel, key = create_channel(
            job.tenant,
            once=ids.uuid7(),
            kind="webhook",
            name="CRM",
            url=f"{receiver.url}/hook",
            actor=None,
            **fields,
        )
        channel.key = key
        return channel

    return make


@pytest.fixture
def answer(client, job):
    """Let the person of the job write, or tap what has this postback."""
    count = iter(range(100))

    def answer(words="Yes", postback="", *, sid=None, **more):
        if postback:
            more |= {"ButtonText": words, "ButtonPayload": postback}
        sid = sid or f"SM{next(count):032}"
        said = post_message(client, job.destination, inbound(words, sid=sid, **more))
        assert said.status_code == 200

    return answer
