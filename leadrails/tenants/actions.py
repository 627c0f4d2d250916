"""What the slugs of the audit log mean, in a person's words."""

from django.utils.translation import gettext_lazy as _

ACTIONS = {
    "alert.acknowledged": _("Alert acknowledged"),
    "alert.resolved": _("Alert resolved"),
    "alert.snoozed": _("Alert snoozed"),
    "channel.changed": _("Alert channel changed"),
    "channel.created": _("Alert channel made"),
    "channel.key_changed": _("Signing key of an alert channel changed"),
    "channel.paused": _("Alert channel paused"),
    "channel.removed": _("Alert channel removed"),
    "channel.resumed": _("Alert channel resumed"),
    "channel.tested": _("Alert channel tested"),
    "member.alerts_chosen": _("Own alerts chosen"),
    "api_key.issued": _("API key created"),
    "api_key.revoked": _("API key revoked"),
    "destination.country_released": _("Country released"),
    "destination.created": _("Destination created"),
    "destination.deleted": _("Destination deleted"),
    "destination.paused": _("Destination paused"),
    "destination.inbound_secret_changed": _("Address for replies changed"),
    "destination.replies_connected": _("Address for replies entered at the provider"),
    "destination.resumed": _("Destination resumed"),
    "destination.updated": _("Destination changed"),
    "destination.verified": _("Connection verified"),
    "job.canceled": _("Job canceled"),
    "job.replayed": _("Job replayed"),
    "job.resent": _("Job edited and sent again"),
    "jobs.canceled": _("Many jobs canceled"),
    "jobs.released": _("Jobs of a restored backup released"),
    "jobs.replayed": _("Many jobs replayed"),
    "member.added": _("Member added"),
    "member.link_issued": _("Password link made"),
    "member.password_set": _("Password set"),
    "member.phone_code_requested": _("Phone code requested"),
    "member.phone_confirmed": _("Phone confirmed"),
    "member.phone_removed": _("Phone removed"),
    "member.removed": _("Member removed"),
    "member.role_changed": _("Role changed"),
    "message.reviewed": _("Message judged"),
    "route.created": _("Route created"),
    "route.deleted": _("Route deleted"),
    "route.paused": _("Route paused"),
    "route.resumed": _("Route resumed"),
    "route.updated": _("Route changed"),
    "signing_key.issued": _("Signing key issued"),
    "signing_key.revoked": _("Signing key revoked"),
    "source.changed": _("Source changed"),
    "source.created": _("Source created"),
    "source.paused": _("Source paused"),
    "source.resumed": _("Source resumed"),
    "source.revoked": _("Source revoked"),
    "source.tested": _("Test event sent"),
    "suppression.added": _("Number suppressed"),
    "suppression.removed": _("Suppression removed"),
    "suppressions.exported": _("Suppressions exported"),
    "suppressions.imported": _("Suppressions imported"),
    "tenant.changed": _("Workspace changed"),
    "tenant.created": _("Workspace created"),
    "workflow.added": _("Workflow added"),
    "workflow.paused": _("Workflow paused"),
    "workflow.renamed": _("Workflow renamed"),
    "workflow.resumed": _("Workflow resumed"),
}


def describe(action: str) -> str:
    """A slug that is not in the table is shown as it is, never hidden."""
    known = ACTIONS.get(action)
    if known is not None:
        return str(known)
    return action.replace(".", " ").replace("_", " ").capitalize()
