"""Forms of alerts. They check and clean; services save."""

from django import forms
from django.utils.translation import gettext_lazy as _

from leadrails.alerts.actions import LONGEST_COMMENT


class CommentForm(forms.Form):
    text = forms.CharField(
        label=_("Comment"),
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For the others: what you found, what you did."),
    )
