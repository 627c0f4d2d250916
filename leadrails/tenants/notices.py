"""Mail to a person about their account, so that they hear of what others do to it."""

from dataclasses import dataclass

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from leadrails.mail import services as mail
from leadrails.tenants.models import User


@dataclass(frozen=True, slots=True)
class Where:
    """From where an act was done, as the person is told."""

    address: str = ""
    device: str = ""


def tell(user: User, event: str, *, where: Where, to: str = "") -> None:
    """
    Queue a notice if there is a mail server; else the audit log has to do.

    Args:
        event: a key of `_EVENTS`.
        to: another address than the person's present one.
    """
    if not mail.is_set_up():
        return
    with translation.override(user.language or translation.get_language()):
        subject, sentence = _words(event)
        mail.queue(
            "mail/notice",
            to or user.email,
            subject=subject,
            context={
                "person": user,
                "sentence": sentence,
                "where": where,
                "at": timezone.now(),
            },
            language=user.language,
        )


def _words(event: str) -> tuple[str, str]:
    """Return subject and sentence."""
    return {
        "app_added": (
            _("An authenticator app was added to your account"),
            _("From now on you log in with your password and a code of the app."),
        ),
        "app_removed": (
            _("The authenticator app was removed from your account"),
            _("Its codes no longer let anybody in."),
        ),
        "passkey_added": (
            _("A passkey was added to your account"),
            _("Whoever holds it can log in as you."),
        ),
        "passkey_removed": (
            _("A passkey was removed from your account"),
            _("It no longer lets anybody in."),
        ),
        "recovery_codes_made": (
            _("New recovery codes were made for your account"),
            _("The old ones no longer work."),
        ),
        "recovery_code_used": (
            _("A recovery code was used to log in to your account"),
            _("It cannot be used again. Make new ones before you run out."),
        ),
        "factors_removed": (
            _("All second factors were removed from your account"),
            _("You log in with your password alone until you set one up again."),
        ),
        "password_set": (
            _("The password of your account was changed"),
            _("Other browsers are logged out."),
        ),
        "email_changed": (
            _("The e-mail address of your account was changed"),
            _("You no longer log in with this address."),
        ),
    }[event]
