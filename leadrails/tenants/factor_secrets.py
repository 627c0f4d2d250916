"""Second factors' secrets at rest, as the rotation of keys reads and replaces them."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator

from leadrails.tenants.mfa_adapter import PLACE

# What allauth has us encrypt, by kind; a passkey holds no secret of ours.
_FIELDS = {"totp": "secret", "recovery_codes": "seed"}


@dataclass(frozen=True, slots=True)
class FactorSecret:
    pk: int
    token: bytes
    _data: dict[str, Any]
    _field: str

    place = PLACE

    def replace(self, token: bytes) -> int:
        """Write it, unless the factor has changed meanwhile; return how many were."""
        text = base64.b64encode(token).decode("ascii")
        same = Authenticator.objects.filter(pk=self.pk, data=self._data)
        return int(same.update(data=self._data | {self._field: text}))


def factor_secrets() -> Iterator[FactorSecret]:
    rows = Authenticator.objects.filter(type__in=_FIELDS).order_by("pk")
    for pk, kind, data in rows.values_list("pk", "type", "data"):
        token = base64.b64decode(data[_FIELDS[kind]])
        yield FactorSecret(pk, token, data, _FIELDS[kind])
