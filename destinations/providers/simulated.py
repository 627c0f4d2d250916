"""Names and secrets of simulated accounts: derived, so nothing is registered."""

import base64
import hashlib
import hmac
import re
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MARK = "5111a7ed"
SAMPLE_SENDER = "+15555550100"  # every simulated account owns it at Twilio
SAMPLE_TELNYX_SENDER = "+15555550200"  # and this one at Telnyx
_SIMULATED = re.compile(rf"[A-Z]{{2}}{MARK}[0-9a-f]{{24}}")
_TELNYX_KEY = re.compile(rf"KEY{MARK}[0-9a-f]{{24}}_[0-9a-f]{{22}}", re.IGNORECASE)


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
    return _derived(secret, sid)


def handsets_path(secret: str, account: str) -> str:
    """The page of an account's virtual phones; who knows it may read and reply."""
    return f"/handsets/{account}/{_derived(secret, f'handsets of {account}')}/"


def rcs_sender(account: str) -> str:
    """The account's RCS sender at Twilio; its SID is the account's `XE` sibling."""
    return f"rcs:simulated_{account[-8:]}_agent"


def is_simulated_key(api_key: str) -> bool:
    """Whether it is a Telnyx key of a simulated account."""
    return _TELNYX_KEY.fullmatch(api_key) is not None


def telnyx_api_key(secret: str, account: str) -> str:
    """`KEY…`: names the account, which is thus found again, and proves it."""
    proof = _derived(secret, f"telnyx key of {account}")[:22]
    return f"KEY{MARK}{account[-24:]}".upper() + f"_{proof}"


def telnyx_signing_key(secret: str, account: str) -> Ed25519PrivateKey:
    text = f"ed25519 of {account}".encode()
    seed = hmac.new(secret.encode(), text, hashlib.sha256).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)


def telnyx_public_key(secret: str, account: str) -> str:
    """Base64 of 32 bytes, as the provider's portal shows it."""
    key = telnyx_signing_key(secret, account).public_key()
    return base64.b64encode(key.public_bytes_raw()).decode()


def telnyx_profile_id(account: str) -> str:
    """The messaging profile that holds the account's numbers from the beginning."""
    return str(UUID(MARK + account[-24:]))


def telnyx_agent_id(account: str) -> str:
    """The account's RCS agent at Telnyx."""
    return f"agent_{account[-16:]}"


def _derived(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]
