"""What the author of a template should know before a lead does."""

import difflib
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from leadrails.core.data import load
from leadrails.core.rendering.compiler import Passage
from leadrails.core.rendering.fields import GROUPS
from leadrails.core.rendering.grammar import TemplateError
from leadrails.core.rendering.template import Template
from leadrails.core.segments import LONGEST_BODY, UCS2, measure

ERROR, WARNING, HINT = "error", "warning", "hint"
MAX_FINDINGS = 50

_OPT_OUT = re.compile(
    r"\b(?:stop|unsubscribe|opt[ -]?out|quit|end|cancel)\b", re.IGNORECASE
)
_words = load("message_words")
_domains = "|".join(map(re.escape, _words["shorteners"]))
_SHORTENER = re.compile(rf"(?<![\w.-])(?:www\.)?({_domains})(?=[/\s]|$)", re.IGNORECASE)
_TOPIC_OF = {
    word: topic for topic, words in _words["sensitive"].items() for word in words
}
_SENSITIVE_WORD = re.compile(rf"\b(?:{'|'.join(_TOPIC_OF)})\b", re.IGNORECASE)
_SINGLE_BRACES = re.compile(r"(?<!\{)\{\s{0,9}(\w{1,60}(?:\.\w{1,60})?)\s{0,9}\}(?!\})")
_LONGEST_GUESSED = 60  # characters of a name for which a neighbour is looked up


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is "error" (cannot be used), "warning" or "hint"."""

    level: str
    message: str
    line: int


def lint(
    source: str,
    known: Collection[str],
    *,
    is_message: bool = True,
    called: str = "text",
) -> list[Finding]:
    """
    Return what is wrong or unwise in a template, by line; [] if nothing is.

    Args:
        known: names that leads have: KNOWN_NAMES and the custom fields seen, as
            `custom_fields.x`. If none of those is given, any custom field will do.
        is_message: False for templates that are no text to a person, such as the
            recipient's number.
        called: what the person gets, where there is more than one message.
    """
    try:
        template = Template.compile(source)
    except TemplateError as error:
        return [Finding(ERROR, error.message, error.line)]
    if not source.strip():
        return [Finding(ERROR, "The template is empty.", 1)]
    findings = [*_unknown_fields(template, known), *_single_braces(template, known)]
    if is_message:
        findings.extend(_opt_out(template, called))
        for check in _MESSAGE_CHECKS:
            findings.extend(check(template))
    findings.sort(key=lambda finding: finding.line)
    return findings[:MAX_FINDINGS]


def _unknown_fields(template: Template, known: Collection[str]) -> Iterator[Finding]:
    any_custom = not any(name.startswith("custom_fields.") for name in known)
    seen: set[str] = set()
    for use in template.uses:
        group, _, rest = use.path.partition(".")
        if use.path in known or use.path in seen or len(seen) >= MAX_FINDINGS:
            continue
        if group == "custom_fields" and rest and any_custom:
            continue
        seen.add(use.path)
        if use.path in {*GROUPS, "custom_fields"}:
            message = (
                f"“{use.path}” is a group of fields and shows nothing. Name one of "
                f"them: {use.path}.…"
            )
        else:
            message = f"Leads have no field “{use.path[:_LONGEST_GUESSED]}”."
            message += _did_you_mean(use.path, known)
        yield Finding(WARNING, message, use.line)


def _did_you_mean(path: str, known: Collection[str]) -> str:
    wanted = path[:_LONGEST_GUESSED].lower()
    close = difflib.get_close_matches(wanted, sorted(known), n=1, cutoff=0.6)
    return f" Did you mean “{close[0]}”?" if close else " It will be left out."


def _single_braces(template: Template, known: Collection[str]) -> Iterator[Finding]:
    for passage in template.passages:
        for match in _SINGLE_BRACES.finditer(passage.text):
            if match[1] in known:
                yield Finding(
                    WARNING,
                    f"“{match[0]}” is sent as it stands. To show the field, write "
                    f"{{{{ {match[1]} }}}}.",
                    _line_of(passage, match.start()),
                )


def _opt_out(template: Template, called: str) -> Iterator[Finding]:
    saying = [part for part in template.passages if _OPT_OUT.search(part.text)]
    if not saying:
        yield Finding(
            WARNING,
            f"The {called} does not say how to stop messages. Add “Reply STOP to opt "
            "out”.",
            1,
        )
    elif not any(part.is_always for part in saying):
        yield Finding(
            WARNING,
            "Only some messages say how to stop them: the words stand inside an "
            "{% if %}.",
            saying[0].line,
        )


def _short_links(template: Template) -> Iterator[Finding]:
    for passage in template.passages:
        for match in _SHORTENER.finditer(passage.text):
            yield Finding(
                WARNING,
                f"Carriers block messages with links of public shorteners such as "
                f"{match[1]}. Use your own domain.",
                _line_of(passage, match.start()),
            )


def _sensitive_words(template: Template) -> Iterator[Finding]:
    told: set[str] = set()
    for passage in template.passages:
        for match in _SENSITIVE_WORD.finditer(passage.text):
            topic = _TOPIC_OF[match[0].lower()]
            if topic not in told:
                told.add(topic)
                yield Finding(
                    WARNING,
                    f"“{match[0]}”: carriers block or age-gate messages about {topic}.",
                    _line_of(passage, match.start()),
                )


def _length(template: Template) -> Iterator[Finding]:
    fixed = sum(len(part.text) for part in template.passages if part.is_always)
    if fixed > LONGEST_BODY:
        yield Finding(
            ERROR,
            f"The fixed text alone has {fixed:,} characters; a message can have "
            f"{LONGEST_BODY:,}.",
            1,
        )


def _dear_characters(template: Template) -> Iterator[Finding]:
    for passage in template.passages:
        cost = measure(passage.text)
        if cost.encoding == UCS2 and cost.first_ucs2:
            index, char = cost.first_ucs2
            name = f"“{char}”" if char.isprintable() else f"U+{ord(char):04X}"
            yield Finding(
                HINT,
                f"With the character {name} a segment holds 70 characters instead "
                "of 160.",
                _line_of(passage, index),
            )
            return


def _line_of(passage: Passage, index: int) -> int:
    return passage.line + passage.text.count("\n", 0, index)


_MESSAGE_CHECKS: tuple[Callable[[Template], Iterator[Finding]], ...] = (
    _short_links,
    _sensitive_words,
    _length,
    _dear_characters,
)
