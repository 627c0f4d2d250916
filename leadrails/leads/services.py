"""What the leads app offers to others."""

from leadrails.leads.intake import (
    Accepted,
    Collision,
    Posted,
    ReplayedNonce,
    accept_lead,
)
from leadrails.leads.trial import SAMPLE_PHONE, send_test_event

__all__ = [
    "SAMPLE_PHONE",
    "Accepted",
    "Collision",
    "Posted",
    "ReplayedNonce",
    "accept_lead",
    "send_test_event",
]
