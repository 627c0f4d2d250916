"""Forms of channels. They check and clean; services save."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from leadrails.alerts import hooks
from leadrails.alerts.models import Channel
from leadrails.alerts.severity import MEANS, Severity
from leadrails.alerts.telling import general_title
from leadrails.alerts.words import WORDS
from leadrails.core import ids, phone
from leadrails.tenants.choices import time_zones
from leadrails.tenants.forms import OnceField, quiet_time

Kind = Channel.Kind
Choices = Sequence[tuple[str, Any]]


def _severities() -> list[tuple[str, Any]]:
    """The worst first, since it is what people want to hear of."""
    rows = []
    for severity in reversed(Severity):
        is_worst = severity is Severity.SEVERE
        label = severity.label if is_worst else _or_worse(severity)
        rows.append((severity.value, f"{label}: {MEANS[severity]}"))
    return rows


def _or_worse(severity: Severity) -> str:
    return str(_("%(severity)s or worse")) % {"severity": severity.label}


def _kinds() -> list[tuple[str, Any]]:
    rows = [(kind, general_title(kind)) for kind in WORDS]
    return sorted(rows, key=lambda row: row[1])


class QuietForm(forms.Form):
    """Quiet hours, shared by all kinds of channels."""

    quiet_from = quiet_time(_("Quiet from"))
    quiet_to = quiet_time(
        _("Quiet to"),
        help_text=_("What happens meanwhile is told in one message then."),
    )
    wakes = forms.BooleanField(
        label=_("Severe alerts come in quiet hours too"), required=False
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        begins, ends = cleaned.get("quiet_from"), cleaned.get("quiet_to")
        if (begins is None) != (ends is None):
            missing = "quiet_from" if begins is None else "quiet_to"
            self.add_error(missing, _("Give both times, or neither."))
        elif begins is not None and begins == ends:
            self.add_error("quiet_to", _("Let it differ from the beginning."))
        return cleaned


class ChannelForm(QuietForm):
    """
    A channel of the workspace.

    Args:
        kind: which fields there are.
        senders: destinations that can send the SMS, by public id.
        country: whose numbers need no country code.
        channel: the one that is changed, whose address may stay.
    """

    once = OnceField()
    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Who reads it, such as “On call”.")
    )
    least = forms.ChoiceField(
        label=_("Tell it of"),
        choices=_severities,
        initial=Severity.WARNING,
        widget=forms.RadioSelect,
    )
    kinds = forms.MultipleChoiceField(
        label=_("Only of these"),
        choices=_kinds,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means all."),
    )
    tells_end = forms.BooleanField(
        label=_("Also tell when it is over"), required=False, initial=True
    )
    only_calls = forms.BooleanField(
        label=_("Tell it of no alert: only rules on replies call it"), required=False
    )
    field_order = ("name", "address", "url", "destination")

    def __init__(
        self,
        *args: Any,
        kind: str,
        senders: Choices,
        country: str,
        channel: Channel | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.country = kind, country
        if channel is not None:
            del self.fields["once"]
        if kind != Kind.WEBHOOK:
            del self.fields["only_calls"]
        elif channel is not None:
            self.initial["only_calls"] = not channel.hears_alerts
        self.fields |= _fields_of(kind, senders, channel)
        self.order_fields(self.field_order)

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).strip()
        if url and (problem := hooks.problem_with(url)):
            raise ValidationError(problem)
        return url

    def clean_address(self) -> str:
        address = str(self.cleaned_data["address"])
        if self.kind != Kind.SMS:
            return address
        read = phone.normalise(address, self.country)
        if read.e164 is None:
            problem = read.sentence or _("Begin with + and the country code.")
            raise ValidationError(problem)
        return read.e164

    def values(self) -> dict[str, Any]:
        """What the services take."""
        values = dict(self.cleaned_data)
        if "only_calls" in values:
            values["hears_alerts"] = not values.pop("only_calls")
        if sender := values.pop("destination", None):
            values["destination_id"] = ids.decode("dst", sender)
        return values

    @property
    def place_fields(self) -> list[forms.BoundField]:
        names = ("address", "url", "destination")
        return [self[name] for name in names if name in self.fields]


def _fields_of(
    kind: str, senders: Choices, channel: Channel | None
) -> dict[str, forms.Field]:
    match kind:
        case Kind.EMAIL:
            help_text = _(
                "One address; a list or a team's mailbox may stand behind it."
            )
            return {
                "address": forms.EmailField(
                    label=_("To"), max_length=254, help_text=help_text
                )
            }
        case Kind.SMS:
            number = forms.TextInput(attrs={"type": "tel", "inputmode": "tel"})
            return {
                "address": forms.CharField(
                    label=_("To"),
                    max_length=60,
                    widget=number,
                    help_text=_("A phone number with its country code."),
                ),
                "destination": sender_field(senders, required=True),
            }
        case _:
            return {"url": _url_field(kind, channel)}


def _url_field(kind: str, channel: Channel | None) -> forms.Field:
    labels = {Kind.SLACK: _("Address of Slack's incoming webhook")}
    shown = {"spellcheck": "false", "autocomplete": "off", "class": "mono"}
    help_text = _("It is stored encrypted and not shown again.")
    if channel is not None:
        kept = _("Left empty, it stays %(address)s.")
        help_text = cast(Any, str(kept) % {"address": channel.address})
    return forms.CharField(
        label=labels.get(cast(Kind, kind), _("Address")),
        max_length=hooks.LONGEST_URL,
        required=channel is None,
        widget=forms.TextInput(attrs={"inputmode": "url", **shown}),
        help_text=help_text,
    )


def sender_field(senders: Choices, *, required: bool) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Sent by"),
        choices=senders if required else [("", _("Choose a destination")), *senders],
        required=required,
        help_text=_("Each message costs what one to a lead costs."),
    )


class OwnForm(QuietForm):
    """What one member wants to hear of, in one workspace."""

    NOTHING = ("", _("Nothing"))
    mail = forms.ChoiceField(label=_("By mail"), required=False)
    sms = forms.ChoiceField(label=_("By SMS"), required=False)

    def __init__(self, *args: Any, senders: Choices, phone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("mail", "sms"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [self.NOTHING, *_severities()]
        self.fields["mail"].help_text = _("To the address that you log in with.")
        if phone and senders:
            self.fields["sms"].help_text = _("To %(phone)s.") % {"phone": phone}
            self.fields["destination"] = sender_field(senders, required=False)
        else:
            del self.fields["sms"]
        self.order_fields(["mail", "sms", "destination"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("sms") and not cleaned.get("destination"):
            self.add_error("destination", _("Choose what sends it."))
        return cleaned

    def choices(self) -> dict[str, dict[str, Any]]:
        """What `personal.save_own` takes."""
        values = dict(self.cleaned_data)
        mail, sms = values.pop("mail", ""), values.pop("sms", "")
        sender = values.pop("destination", "")
        chosen = {str(Kind.EMAIL): {**values, "least": mail}}
        if "sms" in self.fields:
            place = ids.decode("dst", sender) if sender else None
            own = {**values, "least": sms, "destination_id": place}
            chosen[str(Kind.SMS)] = own
        return chosen
