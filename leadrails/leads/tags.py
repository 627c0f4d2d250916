"""Tags of leads: what people's answers, or members of the tenant, say of them."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from leadrails.leads.models import LONGEST_TAG, MOST_TAGS, Lead
from leadrails.tenants import audit
from leadrails.tenants.models import User

# One statement, so that two at once lose none. The order is that of time.
_ADD = """
UPDATE leads_lead SET tags = array_append(tags, %(tag)s)
WHERE id = %(lead)s AND tenant_id = %(tenant)s AND NOT %(tag)s = ANY(tags)
  AND cardinality(tags) < %(most)s
"""
_REMOVE = """
UPDATE leads_lead SET tags = array_remove(tags, %(tag)s)
WHERE id = %(lead)s AND tenant_id = %(tenant)s AND %(tag)s = ANY(tags)
"""


def clean_tag(text: str) -> str:
    """
    Return a tag as it is kept: one line, no comma.

    Raises:
        ValidationError: it is too long.
    """
    tag = " ".join(text.replace("\0", "").replace(",", " ").split())
    if len(tag) > LONGEST_TAG:
        raise ValidationError(
            _("A tag has at most %(most)d characters.") % {"most": LONGEST_TAG}
        )
    return tag


def add_tag(lead_id: UUID, tag: str, *, tenant_id: UUID) -> bool:
    """Put a tag on a lead; False if it has it, has too many, or is not there."""
    return _change(_ADD, lead_id, tag, tenant_id) > 0


def tag_by_hand(lead: Lead, text: str, *, actor: User) -> None:
    """
    Raises:
        ValidationError: there is no room for it, or it is none.
    """
    tag = clean_tag(text)
    if not tag:
        raise ValidationError(_("Write a tag."))
    with transaction.atomic():
        if add_tag(lead.pk, tag, tenant_id=lead.tenant_id):
            audit.record(lead.tenant, actor, "lead.tagged", lead, tag=tag)
            return
    if len(lead.tags) >= MOST_TAGS and tag not in lead.tags:
        raise ValidationError(
            _("A lead has at most %(most)d tags.") % {"most": MOST_TAGS}
        )


def untag(lead: Lead, tag: str, *, actor: User) -> None:
    tag = tag.replace("\0", "")[:LONGEST_TAG]
    with transaction.atomic():
        if _change(_REMOVE, lead.pk, tag, lead.tenant_id):
            audit.record(lead.tenant, actor, "lead.untagged", lead, tag=tag)


def _change(statement: str, lead_id: UUID, tag: str, tenant_id: UUID) -> int:
    parameters: Any = {
        "lead": lead_id,
        "tag": tag,
        "tenant": tenant_id,
        "most": MOST_TAGS,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)
