"""Make a workspace and its owner from the shell."""

import getpass
import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from leadrails.tenants.choices import countries, time_zones
from leadrails.tenants.models import User
from leadrails.tenants.services import create_owner

VARIABLE = "LEADRAILS_OWNER_PASSWORD"
COUNTRY, TIME_ZONE = "US", "UTC"  # of a workspace nobody says more of


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
        parser.add_argument(
            "--country", default="", help=f"ISO code; {COUNTRY} if nobody is asked"
        )
        parser.add_argument(
            "--time-zone",
            default="",
            help=f"such as Europe/Paris; {TIME_ZONE} if nobody is asked",
        )
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
        email = email or self._ask("E-mail", validate_email)
        tenant = tenant or self._ask("Workspace")
        if sys.stdin.isatty() and not password_stdin:
            country = country or self._ask("Country", _check_country, default=COUNTRY)
            time_zone = time_zone or self._ask(
                "Time zone", _check_time_zone, default=TIME_ZONE
            )
        person = User(email=email.strip().lower(), name=name)
        has_account = User.objects.filter(email__iexact=person.email).exists()
        password = None if has_account else self._password(person, password_stdin)
        try:
            membership = create_owner(
                email,
                tenant_name=tenant,
                password=password,
                name=name,
                country=(country or COUNTRY).upper(),
                time_zone=time_zone or TIME_ZONE,
            )
        except ValidationError as error:
            raise CommandError(_sentence(error)) from None
        made = membership.tenant
        return f"{membership.user.email} owns “{made.name}” at /t/{made.slug}/."

    def _password(self, person: User, from_stdin: bool) -> str:
        if from_stdin:
            return sys.stdin.readline().rstrip("\r\n")
        if given := os.environ.get(VARIABLE):
            return given
        _need_terminal()
        while True:
            first = getpass.getpass("Password: ")
            if self._is_good(first, lambda typed: validate_password(typed, person)):
                if first == getpass.getpass("Password again: "):
                    return first
                self.stderr.write("The two passwords differ.")

    def _ask(
        self, name: str, check: Callable[[str], None] | None = None, default: str = ""
    ) -> str:
        """Ask until the answer is good; nothing typed stands for the default."""
        _need_terminal()
        prompt = f"{name} [{default}]: " if default else f"{name}: "
        while True:
            answer = input(prompt).strip() or default
            if answer and (check is None or self._is_good(answer, check)):
                return answer

    def _is_good(self, answer: str, check: Callable[[str], None]) -> bool:
        try:
            check(answer)
        except ValidationError as error:
            self.stderr.write(" ".join(error.messages))
            return False
        return True


def _check_country(code: str) -> None:
    if code.upper() not in dict(countries()):
        raise ValidationError("Give two letters, such as US or GB.")


def _check_time_zone(name: str) -> None:
    if name not in dict(time_zones()):
        raise ValidationError("Give a place, such as Europe/Paris, or UTC.")


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
