"""How many of the messages that arrived were read, as the overview shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from destinations.models import Destination
from leadrails.jobs import figures, receipts
from leadrails.jobs.receipts import TYPES, Rate
from leadrails.leads.models import Source
from leadrails.tenants.models import Tenant

MOST = 25  # lines of a group


@dataclass(frozen=True, slots=True)
class Line:
    """`group`: what the line is one of; empty where that stands above already."""

    group: str
    name: str | Promise
    rate: Rate


@dataclass(frozen=True, slots=True)
class ReadRates:
    total: Rate
    lines: list[Line]


def read_rates(
    tenant: Tenant, since: datetime, places: Sequence[Destination]
) -> ReadRates | None:
    """None where nothing arrived by a channel that tells what was read."""
    rates = receipts.rates(tenant.pk, figures.hour_of(since))
    types = [(name, rates[key]) for key, name in TYPES.items() if key in rates]
    if not types:
        return None
    total = Rate(
        sum(rate.reached for _name, rate in types),
        sum(rate.seen for _name, rate in types),
    )
    sources = Source.objects.for_tenant(tenant).order_by("name")
    names = sources.filter(pk__in=rates).values_list("pk", "name")
    groups: list[tuple[str, Sequence[tuple[str | Promise, Rate]]]] = [
        (_("Type"), types),
        (_("Destination"), [(p.name, rates[p.pk]) for p in places if p.pk in rates]),
        (_("Message"), [line for p in places for line in _versions(p, rates)]),
        (_("Source"), [(name, rates[key]) for key, name in names]),
    ]
    return ReadRates(
        total,
        [
            Line(group if number == 0 else "", name, rate)
            for group, lines in groups
            for number, (name, rate) in enumerate(_most(lines))
        ],
    )


def _most(
    lines: Sequence[tuple[str | Promise, Rate]],
) -> list[tuple[str | Promise, Rate]]:
    """Of very many those about which most is known, in the order that they have."""
    known = sorted((rate.reached for _name, rate in lines), reverse=True)[:MOST]
    return [line for line in lines if line[1].reached >= known[-1]][:MOST]


def _versions(place: Destination, rates: dict[UUID, Rate]) -> list[tuple[str, Rate]]:
    """The message as it is now, and all others: earlier ones, answers to taps."""
    every = rates.get(place.pk)
    if every is None:
        return []
    now = rates.get(receipts.version_of(place), Rate())
    lines = [
        (_("%(name)s: as it is now"), now),
        (_("%(name)s: other and earlier messages"), every.without(now)),
    ]
    return [
        (words % {"name": place.name}, rate) for words, rate in lines if rate.reached
    ]
