"""What a destination makes of a lead by RCS, within what its provider takes."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from destinations.composing import (
    CannotCompose,
    Composed,
    check_text,
    compiled,
    media_of,
)
from destinations.providers import fields
from destinations.providers.base import Content
from destinations.providers.kept import LONGEST_VALUE, fill, in_one_line, values
from destinations.providers.registry import PROVIDERS
from destinations.rich_content import said
from leadrails.core.graphemes import clusters
from leadrails.core.rich import Rich, RichError, load, map_texts, texts
from leadrails.core.rich_limits import GOOGLE, Problem, problems


def compose_rich(
    body_template: str,
    config: Mapping[str, str],
    lead: Mapping[str, Any],
    kind: str,
    kept_rich: Mapping[str, Any],
    content_sid: str,
) -> Composed:
    """
    Raises:
        TemplateError, CannotCompose: it does not fit this lead.
    """
    provider = PROVIDERS[kind]
    try:
        template = load(kept_rich)
    except RichError as error:
        raise CannotCompose(str(error)) from None
    kept = provider.kept_content(template, body_template, config)
    value_of = partial(_value, lead=lead)
    shown_as = filler(lead, is_kept=kept is not None)
    rich = map_texts(template, shown_as)
    for problem in problems(rich, provider.rich_limits or GOOGLE):
        raise CannotCompose(sentence_of(problem, rich))
    body, media = shown_as(body_template), tuple(media_of(config, shown_as))
    channel = config[fields.CHANNEL]
    if channel == fields.RCS:
        check_text(body, media)
    if kept is None:
        return Composed(body, media, rich=rich, channel=channel)
    if len(media) < len(fields.lines(config.get(fields.MEDIA.name, ""))):
        raise CannotCompose(
            _(
                "A picture of the text message has no address for this lead. Beside RCS"
                " content the provider keeps the pictures' places, so none can be left"
                " out."
            )
        )
    variables = values(kept.variables, value_of)
    if any(len(value) > LONGEST_VALUE for value in variables.values()):
        raise CannotCompose(
            _("What a lead fills in has at most %(most)s characters for one text.")
            % {"most": f"{LONGEST_VALUE:,}"}
        )
    content = Content(content_sid, variables)
    return Composed(body, media, content=content, rich=rich, channel=channel)


def filler(lead: Mapping[str, Any], *, is_kept: bool) -> Callable[[str], str]:
    """How a text comes out for `lead`; `is_kept`: the provider fills in its lines."""
    if is_kept:
        return partial(fill, value_of=partial(_value, lead=lead))
    return partial(_text, lead=lead)


def _text(source: str, lead: Mapping[str, Any]) -> str:
    return compiled(source).render(lead).strip()


def _value(source: str, lead: Mapping[str, Any]) -> str:
    return in_one_line(compiled(source).render(lead))


def sentence_of(problem: Problem, rich: Rich) -> str:
    """Which card and field is at fault, why, and from which character on."""
    text = dict(texts(rich)).get(problem.path, "")
    if problem.position is None or problem.position >= len(text):
        return said(problem)
    character = next(clusters(text[problem.position :]))
    before = text[max(0, problem.position - 20) : problem.position].lstrip()
    fault = _("It is at fault from “%(character)s” on, after “%(before)s”.")
    return f"{said(problem)} {fault % {'character': character, 'before': before}}"
