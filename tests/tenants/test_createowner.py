import io
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from leadrails.tenants.models import Membership, Role
from tests.make import make_user

pytestmark = pytest.mark.django_db

OPTIONS = ["--email", "ann@example.com", "--tenant", "Acme", "--name", "Ann"]


def createowner(*options):
    out = io.StringIO()
    call_command("createowner", *options, stdout=out)
    return out.getvalue()


def test_the_password_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("LEADRAILS_OWNER_PASSWORD", "correct horse 9")

    said = createowner(*OPTIONS)

    made = Membership.objects.get()
    assert made.role == Role.OWNER
    assert made.user.check_password("correct horse 9")
    assert "/t/acme/" in said
    assert "correct horse" not in said


def test_the_password_comes_from_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse 9\nmore\n"))

    createowner(*OPTIONS, "--password-stdin")

    assert Membership.objects.get().user.check_password("correct horse 9")


def test_a_person_with_an_account_is_asked_for_no_password():
    ann = make_user(email="ann@example.com")

    createowner(*OPTIONS)

    assert Membership.objects.get().user == ann


def test_a_bad_password_is_said_in_a_sentence(monkeypatch):
    monkeypatch.setenv("LEADRAILS_OWNER_PASSWORD", "12345678")

    with pytest.raises(CommandError, match="password"):
        createowner(*OPTIONS)


def test_without_a_terminal_nothing_is_asked(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    with pytest.raises(CommandError, match="--email"):
        createowner()


@pytest.fixture
def terminal(monkeypatch):
    """A person at a terminal, who types what is given."""
    lines, secrets, asked = [], [], []

    def typed(prompt):
        asked.append(prompt)
        return lines.pop(0)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", typed)
    monkeypatch.setattr("getpass.getpass", lambda _prompt: secrets.pop(0))
    return SimpleNamespace(lines=lines, secrets=secrets, asked=asked)


def test_who_sits_at_a_terminal_is_asked_until_it_is_good(terminal):
    terminal.lines += ["ann", "ann@example.com", "Acme", "France", "fr"]
    terminal.lines += ["Paris", "Europe/Paris"]
    terminal.secrets += ["12345678", "correct horse 9", "correct hoarse"]
    terminal.secrets += ["correct horse 9", "correct horse 9"]

    createowner()

    made = Membership.objects.get()
    assert made.user.check_password("correct horse 9")
    assert (made.tenant.country, made.tenant.time_zone) == ("FR", "Europe/Paris")
    assert not terminal.lines + terminal.secrets


def test_nothing_typed_stands_for_the_default(terminal):
    terminal.lines += ["", ""]
    terminal.secrets += ["correct horse 9"] * 2

    createowner(*OPTIONS)

    made = Membership.objects.get().tenant
    assert (made.country, made.time_zone) == ("US", "UTC")
    assert terminal.asked == ["Country [US]: ", "Time zone [UTC]: "]
