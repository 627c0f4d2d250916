"""Forms of suppressions. They check and clean; services save."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from leadrails.core import phone
from leadrails.core.segments import LONGEST_BODY
from leadrails.tenants.forms import OnceField

LONGEST_LIST = 5 * 1024 * 1024  # bytes


class AnswerForm(forms.Form):
    once = OnceField()
    body = forms.CharField(
        label=_("Your answer"),
        max_length=LONGEST_BODY,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write what is to be sent.")},
    )


class SuppressionForm(forms.Form):
    phone = forms.CharField(
        label=_("Phone number"),
        max_length=60,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        help_text=_("With country code, or as it is dialled in the workspace's."),
    )
    note = forms.CharField(
        label=_("Why"),
        max_length=200,
        required=False,
        help_text=_("For your colleagues: who asked for it, and where."),
    )

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = country

    def clean_phone(self) -> str:
        read = phone.normalise(self.cleaned_data["phone"], self.country)
        if not read.e164:
            raise ValidationError(str(read.sentence))
        return read.e164


class RemovalForm(forms.Form):
    because = forms.CharField(
        label=_("Why may this person be messaged again?"),
        max_length=200,
        help_text=_("Stands in the audit log."),
    )


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,text/csv"}),
    )
    text = forms.CharField(
        label=_("Or paste numbers"),
        required=False,
        max_length=500_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=_("One a line; what stands after a comma is the note."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file, text = cleaned.get("file"), cleaned.get("text", "")
        if isinstance(file, UploadedFile):
            if (file.size or 0) > LONGEST_LIST:
                raise ValidationError(_("The file is larger than 5 MB: split it."))
            text = _decoded(file.read())
        if not text.strip():
            raise ValidationError(_("Choose a file, or paste numbers."))
        cleaned["list"] = text
        return cleaned


def _decoded(data: bytes) -> str:
    """Spreadsheets write UTF-8 with a mark, UTF-16, or the old Western encoding."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
