"""Forms by which a person shows who they are, and sets up how."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from leadrails.tenants import factors
from leadrails.tenants.forms import CodeForm
from leadrails.tenants.models import User

_CODE = r"[0-9]{6}|[0-9]{8}"


def _code_field(**options: Any) -> forms.CharField:
    attrs = {
        "autocomplete": "one-time-code",
        "inputmode": "numeric",
        "class": "input-code",
    }
    widget = forms.TextInput(attrs={**attrs, **options.pop("attrs", {})})
    return forms.CharField(label=_("Code"), max_length=20, widget=widget, **options)


def _clean_code(text: str) -> str:
    code = "".join(text.split()).replace("-", "")
    if not re.fullmatch(_CODE, code):
        raise ValidationError(
            _("Codes of the app have six digits, recovery codes eight.")
        )
    return code


class FactorForm(forms.Form):
    """The second step of logging in."""

    code = _code_field(
        attrs={"autofocus": True},
        help_text=_("Six digits from your app, or one of your recovery codes."),
    )

    def clean_code(self) -> str:
        return _clean_code(self.cleaned_data["code"])


class AppForm(CodeForm):
    """A first code of an app, which shows that it was set up."""


class PasskeyForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("So that you know later which one it is."),
    )


class ProofForm(forms.Form):
    """Once more the password, or a code of the app, whichever is at hand."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        required=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = _code_field(required=False)

    def __init__(
        self, *args: Any, user: User, with_password: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if not with_password:
            del self.fields["password"]
        if not factors.app_of(user) and with_password:
            del self.fields["code"]
        first = next(iter(self.fields.values()))
        first.widget.attrs["autofocus"] = True
        first.required = len(self.fields) == 1

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if password and not self.user.check_password(password):
            raise ValidationError(_("This is not your password."))
        return password

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        return _clean_code(code) if code else ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not any(cleaned.values()):
            self.add_error(next(iter(self.fields)), _("This field is required."))
        return cleaned
