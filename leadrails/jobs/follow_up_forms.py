"""The form of a follow-up. It checks and cleans; services save."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leadrails.jobs.deadline_models import FollowUpRule

UNITS = {"minutes": 60, "hours": 3600, "days": 86_400}


class FollowUpForm(forms.Form):
    """
    Args:
        can_tell_read: whether the destination is told what was read.
        can_send_text: whether a plain text may go through it.
        targets: other destinations, by public id.
    """

    watches = forms.ChoiceField(
        label=_("If a message"),
        choices=FollowUpRule.Watches.choices,
        widget=forms.RadioSelect,
        initial=FollowUpRule.Watches.NOT_DELIVERED,
    )
    after = forms.IntegerField(
        label=_("Within"), min_value=1, max_value=10_079, initial=30
    )
    unit = forms.ChoiceField(
        label=_("Unit"),
        choices=[("minutes", _("minutes")), ("hours", _("hours")), ("days", _("days"))],
        initial="minutes",
    )
    action = forms.ChoiceField(
        label=_("Then"),
        choices=FollowUpRule.Action.choices,
        widget=forms.RadioSelect,
        initial=FollowUpRule.Action.ALERT,
    )
    body_template = forms.CharField(
        label=_("Text to send"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "A plain text message. Fields such as {{ first_name }} may be used. Only"
            " for “Send another text”."
        ),
    )
    target = forms.ChoiceField(
        label=_("Other destination"),
        required=False,
        help_text=_("It sends its own message. Only for “another destination”."),
    )

    def __init__(
        self,
        *args: Any,
        can_tell_read: bool,
        can_send_text: bool,
        targets: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        given: Any = self.fields
        given["target"].choices = [("", _("None chosen")), *targets]
        gone = set()
        if not can_tell_read:
            gone.add(FollowUpRule.Watches.NOT_READ.value)
        if not can_send_text:
            gone.add(FollowUpRule.Action.TEXT.value)
            del given["body_template"]
        if not targets:
            gone.add(FollowUpRule.Action.DESTINATION.value)
            del given["target"]
        for name in ("watches", "action"):
            choices = given[name].choices
            given[name].choices = [row for row in choices if row[0] not in gone]

    @property
    def time(self) -> timedelta:
        """To be asked of a valid form."""
        seconds = UNITS[self.cleaned_data["unit"]]
        return timedelta(seconds=self.cleaned_data["after"] * seconds)


def parts_of(after: timedelta) -> tuple[int, str]:
    """A time as the form shows it: a whole number of the largest unit."""
    seconds = int(after.total_seconds())
    for unit, length in reversed(UNITS.items()):
        if seconds % length == 0:
            return seconds // length, unit
    return seconds // 60, "minutes"
