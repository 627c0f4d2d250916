"""What a message is likely to cost: what the last ones to that country did cost."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from leadrails import statements
from leadrails.core import phone
from leadrails.core.segments import Segments
from leadrails.tenants.models import Tenant
from leadrails.ui.formats import money

LOOKED_AT = 1000  # of the tenant's newest jobs

# The array and the order name the one index that suits small workspaces as well as
# large ones: see `leadrails.lists.Among`.
_PRICED = """
SELECT recipient, abs(price) / greatest(segments, 1), price_unit FROM (
  SELECT id, destination_id, recipient, price, price_unit, segments, encoding
  FROM jobs_job WHERE tenant_id = ANY(ARRAY[%(tenant)s])
  ORDER BY tenant_id DESC, id DESC LIMIT %(most)s) recent
WHERE price IS NOT NULL AND (encoding = 'MMS') = %(is_mms)s
  AND (destination_id = %(destination)s OR %(destination)s::uuid IS NULL)
ORDER BY id DESC
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """`price` is of the whole message, None where nothing of its kind was priced."""

    country: str
    price: Decimal | None = None
    unit: str = ""

    @property
    def sentence(self) -> str:
        if self.price is None:
            return _(
                "Cost to %(country)s: unknown until a message there has been priced."
            ) % {"country": self.country}
        return _("Cost to %(country)s: about %(price)s, like the messages before.") % {
            "country": self.country,
            "price": money(self.price, self.unit),
        }


def cost_of(
    tenant: Tenant,
    recipient: str,
    measured: Segments | None,
    destination: UUID | None = None,
) -> Cost | None:
    """
    Return what a message costs by the newest recorded prices of its country.

    Args:
        measured: how it is billed; None for what is not billed by segments.
        destination: whose prices count; by default all of the tenant's.
    """
    region = phone.region_of(recipient) if recipient else None
    if measured is None or region is None:
        return None
    parameters = {
        "tenant": tenant.pk,
        "destination": destination,
        "is_mms": measured.encoding == "MMS",
        "most": LOOKED_AT,
    }
    for to, price, unit in statements.run(_PRICED, parameters):
        if phone.region_of(to) == region:
            whole = price * measured.segments
            return Cost(
                phone.country_name(region), whole.quantize(Decimal("0.0001")), unit
            )
    return Cost(phone.country_name(region))
