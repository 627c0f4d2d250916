"""A provider that falls back from RCS by itself: both only if the job says so."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destinations.models import Destination
from destinations.providers import telnyx_messages, twilio_messages
from leadrails.core.states import SUCCEEDED
from tests.webhooks.telnyx import status
from tests.webhooks.test_merging import ID, make_case
from tests.webhooks.twilio import form
from webhooks.reports import Report, record

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NUMBER = "+15555550100"
RICH, TEXT = "rcs", "text"
SETTINGS = [
    {"channel": "rcs"},
    {"channel": "rcs", "fallback": "leadrails"},
    {"channel": "rcs_only"},
    {},
]


def by_twilio(channel, word):
    sender = "rcs:agent" if channel == RICH else NUMBER
    return twilio_messages.callback(form(word, From=sender))


def by_telnyx(channel, word):
    sender = {"agent_id": "agent"} if channel == RICH else {"phone_number": NUMBER}
    word = {"undelivered": "delivery_failed"}.get(word, word)
    body = status(word, **{"from": sender, "type": "RCS" if channel == RICH else "SMS"})
    return telnyx_messages.callback(body)


words = st.one_of(
    st.tuples(
        st.sampled_from([RICH, TEXT]),
        st.sampled_from(["queued", "sent", "undelivered", "delivered"]),
    ),
    st.just((RICH, "read")),
)


@pytest.mark.parametrize("said", [by_twilio, by_telnyx])
@settings(max_examples=150, deadline=None)
@given(
    told=st.lists(st.one_of(words, st.integers(0, len(SETTINGS) - 1)), max_size=12),
)
def test_both_are_said_to_have_arrived_if_and_only_if_the_job_is_labelled(said, told):
    """Whatever its order and repetition, and whatever the destination became."""
    place = Destination(id=ID, kind="twilio_sms", config=SETTINGS[0], max_attempts=24)
    case, arrived = make_case(), set()
    for item in told:
        if isinstance(item, int):
            place.had_channel = place.had_channel or item != 0
            place.config = SETTINGS[item]
            continue
        update = said(*item)
        record(
            Report(
                callback_id=None,
                job_id=ID,
                number=1,
                received_at=NOW,
                destination=place,
                update=update,
            ),
            case,
        )
        if update.status in SUCCEEDED:
            arrived.add(item[0])
    assert case.job.is_possible_duplicate is (arrived == {RICH, TEXT})
