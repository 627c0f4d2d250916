"""A field of countries that takes names, codes and nicknames."""

import difflib
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from destinations import checks


class CountriesField(forms.CharField):
    """Countries by name or code, separated by commas."""

    def clean(self, value: Any) -> list[str]:
        typed = super().clean(value)
        found = [_country(part) for part in _parts(typed)]
        return sorted(set(found))

    def prepare_value(self, value: Any) -> Any:
        return names_of(value) if isinstance(value, list) else value


def names_of(codes: list[str]) -> str:
    names = [checks.COUNTRIES.get(code, code) for code in codes]
    # A name with a comma in it would not survive being typed again.
    safe = [
        code if "," in name else name for code, name in zip(codes, names, strict=True)
    ]
    return ", ".join(sorted(safe))


_CODES = {name.casefold(): code for code, name in checks.COUNTRIES.items()}
_NICKNAMES = {"usa": "US", "uk": "GB", "england": "GB", "great britain": "GB"}


def _parts(typed: str) -> list[str]:
    return [part.strip() for part in typed.replace(";", ",").split(",") if part.strip()]


def _country(text: str) -> str:
    if text.upper() in checks.COUNTRIES:
        return text.upper()
    folded = text.casefold()
    if code := _CODES.get(folded) or _NICKNAMES.get(folded):
        return code
    close = difflib.get_close_matches(folded[:60], _CODES, n=1)
    problem = gettext("There is no country “%(text)s”.") % {"text": text[:60]}
    if close:
        name = checks.COUNTRIES[_CODES[close[0]]]
        problem += " " + gettext("Did you mean %(name)s?") % {"name": name}
    raise ValidationError(problem)
