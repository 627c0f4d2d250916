"""Let in again whoever lost app, passkeys and recovery codes."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leadrails.tenants.models import User
from leadrails.tenants.security import remove_all


class Command(BaseCommand):
    help = (
        "Remove all second factors of a person, who logs in with the password alone "
        "then. Make sure that it is really they who ask. They are told by mail, and "
        "their workspaces' audit logs tell."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *, email: str, **_options: Any) -> str:
        user = User.objects.filter(email__iexact=email.strip()).first()
        if user is None:
            raise CommandError("Nobody here has this address.")
        removed = remove_all(user)
        return f"{removed} second factor(s) of {user.email} removed."
