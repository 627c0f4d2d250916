"""The form of a rule. It checks and cleans; services save."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from destinations.models import Destination
from leadrails.alerts.models import Channel
from leadrails.core.answers import LONGEST_POSTBACK
from leadrails.leads.models import LONGEST_TAG
from leadrails.rules.models import Rule
from leadrails.rules.pages import default_name
from leadrails.tenants.forms import OnceField
from leadrails.tenants.models import Tenant

OFFERED = "offered-postbacks"  # the id of a list in the page


class RuleForm(forms.Form):
    once = OnceField()
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        required=False,
        help_text=_("For your team. Left empty, it is named after the answer."),
    )
    postback = forms.CharField(
        label=_("The postback of a suggestion"),
        max_length=LONGEST_POSTBACK,
        required=False,
        strip=False,
        widget=forms.TextInput(attrs={"list": OFFERED, "autocomplete": "off"}),
        help_text=_(
            "What a tap sends back and the person does not see. Each character counts."
        ),
    )
    is_prefix = forms.BooleanField(
        label=_("It is enough that the postback begins so"), required=False
    )
    words = forms.CharField(
        label=_("Labels or answers"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "One a line, such as “Yes”. Heard when it is tapped, and when it is the"
            " whole of what somebody writes: phones without RCS show no suggestions."
        ),
    )
    destination = forms.ChoiceField(label=_("Answers to"), required=False)
    tag = forms.CharField(
        label=_("Tag the lead"), max_length=LONGEST_TAG * 2, required=False
    )
    suppresses = forms.BooleanField(
        label=_("Send this person nothing more"), required=False
    )
    send_by = forms.ChoiceField(label=_("Send a further message by"), required=False)
    send_text = forms.CharField(
        label=_("With this text"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "The lead's fields can stand in it, as {{ first_name }}. Left empty, the"
            " destination's own message is sent."
        ),
    )
    channel = forms.ChoiceField(label=_("Call a webhook"), required=False)

    def __init__(
        self, *args: Any, tenant: Tenant, rule: Rule | None = None, **options: Any
    ) -> None:
        self.tenant, self.rule = tenant, rule
        options["initial"] = self._initial() | options.get("initial", {})
        super().__init__(*args, **options)
        places = Destination.objects.for_tenant(tenant).order_by("name", "id")
        own = [getattr(rule, f"{name}_id", None) for name in ("destination", "send_by")]
        self.places = {
            row.public_id: row
            for row in places.defer("credentials")
            if row.status != Destination.Status.REVOKED or row.pk in own
        }
        channels = Channel.objects.for_tenant(tenant).listed().of_workspace()
        hooks = channels.filter(kind=Channel.Kind.WEBHOOK).order_by("name", "id")
        self.channels = {row.public_id: row for row in hooks}
        named = [(key, row.name) for key, row in self.places.items()]
        self._choices("destination", _("All destinations"), named)
        self._choices("send_by", _("No further message"), named)
        hooks_named = [(key, row.name) for key, row in self.channels.items()]
        self._choices("channel", _("No webhook"), hooks_named)
        if rule:
            del self.fields["once"]

    def _initial(self) -> dict[str, Any]:
        rule = self.rule
        if rule is None:
            return {}
        return {
            name: getattr(rule, name)
            for name in ("name", "postback", "is_prefix", "tag", "suppresses")
        } | {
            "words": "\n".join(rule.words),
            "send_text": rule.send_text,
            "destination": rule.destination.public_id if rule.destination else "",
            "send_by": rule.send_by.public_id if rule.send_by else "",
            "channel": rule.channel.public_id if rule.channel else "",
        }

    def _choices(self, name: str, nothing: Any, rows: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", nothing), *rows]

    def clean_words(self) -> list[str]:
        lines = str(self.cleaned_data["words"]).splitlines()
        words = [" ".join(line.split()) for line in lines]
        return list(dict.fromkeys(filter(None, words)))

    def clean_send_text(self) -> str:
        return str(self.cleaned_data["send_text"]).replace("\r\n", "\n").strip()

    def settings(self) -> dict[str, Any]:
        """The keyword arguments of `create_rule` and `update_rule`."""
        data = {**self.cleaned_data}
        data.pop("once", None)
        for name in ("destination", "send_by"):
            data[name] = self.places.get(data[name])
        data["channel"] = self.channels.get(data["channel"])
        if not data["send_by"]:
            data["send_text"] = ""
        if not data["postback"]:
            data["is_prefix"] = False
        draft = Rule(words=data["words"], postback=data["postback"])
        data["name"] = data["name"] or default_name(draft)
        return data
