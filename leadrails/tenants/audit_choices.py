"""
Whom and what the audit log can be filtered by: a probe for each, however long it is.

A DISTINCT would read every entry; a loose index scan asks for the next one it has not
seen, as long as there is one.
"""

from uuid import UUID

from leadrails import statements

_ACTIONS = """
WITH RECURSIVE known AS (
  (SELECT action FROM tenants_auditentry WHERE tenant_id = %(tenant)s
   ORDER BY action LIMIT 1)
  UNION ALL
  SELECT (SELECT action FROM tenants_auditentry WHERE tenant_id = %(tenant)s
    AND action > known.action ORDER BY action LIMIT 1)
  FROM known WHERE action IS NOT NULL
)
SELECT action FROM known WHERE action IS NOT NULL
"""
_PEOPLE = """
WITH RECURSIVE known AS (
  (SELECT actor_id FROM tenants_auditentry WHERE tenant_id = %(tenant)s
   AND actor_id IS NOT NULL ORDER BY actor_id LIMIT 1)
  UNION ALL
  SELECT (SELECT actor_id FROM tenants_auditentry WHERE tenant_id = %(tenant)s
    AND actor_id > known.actor_id ORDER BY actor_id LIMIT 1)
  FROM known WHERE actor_id IS NOT NULL
)
SELECT actor_id, newest.actor_name FROM known, LATERAL (
  SELECT actor_name FROM tenants_auditentry
  WHERE tenant_id = %(tenant)s AND actor_id = known.actor_id
  ORDER BY actor_id, id DESC LIMIT 1) newest
UNION ALL
(SELECT NULL, actor_name FROM tenants_auditentry
 WHERE tenant_id = %(tenant)s AND actor_id IS NULL ORDER BY actor_id, id DESC LIMIT 1)
"""


def actions_of(tenant: UUID) -> list[str]:
    """The slugs of all acts in the log."""
    return [row[0] for row in statements.run(_ACTIONS, {"tenant": tenant})]


def people_of(tenant: UUID) -> list[tuple[UUID | None, str]]:
    """Everybody in the log, former members too, under their latest name."""
    return [(row[0], row[1]) for row in statements.run(_PEOPLE, {"tenant": tenant})]
