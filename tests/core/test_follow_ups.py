"""Whether a message whose time is over is followed up."""

import pytest

from leadrails.core.follow_ups import Verdict, Watches, judge
from leadrails.core.states import State

ACT = {
    Watches.NOT_DELIVERED: {"accepted", "sent", "undelivered", "dead"},
    Watches.NOT_READ: {"delivered"},
}
WAIT = {
    Watches.NOT_DELIVERED: {"queued", "held", "sending", "retrying", "unknown"},
    Watches.NOT_READ: set(),
}


@pytest.mark.parametrize("watches", Watches)
@pytest.mark.parametrize("state", State)
def test_only_what_did_not_come_is_followed_up(watches, state):
    def verdict(reason="", **changes):
        facts = dict.fromkeys(["has_fallback", "may_fall_back", "has_answered"], False)
        return judge(watches, state, reason, **facts | changes)

    expected = Verdict.NEVER
    if state in ACT[watches]:
        expected = Verdict.ACT
    elif state in WAIT[watches]:
        expected = Verdict.WAIT
    assert verdict() == expected
    assert verdict(may_fall_back=True) == Verdict.WAIT
    for never in ({"has_fallback": True}, {"has_answered": True}):
        assert verdict(may_fall_back=True, **never) == Verdict.NEVER
    for reason in ("opted_out", "suppressed"):
        assert verdict(reason) == Verdict.NEVER
