"""Where a suppression came from, as a link and in words."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from leadrails.contacts.models import InboundMessage
from leadrails.jobs.links import link
from leadrails.jobs.models import Job
from leadrails.tenants.models import Tenant

_PAGES = {
    f"{Job.prefix}_": ("jobs:detail", "job"),
    f"{InboundMessage.prefix}_": ("conversations:detail", "message"),
}


@dataclass(frozen=True, slots=True)
class Origin:
    """`url` is empty where there is no page."""

    label: str = ""
    url: str = ""


def origin_of(tenant: Tenant, source: str) -> Origin:
    labels = {
        f"{Job.prefix}_": _("The job that was refused"),
        f"{InboundMessage.prefix}_": _("Their message"),
    }
    for prefix, (view, kwarg) in _PAGES.items():
        if source.startswith(prefix):
            return Origin(labels[prefix], link(tenant, view, **{kwarg: source}))
    return Origin(_("Imported list") if source == "import" else source)
