"""What allauth asks us: how factors' secrets are kept, and what authenticators show."""

import base64
from typing import Any
from uuid import UUID

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings

from leadrails.core.crypto import Place
from leadrails.tenants.models import User

# Factors belong to people, and people to no tenant; allauth names no row.
PLACE = Place(UUID(int=0), "mfa_authenticator", UUID(int=0), "data")


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        token = settings.LEADRAILS_KEYRING.encrypt(text, PLACE)
        return base64.b64encode(token).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        token = base64.b64decode(encrypted_text)
        return str(settings.LEADRAILS_KEYRING.decrypt(token, PLACE))

    def _get_site_name(self) -> str:
        return "LeadRails"

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        entity = super().get_public_key_credential_user_entity(user)
        return {**entity, "name": user.email, "display_name": str(user)}
