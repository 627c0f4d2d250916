"""A destination's RCS content, judged before it is kept."""

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from destinations.composing import compiled
from leadrails.core.rendering import TemplateError
from leadrails.core.rich import Rich, RichError, load, texts
from leadrails.core.rich_limits import Limits, Problem, problems

SHOWN = 5  # sentences; who reads them corrects one after the other


def check_content(kept: Mapping[str, Any], limits: Limits | None) -> None:
    """
    Judge what is to be kept as `Destination.rich`.

    Args:
        limits: of the provider; None if it sends nothing by RCS.

    Raises:
        ValidationError: with a sentence for each part at fault.
    """
    if not kept:
        return
    if limits is None:
        raise ValidationError(_("This kind of destination sends nothing by RCS."))
    try:
        found = faults(load(kept), limits)
    except RichError as error:
        found = [Problem(error.path, error.sentence)]
    if found:
        raise ValidationError([said(problem) for problem in found[:SHOWN]])


def faults(rich: Rich, limits: Limits) -> list[Problem]:
    """What can be told already of the templates, whatever the lead."""
    broken = []
    for path, text in texts(rich):
        try:
            compiled(text)
        except TemplateError as error:
            broken.append(Problem(path, str(error)))
    return [*broken, *problems(rich, limits, is_template=True)]


def said(problem: Problem) -> str:
    """The problem as one sentence that says where it is."""
    place = place_of(problem.path)
    return f"{place}: {problem.sentence}" if place else problem.sentence


def place_of(path: str) -> str:
    """`cards[1].suggestions[0].label` in words: card 2, suggestion 1, label."""
    words, names = [], _names()
    for name, number in re.findall(r"(\w+)(?:\[(\d+)\])?", path):
        one = {"cards": _("card"), "suggestions": _("suggestion")}.get(name, name)
        words.append(f"{one} {int(number) + 1}" if number else names.get(name, name))
    place = ", ".join(words)
    return place[:1].upper() + place[1:]


def _names() -> dict[str, str]:
    return {
        "text": _("text"),
        "cards": _("cards"),
        "file": _("file"),
        "suggestions": _("suggestions"),
        "title": _("title"),
        "description": _("description"),
        "media": _("picture"),
        "url": _("address"),
        "thumbnail_url": _("small picture"),
        "height": _("height"),
        "kind": _("kind"),
        "label": _("label"),
        "postback": _("what comes back"),
        "phone": _("number"),
        "latitude": _("latitude"),
        "longitude": _("longitude"),
        "place": _("name of the place"),
        "details": _("details"),
        "starts_at": _("begin"),
        "ends_at": _("end"),
    }
