"""Forms of sources. They check and clean; services save."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leadrails.leads.models import Source
from leadrails.tenants.choices import countries
from leadrails.tenants.forms import OnceField

MOST_SILENT_HOURS = 60 * 24
TYPES = [
    ("webhook", _("Own code or webhook")),
    ("website_form", _("Website form")),
    ("crm", _("CRM")),
    ("vendor", _("Lead vendor")),
    ("automation", _("Automation tool")),
]


def type_label(source: Source) -> Any:
    """The type in words. It may be any slug, such as `wp-plugin`."""
    slug = source.source_type
    words = slug.replace("-", " ").replace("_", " ")
    return dict(TYPES).get(slug) or words[:1].upper() + words[1:]


class SourceForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=200, help_text=_("The form, site or system.")
    )
    allowed_site_url = forms.URLField(
        label=_("Allowed site URL"),
        max_length=500,
        required=False,
        assume_scheme="https",
        help_text=_(
            "If given, only leads whose source.site_url lies below it are taken."
        ),
    )
    country = forms.ChoiceField(
        label=_("Country"),
        choices=countries,
        help_text=_("Phone numbers without + are read as from here."),
    )

    def __init__(self, *args: Any, may_edit: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.disabled = not may_edit


class SourceSettingsForm(SourceForm):
    hourly_ceiling = forms.IntegerField(
        label=_("Most messages per hour"),
        min_value=1,
        max_value=1_000_000,
        required=False,
        help_text=_(
            "That its leads may cause, all destinations together. What exceeds it"
            " waits for the next hour. Left empty, only the destinations' limits hold."
        ),
    )
    silent_after = forms.IntegerField(
        label=_("Tell us when silent for (hours)"),
        min_value=1,
        max_value=MOST_SILENT_HOURS,
        required=False,
        help_text=_(
            "An alert opens when no lead came for so long. Left empty, silence is fine."
        ),
    )

    def clean_silent_after(self) -> timedelta | None:
        hours = self.cleaned_data["silent_after"]
        return timedelta(hours=hours) if hours else None


class NewSourceForm(SourceForm):
    once = OnceField()
    source_type = forms.ChoiceField(
        label=_("Type"), choices=TYPES, initial="webhook", help_text=_("For your eye.")
    )
    field_order = ("name", "source_type", "allowed_site_url", "country")


class KeyForm(forms.Form):
    once = OnceField()


class WorkflowForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("Leads that name it in their field “workflow” take its routes."),
    )
