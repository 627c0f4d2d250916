"""An alert in words: the same on its card, on its page and in messages about it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from destinations.models import Destination
from destinations.providers import errors
from destinations.providers.registry import PROVIDERS
from leadrails.alerts.models import Alert
from leadrails.alerts.severity import Severity
from leadrails.alerts.words import WORDS, words_for, words_of_cause
from leadrails.core import phone
from leadrails.core.delivery import COUNTRY_FAILED
from leadrails.leads.models import Source
from leadrails.tenants.models import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What there is to say, in plain sentences."""

    title: str
    sentence: str
    next_step: str
    closes: str
    where: str
    docs_url: str
    severity: Severity
    tone: str
    is_waiting: bool
    counts: bool


class Places:
    """The destinations and sources of some alerts, read at once."""

    def __init__(self, tenant: Tenant, alerts: Iterable[Alert]) -> None:
        alerts = list(alerts)
        self._destinations = Destination.objects.for_tenant(tenant).in_bulk(
            {a.destination_id for a in alerts if a.destination_id}
        )
        self._sources = Source.objects.for_tenant(tenant).in_bulk(
            {a.source_id for a in alerts if a.source_id}
        )

    def destination(self, alert: Alert) -> Destination | None:
        place = alert.destination_id
        return self._destinations.get(place) if place else None

    def source(self, alert: Alert) -> Source | None:
        return self._sources.get(alert.source_id) if alert.source_id else None

    def tell(self, alert: Alert) -> Told:
        destination = self.destination(alert)
        words = words_for(alert.kind, alert.cause)
        where = str(destination or self.source(alert) or _place(alert))
        cause, remedy, docs_url = _cause(alert, destination)
        about = "" if alert.kind in WORDS else alert.kind.replace("_", " ").capitalize()
        is_waiting = words.counts == "waits"
        said = (cause, words.sentence) if is_waiting else (words.sentence, cause)
        parts = (about and f"{about}.", words.measured(alert.details), *map(str, said))
        return Told(
            title=str(words.title) % {"where": where, "country": _country(alert)},
            sentence=" ".join(part for part in parts if part),
            next_step=remedy or str(words.next_step),
            closes=str(words.closes),
            where=where,
            docs_url=docs_url,
            severity=words.severity,
            tone=words.tone,
            is_waiting=is_waiting,
            counts=bool(words.counts),
        )


_ANY = {
    "provider_outage": gettext_lazy("a provider"),
    "reply_rule_failed": gettext_lazy("a rule"),
    "reply_webhook_failed": gettext_lazy("a webhook"),
    "restored_backup": gettext_lazy("this workspace"),
    "source_ceiling": gettext_lazy("a source"),
    "source_silent": gettext_lazy("a source"),
    "stray_rows": gettext_lazy("a table"),
}


def general_title(kind: str) -> str:
    """What a kind is about when no place is named, to choose among kinds."""
    where = _ANY.get(kind, gettext_lazy("a destination"))
    title = str(WORDS[kind].title) % {"where": where, "country": _("a country")}
    return title[:1].upper() + title[1:]


def _cause(alert: Alert, destination: Destination | None) -> tuple[str, str, str]:
    """The cause as a sentence, what helps, and the provider's page on it."""
    if said := words_of_cause(alert.cause):
        if words_for(alert.kind, alert.cause).is_told:
            return "", "", ""
        return str(said[0]), str(said[1]), ""
    if not alert.cause:
        return "", "", ""
    if destination is None:
        return _("Cause: %(cause)s.") % {"cause": alert.cause}, "", ""
    where: errors.Where = "callback" if alert.kind == "failure_rate" else "sync"
    info = errors.lookup(destination.kind, alert.cause, where=where)
    return f"{info.sentence} ({alert.cause})", "", info.docs_url or ""


def _country(alert: Alert) -> str:
    """The country in a scope such as `destination:dst_…:GB`."""
    place = alert.scope.split(":")[2:]
    is_country = bool(place) and alert.kind == COUNTRY_FAILED
    return phone.country_name(place[0]) if is_country else _("a country")


def _place(alert: Alert) -> str:
    """What is unwell when it is neither a destination nor a source."""
    what, *rest = alert.scope.split(":")
    if what == "provider" and rest[0] in PROVIDERS:
        name = PROVIDERS[rest[0]].label
        return _("The simulator") if rest[1:] else name
    if what == "table":
        return rest[0]
    if what in ("rule", "channel"):
        return str(alert.details.get(what, ""))
    return _("this workspace")
