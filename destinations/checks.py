"""What a destination's settings must be, whatever its provider."""

from collections.abc import Mapping
from datetime import time, timedelta

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from destinations import composing
from destinations.models import Destination
from destinations.providers.registry import PROVIDERS
from destinations.rich_content import check_content
from leadrails.core.data import load
from leadrails.core.phone import region_of
from leadrails.core.rendering import Template, TemplateError
from leadrails.core.rich import load as read_rich
from leadrails.tenants.models import Tenant

SHORTEST_LIFE = timedelta(minutes=1)
LONGEST_LIFE = timedelta(days=7)
MOST = {
    "hourly_ceiling": 1_000_000,
    "daily_per_recipient": 1_000,
    "max_attempts": 50,
    "messages_per_second": 1_000,
    "max_in_flight": 1_000,
}
LEAST = {"messages_per_second": 0.01}
SIMULATED_RATE = 200.0
COUNTRIES: dict[str, str] = load("countries")["names"]


def default_countries(
    tenant: Tenant, kind: str, config: Mapping[str, str]
) -> list[str]:
    """The tenant's country and the sender's own."""
    number = PROVIDERS[kind].sender_of(config).number
    own = region_of(number) if number else None
    return sorted({tenant.country, own or tenant.country} & COUNTRIES.keys())


def default_rate(destination: Destination) -> float:
    """Messages a second that the sender can carry; the simulator carries any."""
    if destination.is_simulated:
        return SIMULATED_RATE
    return PROVIDERS[destination.kind].messages_per_second(destination.config)


def check_settings(destination: Destination) -> None:
    """
    Judge everything but the provider's own fields.

    Raises:
        ValidationError: with a sentence for each field at fault.
    """
    problems: dict[str, list[str]] = {}
    try:
        destination.clean_fields(exclude={"tenant", "credentials", "fingerprint"})
    except ValidationError as error:
        problems = dict(error.message_dict)
    for name, sources in _templates(destination).items():
        found = [_template_problem(source) for source in sources]
        if name not in problems and any(found):
            problems[name] = [problem for problem in found if problem]
    for name, most in MOST.items():
        least = LEAST.get(name, 1)
        if name not in problems and not least <= getattr(destination, name) <= most:
            problems[name] = [
                _("Enter a number from %(least)s to %(most)s.")
                % {"least": least, "most": f"{most:,}"}
            ]
    if sentences := _content_problems(destination):
        problems["rich"] = sentences
    if not SHORTEST_LIFE <= destination.time_to_live <= LONGEST_LIFE:
        problems["time_to_live"] = [_("Enter a time from 1 minute to 7 days.")]
    if unknown := set(destination.allowed_countries) - COUNTRIES.keys():
        problems["allowed_countries"] = [
            _("There is no country %(code)s.") % {"code": min(unknown)}
        ]
    elif not destination.allowed_countries:
        problems["allowed_countries"] = [_("Name at least one country.")]
    if destination.quiet == Destination.Quiet.OWN:
        begins, ends = destination.quiet_from, destination.quiet_to
        problems |= _quiet_problems(begins, ends, is_needed=True)
    if problems:
        raise ValidationError(problems)


def check_quiet_times(begins: time | None, ends: time | None) -> None:
    """
    Judge the quiet hours of a workspace.

    Raises:
        ValidationError: with the fields at fault.
    """
    if problems := _quiet_problems(begins, ends, is_needed=False):
        raise ValidationError(problems)


def _quiet_problems(
    begins: time | None, ends: time | None, *, is_needed: bool
) -> dict[str, list[str]]:
    if begins is None and ends is None and not is_needed:
        return {}
    if begins is None or ends is None:
        missing = "quiet_from" if begins is None else "quiet_to"
        return {missing: [_("Give both times.")]}
    if begins == ends:
        return {"quiet_to": [_("Let it differ from the beginning.")]}
    return {}


def _content_problems(destination: Destination) -> list[str]:
    provider = PROVIDERS[destination.kind]
    try:
        check_content(destination.rich, provider.rich_limits)
    except ValidationError as error:
        return error.messages
    if not destination.rich:
        return []
    sentence = provider.content_problem(read_rich(destination.rich), destination.config)
    return [sentence] if sentence else []


def _templates(destination: Destination) -> dict[str, list[str]]:
    return {
        "recipient_template": [destination.recipient_template],
        "body_template": [destination.body_template],
        **composing.pieces(destination.config),
    }


def _template_problem(source: str) -> str | None:
    try:
        Template.compile(source)
    except TemplateError as error:
        return str(error)
    return None
