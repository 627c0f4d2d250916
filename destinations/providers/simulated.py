"""Names and secrets of simulated accounts: derived, so nothing is registered."""

import hashlib
import hmac
import re
from uuid import UUID

MARK = "5111a7ed"
SAMPLE_SENDER = "+15555550100"  # every simulated account owns it
_SIMULATED = re.compile(rf"[A-Z]{{2}}{MARK}[0-9a-f]{{24}}")


def is_simulated_sid(sid: str) -> bool:
    return _SIMULATED.fullmatch(sid) is not None


def account_sid(tenant_id: UUID) -> str:
    """Hashed, since the time half of a UUIDv7 would make neighbours look alike."""
    digest = hashlib.sha256(b"simulated account" + tenant_id.bytes).hexdigest()
    return f"AC{MARK}{digest[:24]}"


def sibling_sid(prefix: str, account: str) -> str:
    """The account's own resource of another kind, e.g. its `MG` or default `SK`."""
    return f"{prefix}{MARK}{account[-24:]}"


def auth_token(secret: str, sid: str) -> str:
    """The auth token of an `AC…`, or the key secret of an `SK…`."""
    return hmac.new(secret.encode(), sid.encode(), hashlib.sha256).hexdigest()[:32]


def handsets_path(secret: str, account: str) -> str:
    """The page of an account's virtual phones; who knows it may read and reply."""
    text = f"handsets of {account}".encode()
    key = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()[:32]
    return f"/handsets/{account}/{key}/"
