"""Whether a message to one of our own people may go: by the rules for leads."""

from datetime import datetime, timedelta

from destinations.models import Destination
from leadrails.contacts.models import Suppression
from leadrails.core import phone, policy


def ask_policy(
    destination: Destination, to: str, *, now: datetime, lifetime: timedelta
) -> policy.Verdict:
    """
    What keeps a lead's message from a number keeps ours from it, too.

    Ceilings count leads' messages alone, so they do not bind these.
    """
    listed = Suppression.objects.for_tenant(destination.tenant_id).in_force()
    found = listed.filter(phone=to).values_list("reason", flat=True).first()
    return policy.check(
        policy.PolicyFacts(
            now=now,
            expires_at=now + lifetime,
            destination_status=destination.status,
            recipient=to,
            country=phone.region_of(to) or "",
            suppressed_as=found or "",
            is_premium=phone.is_costly(to),
            allowed_countries=frozenset(destination.allowed_countries),
            held_countries=frozenset(destination.held_countries),
        )
    )
