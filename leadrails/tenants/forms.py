"""Forms of accounts and settings. They check and clean; services save."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from leadrails.core import ids
from leadrails.tenants.choices import countries, time_zones
from leadrails.tenants.models import Role, User


def _zones() -> list[tuple[str, str]]:
    return time_zones()


def _own_or_zones() -> list[tuple[str, Any]]:
    return [("", _("The workspace's time zone")), *time_zones()]


class OnceField(forms.UUIDField):
    """The id of what the form makes, so that a form sent twice makes one thing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.HiddenInput, initial=ids.uuid7, **options)

    def clean(self, value: Any) -> UUID:
        cleaned = super().clean(value)
        if not isinstance(cleaned, UUID) or cleaned.version != 7:
            raise ValidationError(_("Reload the page and try again."))
        return cleaned


def quiet_time(label: Any, **options: Any) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, required=False, widget=widget, **options)


class NewPasswordField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        options = {"label": _("Password"), "strip": False, **options}
        options.setdefault("help_text", _("At least 8 characters, not a common word."))
        super().__init__(widget=widget, max_length=256, **options)


def name_field(**options: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "name"})
    label = _("Your name")
    return forms.CharField(label=label, max_length=150, widget=widget, **options)


def email_field(**options: Any) -> forms.EmailField:
    return forms.EmailField(**{"label": _("E-mail"), "max_length": 254, **options})


class LoginForm(AuthenticationForm):
    error_messages = {  # noqa: RUF012
        "invalid_login": _("The e-mail address and the password do not fit together."),
        "inactive": _("The e-mail address and the password do not fit together."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        username = self.fields["username"]
        username.label = _("E-mail")
        username.widget = forms.EmailInput(
            attrs={"autocomplete": "username", "autofocus": True, "maxlength": 254}
        )


class SetUpForm(forms.Form):
    email = email_field(widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    name = name_field(required=False)
    password = NewPasswordField()
    tenant_name = forms.CharField(
        label=_("Workspace"),
        max_length=200,
        help_text=_("Your business, or the client you work for."),
    )
    country = forms.ChoiceField(
        label=_("Country"),
        choices=countries,
        initial="US",
        help_text=_("Where its leads come from by default."),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=_zones, initial="UTC")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if password := cleaned.get("password"):
            person = User(email=cleaned.get("email", ""), name=cleaned.get("name", ""))
            _check_password(self, "password", password, person)
        return cleaned


class WelcomeForm(forms.Form):
    """Whoever follows a password link says who they are and sets a password."""

    name = name_field(required=False)
    password = NewPasswordField()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["name"].initial = user.name

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password


class ProfileForm(forms.Form):
    name = name_field(required=False)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=_own_or_zones,
        required=False,
        help_text=_("All times on these pages are shown in it."),
    )
    language = forms.ChoiceField(label=_("Language"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        languages = _languages()
        if len(languages) == 1:
            del self.fields["language"]
            return
        field = self.fields["language"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("As the browser asks")), *languages]


def _languages() -> list[tuple[str, str]]:
    """Those that there are translations for, each by its own name."""
    codes = [code for code, _name in settings.LANGUAGES]
    return [(code, str(get_language_info(code)["name_local"])) for code in codes]


class EmailForm(forms.Form):
    """A person's new e-mail address."""

    new_email = email_field(
        label=_("New e-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class ResetForm(forms.Form):
    email = email_field(
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )


class PasswordForm(PasswordChangeForm):
    """The old password, then the new one once: browsers can show what was typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = _("Current password")
        self.fields["old_password"].widget.attrs.pop("autofocus", None)
        self.fields["new_password1"] = NewPasswordField(label=_("New password"))
        self.fields["new_password2"].label = _("New password again")
        self.fields["new_password2"].help_text = ""


class PhoneForm(forms.Form):
    """A person's own number, and which destination sends the code to it."""

    phone = forms.CharField(
        label=_("Your phone number"),
        max_length=60,
        help_text=_("With the country code, e.g. +1 for the United States."),
        widget=forms.TextInput(
            attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}
        ),
    )
    destination = forms.ChoiceField(
        label=_("Send the code by"),
        choices=[],
        help_text=_("It costs that workspace one message."),
    )

    def __init__(
        self, *args: Any, senders: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["destination"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = senders


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "class": "input-code",
            }
        ),
    )

    def clean_code(self) -> str:
        code = "".join(self.cleaned_data["code"].split()).replace("-", "")
        if not re.fullmatch(r"[0-9]{6}", code):
            raise ValidationError(_("The code has six digits."))
        return code


class MemberForm(forms.Form):
    email = email_field(
        help_text=_("They log in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[],
        initial=Role.OPERATOR,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = role_choices()


class RoleForm(MemberForm):
    email = None  # type: ignore[assignment]


ROLE_TEXTS = {
    Role.VIEWER: _("Viewer: sees everything, changes nothing"),
    Role.OPERATOR: _("Operator: routes, replays, pauses, alerts and test events too"),
    Role.ADMIN: _("Admin: sources, destinations, credentials and API keys too"),
    Role.OWNER: _("Owner: members too"),
}


def role_choices() -> list[tuple[str, Any]]:
    return [(role.value, ROLE_TEXTS[role]) for role in Role]


class ApiKeyForm(forms.Form):
    once = OnceField()
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_(
            "What uses the key, so that you know what stops when you revoke it."
        ),
    )


class TenantForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=_zones,
        help_text=_("For members who have not chosen their own."),
    )
    country = forms.ChoiceField(
        label=_("Country"),
        choices=countries,
        help_text=_("New sources read national phone numbers as from here."),
    )

    def __init__(self, *args: Any, may_edit: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.disabled = not may_edit


class QuietHoursForm(forms.Form):
    """When the people a workspace writes to get no marketing."""

    quiet_from = quiet_time(_("Quiet from"))
    quiet_to = quiet_time(
        _("Quiet to"), help_text=_("On the clock where the person's number is from.")
    )
    quiet_by_law = forms.BooleanField(
        label=_("Also keep the stricter hours of US states and of some countries"),
        required=False,
        help_text=_(
            "Such as Texas on Sundays, or France. Public holidays are not known here."
        ),
    )

    def __init__(self, *args: Any, may_edit: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.disabled = not may_edit


def _check_password(form: forms.Form, field: str, password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        form.add_error(field, error)
