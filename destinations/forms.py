"""The form of a destination, built from its provider's list of fields."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from destinations import checks
from destinations.country_field import CountriesField
from destinations.credentials import secret_dates, simulated_settings
from destinations.models import Destination
from destinations.providers.fields import Field, Section
from destinations.providers.registry import PROVIDERS
from leadrails.core.crypto import CannotDecrypt
from leadrails.tenants.forms import OnceField, quiet_time
from leadrails.tenants.models import Tenant

FIRST_BODY = (
    'Hi {{ first_name | default("there") }}, thanks for your interest. '
    "We'll be in touch shortly. Reply STOP to opt out."
)
REMOVE = "remove_"


class JudgedByProvider(forms.CharField):
    """
    Asked for as if required, but empty passes here.

    Which settings may stay empty depends on the others, so the provider judges them
    together when the service is called.
    """

    def validate(self, value: Any) -> None:
        """Nothing can be wrong yet."""


class DestinationForm(forms.Form):
    """
    Settings common to all kinds, with the provider's own among them.

    A secret is never drawn: its box is empty, and empty means that it stays.
    """

    use_required_attribute = False

    once = OnceField()
    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        help_text=_("What your team calls it, such as Sales SMS."),
    )
    recipient_template = forms.CharField(
        label=_("Recipient template"),
        max_length=200,
        initial="{{ phone }}",
        help_text=_("Who gets the message. {{ phone }} is the lead's number in E.164."),
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "false"}),
    )
    body_template = forms.CharField(
        label=_("Message body template"),
        max_length=5000,
        strip=False,
        initial=FIRST_BODY,
        help_text=_("Say how to opt out: US carriers require it."),
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    purpose = forms.ChoiceField(
        label=_("Purpose"),
        choices=Destination.Purpose.choices,
        initial=Destination.Purpose.TRANSACTIONAL,
        help_text=_("Two routes that reach one person for one purpose send once."),
    )
    allowed_countries = CountriesField(
        label=_("Allowed countries"),
        max_length=4000,
        help_text=_(
            "Names or two-letter codes, separated by commas. Numbers of other"
            " countries get nothing, which is the best protection against fraud."
        ),
    )
    hourly_ceiling = forms.IntegerField(
        label=_("Most messages per hour"),
        min_value=1,
        max_value=checks.MOST["hourly_ceiling"],
        initial=1000,
        help_text=_("What exceeds it waits for the next hour."),
    )
    daily_per_recipient = forms.IntegerField(
        label=_("Most messages per person and day"),
        min_value=1,
        max_value=checks.MOST["daily_per_recipient"],
        initial=5,
    )
    time_to_live = forms.DecimalField(
        label=_("Give up after (hours)"),
        min_value=Decimal("0.02"),
        max_value=168,
        max_digits=5,
        decimal_places=2,
        initial=4,
        help_text=_("A message that could not be sent by then is not sent at all."),
    )
    max_attempts = forms.IntegerField(
        label=_("Most attempts"),
        min_value=1,
        max_value=checks.MOST["max_attempts"],
        initial=24,
        help_text=_(
            "How often a message is tried before it becomes a dead letter. The waits"
            " grow from seconds to half an hour; 24 tries outlast four hours."
        ),
    )
    messages_per_second = forms.FloatField(
        label=_("Messages per second"),
        min_value=checks.LEAST["messages_per_second"],
        max_value=checks.MOST["messages_per_second"],
        required=False,
        help_text=_(
            "What exceeds it waits its turn. Left empty, it is what this kind of"
            " sender can carry; a registered campaign may carry more."
        ),
    )
    max_in_flight = forms.IntegerField(
        label=_("Most calls at once"),
        min_value=1,
        max_value=checks.MOST["max_in_flight"],
        initial=100,
        help_text=_("So that a slow provider does not hold up other destinations."),
    )

    quiet = forms.ChoiceField(
        label=_("Quiet hours"),
        choices=Destination.Quiet.choices,
        initial=Destination.Quiet.WORKSPACE,
        help_text=_("What falls into them waits until they end where the person is."),
    )
    quiet_from = quiet_time(_("Own quiet hours from"))
    quiet_to = quiet_time(_("Own quiet hours to"))
    queue_objective = forms.IntegerField(
        label=_("Tell us when a message waits (minutes)"),
        min_value=1,
        max_value=24 * 60,
        initial=5,
        help_text=_("An alert opens when the oldest message waits longer."),
    )

    def __init__(
        self,
        *args: Any,
        tenant: Tenant,
        kind: str,
        is_simulated: bool,
        destination: Destination | None = None,
        **options: Any,
    ) -> None:
        self.tenant, self.kind, self.is_simulated = tenant, kind, is_simulated
        self.destination = destination
        self.provider_fields = PROVIDERS[kind].fields
        self.dates = _dates(destination)
        options["initial"] = self._initial() | options.get("initial", {})
        super().__init__(*args, **options)
        if destination:
            del self.fields["once"]
        for field in self.provider_fields:
            self.fields[field.name] = self._make(field)
            if destination and field.secret and field.name in self.dates:
                self.fields[REMOVE + field.name] = forms.BooleanField(
                    label=gettext("Remove the stored %(label)s")
                    % {"label": field.label},
                    required=False,
                )

    def _initial(self) -> dict[str, Any]:
        if self.destination is None:
            config: dict[str, str] = {}
            if self.is_simulated:
                config, _secrets = simulated_settings(self.tenant, self.kind)
            countries = checks.default_countries(self.tenant, self.kind, config)
            first = {"name": gettext("Sales SMS"), "allowed_countries": countries}
            return {**config, **first}
        row = self.destination
        names = (*self.base_fields, "name")
        common = {name: getattr(row, name) for name in names if hasattr(row, name)}
        hours = row.time_to_live.total_seconds() / 3600
        common["time_to_live"] = Decimal(f"{hours:.2f}").normalize()
        common["time_to_live"] = f"{common['time_to_live']:f}"
        common["queue_objective"] = round(row.queue_objective.total_seconds() / 60)
        return {**row.config, **common}

    def _make(self, field: Field) -> forms.Field:
        if field.choices:
            return forms.ChoiceField(
                label=field.label,
                required=False,
                choices=field.choices,
                help_text=field.help,
            )
        is_asked_for = field.section is Section.CONNECTION
        kind = JudgedByProvider if is_asked_for else forms.CharField
        widget, help_text = self._widget(field)
        return kind(
            label=f"{field.label} ({field.unit})" if field.unit else field.label,
            required=is_asked_for,
            max_length=field.longest,
            widget=widget,
            help_text=help_text,
        )

    def _widget(self, field: Field) -> tuple[forms.Widget, str]:
        """(its box, the help below it)"""
        attrs: dict[str, Any] = {"autocomplete": "off", "spellcheck": "false"}
        attrs["class"] = "mono"
        if field.example and not field.secret:
            attrs["placeholder"] = field.example
        if field.secret:
            # A browser offers no saved password of the person's own for a new one.
            attrs["autocomplete"] = "new-password"
            attrs["placeholder"], kept = self._secret_hint(field)
            return forms.PasswordInput(attrs=attrs), kept or field.help
        if field.rows > 1:
            return forms.Textarea(attrs={**attrs, "rows": field.rows}), field.help
        if field.most is not None:
            attrs["inputmode"] = "numeric"
        return forms.TextInput(attrs=attrs), field.help

    def _secret_hint(self, field: Field) -> tuple[str, str]:
        """(placeholder, help) of a secret's box; what is on file is never in it."""
        if at := self.dates.get(field.name):
            day = date_format(localtime(at), "j M Y")
            return "••••••••", gettext("Set on %(day)s. Leave it empty to keep it.") % {
                "day": day
            }
        if self.destination is None and self.is_simulated:
            _config, secrets = simulated_settings(self.tenant, self.kind)
            if field.name in secrets:
                return gettext("Filled in by LeadRails"), gettext(
                    "Leave it empty: LeadRails knows that of your simulated account."
                )
        return "", ""

    # For the page ----------------------------------------------------------------

    def connection_fields(self) -> list[forms.BoundField]:
        return self._of(Section.CONNECTION)

    def extra_fields(self) -> list[forms.BoundField]:
        return self._of(Section.ACCOUNT)

    def content_fields(self) -> list[forms.BoundField]:
        return self._of(Section.CONTENT)

    def option_fields(self) -> list[forms.BoundField]:
        return self._of(Section.OPTIONS)

    def has_options(self) -> bool:
        """Whether one is set, or refused, so that its box must be seen."""
        return any(bound.value() or bound.errors for bound in self.option_fields())

    def preview_names(self) -> list[str]:
        """What the preview is made of, beside the two templates."""
        parts = (Section.CONTENT, Section.OPTIONS)
        return [field.name for field in self.provider_fields if field.section in parts]

    def _of(self, section: Section) -> list[forms.BoundField]:
        fields = self.provider_fields
        return [self[field.name] for field in fields if field.section is section]

    def removal_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(REMOVE)]

    def limit_fields(self) -> Iterator[forms.BoundField]:
        names = (
            "purpose",
            "quiet",
            "quiet_from",
            "quiet_to",
            "allowed_countries",
            "hourly_ceiling",
            "daily_per_recipient",
            "time_to_live",
            "max_attempts",
            "messages_per_second",
            "max_in_flight",
            "queue_objective",
        )
        return (self[name] for name in names)

    # For the service ---------------------------------------------------------------

    def settings(self) -> dict[str, Any]:
        """The keyword arguments of `create_destination` and `update_destination`."""
        data = self.cleaned_data
        common = {
            name: data[name]
            for name in (
                "name",
                "recipient_template",
                "purpose",
                "quiet",
                "quiet_from",
                "quiet_to",
                "allowed_countries",
                "hourly_ceiling",
                "daily_per_recipient",
                "max_attempts",
                "max_in_flight",
            )
        }
        # Browsers send line ends as CR LF, which costs a character each.
        common["body_template"] = data["body_template"].replace("\r\n", "\n")
        common["time_to_live"] = timedelta(hours=float(data["time_to_live"]))
        common["queue_objective"] = timedelta(minutes=data["queue_objective"])
        # None stands for what the sender can carry.
        common["messages_per_second"] = data["messages_per_second"]
        public = [field.name for field in self.provider_fields if not field.secret]
        return {
            **common,
            "config": {name: data[name].replace("\r\n", "\n") for name in public},
            "credentials": self._secrets(),
        }

    def _secrets(self) -> dict[str, str]:
        secrets = {}
        for field in self.provider_fields:
            if field.secret and self.cleaned_data[field.name]:
                secrets[field.name] = self.cleaned_data[field.name]
            elif field.secret and self.cleaned_data.get(REMOVE + field.name):
                secrets[field.name] = ""
        return secrets


def _dates(destination: Destination | None) -> dict[str, Any]:
    try:
        return dict(secret_dates(destination)) if destination else {}
    except CannotDecrypt:
        return {}
