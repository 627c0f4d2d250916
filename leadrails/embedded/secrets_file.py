"""The secrets of one embedded installation: made once, kept beside its data."""

import base64
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from leadrails.embedded.places import write_secret_file


@dataclass(frozen=True, kw_only=True)
class Secrets:
    secret_key: str
    encryption_keys: str
    simulator_secret: str
    postgres_superuser: str
    postgres_owner: str
    redis: str

    @classmethod
    def make(cls) -> Self:
        master = base64.b64encode(secrets.token_bytes(32)).decode("ascii")
        return cls(
            secret_key=secrets.token_urlsafe(50),
            encryption_keys=f"1:{master}",
            simulator_secret=secrets.token_hex(32),
            postgres_superuser=secrets.token_hex(24),
            postgres_owner=secrets.token_hex(24),
            redis=secrets.token_hex(24),
        )

    @classmethod
    def load(cls, path: Path) -> Self | None:
        if not path.exists():
            return None
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def save(self, path: Path) -> None:
        write_secret_file(path, json.dumps(asdict(self), indent=2) + "\n")
