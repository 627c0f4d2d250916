"""Make a workspace and its owner from the shell."""

import getpass
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from leadrails.tenants.models import User
from leadrails.tenants.services import create_owner

VARIABLE = "LEADRAILS_OWNER_PASSWORD"


class Command(BaseCommand):
    help = (
        "Make a workspace and its owner. Asks for what is not given; the password "
        f"comes from {VARIABLE}, from standard input (--password-stdin) or from you. "
        "A person who has an account becomes the owner of one more workspace."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", default="")
        parser.add_argument("--name", default="", help="the person's name")
        parser.add_argument("--tenant", default="", help="the workspace's name")
        parser.add_argument("--country", default="US", help="ISO code, such as US")
        parser.add_argument("--time-zone", default="UTC", help="such as Europe/Paris")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from the first line of standard input",
        )

    def handle(
        self,
        *,
        email: str,
        name: str,
        tenant: str,
        country: str,
        time_zone: str,
        password_stdin: bool,
        **_options: Any,
    ) -> str:
        email = email or _ask("E-mail: ")
        tenant = tenant or _ask("Workspace: ")
        has_account = User.objects.filter(email__iexact=email.strip()).exists()
        password = None if has_account else _password(password_stdin)
        try:
            membership = create_owner(
                email,
                tenant_name=tenant,
                password=password,
                name=name,
                country=country.upper(),
                time_zone=time_zone,
            )
        except ValidationError as error:
            raise CommandError(_sentence(error)) from None
        made = membership.tenant
        return f"{membership.user.email} owns “{made.name}” at /t/{made.slug}/."


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if given := os.environ.get(VARIABLE):
        return given
    _need_terminal()
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Password again: "):
        raise CommandError("The two passwords differ.")
    return first


def _ask(prompt: str) -> str:
    _need_terminal()
    return input(prompt)


def _need_terminal() -> None:
    if not sys.stdin.isatty():
        raise CommandError(
            "Give --email and --tenant, and the password by --password-stdin or "
            f"{VARIABLE}: there is no terminal to ask on."
        )


def _sentence(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return "\n".join(
        f"{field}: {' '.join(messages)}"
        for field, messages in error.message_dict.items()
    )
