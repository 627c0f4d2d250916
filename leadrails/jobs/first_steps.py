"""From an empty workspace to the first delivered message, as a list with ticks."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from destinations.models import Destination
from leadrails.core import ids
from leadrails.jobs.links import link
from leadrails.jobs.models import Job
from leadrails.leads.models import Lead, Source
from leadrails.routing.models import Route
from leadrails.tenants.models import Role, Tenant

BACK = "?first=1"  # who comes with it is led back to the list
SHOWN = timedelta(days=1)  # after the first lead; not every provider confirms


def first_steps(tenant: Tenant, role: Role, now: datetime) -> list[dict[str, Any]]:
    """
    What a new workspace still lacks; [] once a message was delivered.

    A step that the role may not take has no link.
    """
    places = Destination.objects.for_tenant(tenant).listed()
    done = list(places.values_list("delivered_once", flat=True))
    leads = Lead.objects.for_tenant(tenant)
    if any(done) or leads.filter(id__lt=ids.uuid7_floor(now - SHOWN)).exists():
        return []
    source = Source.objects.for_tenant(tenant).listed().order_by("id").first()
    has_route = Route.objects.for_tenant(tenant).listed().exists()
    has_lead = leads.exists()
    may_set_up, may_operate = role.covers(Role.ADMIN), role.covers(Role.OPERATOR)
    is_ready = bool(source and done and has_route)
    return [
        {
            "title": _("Create a source"),
            "text": _("It is where leads come from: your form, site or CRM."),
            "is_done": source is not None,
            "url": link(tenant, "sources:new") + BACK if may_set_up else "",
            "action": _("Create a source"),
        },
        {
            "title": _("Create a destination"),
            "text": _("It says what is sent and through whose account."),
            "is_done": bool(done),
            "url": link(tenant, "destinations:new") + BACK if may_set_up else "",
            "action": _("Create a destination"),
        },
        {
            "title": _("Create a route"),
            "text": _("It says which leads of a source go to which destination."),
            "is_done": has_route,
            "url": link(tenant, "routes:new") + BACK if may_operate else "",
            "action": _("Create a route"),
        },
        {
            "title": _("Send a test lead"),
            "text": _("A sample person fills in your form, so to speak."),
            "is_done": has_lead,
            "url": link(tenant, "sources:test_event", source=source.public_id) + BACK
            if source and is_ready and may_operate
            else "",
            "action": _("Send a test lead"),
            "is_post": True,
        },
        {
            "title": _("See it delivered"),
            "text": _("It takes some seconds; this list ticks by itself."),
            "is_done": False,
            "url": link(tenant, "jobs:list") if has_lead else "",
            "action": _("Look at the job"),
        },
    ]


def newest_delivered(tenant: Tenant) -> Job | None:
    """The message to show when the list is done."""
    jobs = Job.objects.for_tenant(tenant).filter(state__in=["delivered", "read"])
    return jobs.order_by("-id").first()
