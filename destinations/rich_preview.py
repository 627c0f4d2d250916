"""What RCS content makes of a lead: what a phone shows, and what is wrong with it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from destinations.preview import known_names
from destinations.rich_composing import filler
from destinations.rich_content import place_of
from leadrails.core import phone
from leadrails.core.rendering import TemplateError, lead_fields, lint
from leadrails.core.rendering.lint import WARNING
from leadrails.core.rich import Rich, map_texts, texts
from leadrails.core.rich_cost import UNIT, Billed, billing_kind
from leadrails.core.rich_limits import Limits, Problem, doubts, problems
from leadrails.leads.models import Lead
from leadrails.ui.formats import number


@dataclass(frozen=True, slots=True)
class Shown:
    """
    Content as one lead's phone shows it.

    Attributes:
        values: the texts as they came out, by path.
        problems, doubts: by path; a part has at most one, the first.
        findings: what is unwise in the words.
        others: names of the other leads for whom something would be wrong.
        looked_at: how many other leads were tried.
    """

    rich: Rich
    values: Mapping[str, str]
    problems: Mapping[str, Problem] = field(default_factory=dict)
    doubts: Mapping[str, Problem] = field(default_factory=dict)
    others: Sequence[str] = ()
    looked_at: int = 0
    billing: str = ""
    findings: Sequence[str] = ()

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        """(path, place in words, sentence) of all problems."""
        return [
            (path, place_of(path), one.sentence) for path, one in self.problems.items()
        ]


def show(
    rich: Rich,
    limits: Limits,
    fields: Mapping[str, Any],
    recipient: str,
    leads: Sequence[Lead] = (),
    *,
    is_kept: bool = False,
) -> Shown:
    """
    Args:
        is_kept: whether the provider keeps it and fills in its lines.
        fields: of the lead that it is shown for.
        recipient: that lead's number, which decides how it is billed.
        leads: others to try it with.
    """
    filled, found = _judged(rich, limits, filler(fields, is_kept=is_kept))
    failing = []
    for lead in leads:
        others = lead_fields(lead.event, phone_e164=lead.phone)
        if _judged(rich, limits, filler(others, is_kept=is_kept))[1]:
            failing.append(lead.name or lead.public_id)
    return Shown(
        rich=filled,
        values=dict(texts(filled)),
        problems=found,
        doubts=_firsts(doubts(filled, limits)),
        others=failing,
        looked_at=len(leads),
        billing=billing_sentence(filled, recipient),
        findings=_findings(rich, known_names(leads)),
    )


def billing_sentence(rich: Rich, recipient: str) -> str:
    """How carriers are likely to bill it, in words."""
    kind = billing_kind(rich, phone.region_of(recipient) or "")
    match kind.billed:
        case Billed.RICH:
            return _(
                "Likely billed as Rich: %(count)s × %(unit)s bytes of text, of which"
                " %(size)s are used."
            ) % {"count": kind.units, "unit": UNIT, "size": number(kind.size)}
        case Billed.RICH_MEDIA:
            return _("Likely billed as Rich Media: one price, however long it is.")
        case Billed.BASIC:
            return _("Likely billed as Basic: a text of at most %(unit)s bytes.") % {
                "unit": UNIT
            }
        case Billed.SINGLE:
            return _("Likely billed as Single: one price, however long it is.")


def _findings(rich: Rich, known: Collection[str]) -> list[str]:
    """What `lint` says of an SMS, of all the words that the person reads together."""
    words: list[str] = []
    others: list[str] = []
    for path, text in texts(rich):
        is_read = path.endswith(("text", "title", "description", "label"))
        (words if is_read else others).append(text)
    called = _("RCS message")
    found = lint("\n".join(words), known, called=called) if words else []
    for text in others:
        found += lint(text, known, is_message=False)
    # Errors stand beside their fields; hints are about segments, which RCS has not.
    told = [one.message for one in found if one.level == WARNING]
    return list(dict.fromkeys(told))


def _judged(
    rich: Rich, limits: Limits, come_out: Callable[[str], str]
) -> tuple[Rich, dict[str, Problem]]:
    """The content filled in, and the first problem of each part."""
    broken: list[Problem] = []
    paths = iter([path for path, _text in texts(rich)])

    def fill(text: str) -> str:
        path = next(paths)
        try:
            return come_out(text)
        except TemplateError as error:
            broken.append(Problem(path, str(error)))
            return text

    filled = map_texts(rich, fill)
    found = [*broken, *problems(filled, limits)]
    return filled, _firsts(found)


def _firsts(found: Iterable[Problem]) -> dict[str, Problem]:
    """The first of each part, in their order."""
    firsts: dict[str, Problem] = {}
    for one in found:
        firsts.setdefault(one.path, one)
    return firsts
