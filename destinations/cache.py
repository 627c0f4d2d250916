"""
Destinations as they stand in the database, loaded once per change.

`xmin` and `ctid` name a row's version: every update, by whatever way, changes one.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from destinations.models import Destination
from leadrails import statements

MAX_ENTRIES = 4096

# Whoever reads jobs with it saves a question of its own: see `destinations_of`.
_VERSIONS = """
SELECT id, xmin::text || ctid::text FROM destinations_destination
WHERE id = ANY(%(ids)s)
"""

_known: dict[UUID, tuple[str | None, Destination]] = {}


def find_destinations(ids: Collection[UUID]) -> dict[UUID, Destination]:
    """
    Return those that exist, by id, as of now.

    They are shared by the threads of the process: change a row, not these.
    """
    return destinations_of(dict(statements.run(_VERSIONS, {"ids": list(ids)})))


def remembered(pk: UUID) -> tuple[str, Destination] | None:
    """
    Return a destination and its version as they were when last asked for, if they were.

    That may be long ago: whoever acts on it makes sure that the version still holds.
    """
    version, place = _known.get(pk, (None, None))
    return (version, place) if version and place else None


def destinations_of(versions: Mapping[UUID, str | None]) -> dict[UUID, Destination]:
    """
    Return those that exist, by id, of these versions or later.

    Args:
        versions: `xmin` and `ctid` as text, by id; None for those that are gone.
    """
    found = {
        pk: known[1]
        for pk, version in versions.items()
        if (known := _known.get(pk)) and known[0] == version
    }
    missing = versions.keys() - found.keys()
    if missing:
        if len(_known) + len(missing) > MAX_ENTRIES:
            _known.clear()
        # A row that changes after its version was read is merely loaded once more.
        loaded = Destination.objects.select_related("tenant").in_bulk(missing)
        _known.update({pk: (versions[pk], place) for pk, place in loaded.items()})
        found |= loaded
    return found
