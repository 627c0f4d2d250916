from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Breach:
    what: str
    job_id: UUID | None = None
