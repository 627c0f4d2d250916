"""A template: checked once, rendered for every lead."""

from dataclasses import dataclass, field

from leadrails.core.rendering.compiler import Compiler, Fields, Passage, Use, Write
from leadrails.core.rendering.grammar import TemplateError, parse
from leadrails.core.rendering.values import MAX_OUTPUT


@dataclass(frozen=True, slots=True)
class Template:
    """A checked template. Rendering it never fails but by the length of its text."""

    source: str
    uses: tuple[Use, ...]
    passages: tuple[Passage, ...]
    _parts: tuple[tuple[int, Write], ...] = field(repr=False, compare=False)

    @classmethod
    def compile(cls, source: str) -> "Template":
        """
        Check `source` and make it ready to render. Takes about 0.2 ms.

        Raises:
            TemplateError: with the line at fault and what to do.
        """
        compiler = Compiler()
        parts = compiler.body(parse(source).body, depth=0)
        return cls(source, tuple(compiler.uses), tuple(compiler.passages), parts)

    @property
    def names(self) -> frozenset[str]:
        """The dotted paths of all fields used, such as `lead.email`."""
        return frozenset(use.path for use in self.uses)

    def render(self, fields: Fields) -> str:
        """
        Return the text for one lead. What the lead does not have is left out.

        Each inserted value is cut to MAX_VALUE characters.

        Raises:
            TemplateError: the whole is longer than MAX_OUTPUT characters.
        """
        rendered = "".join([write(fields) for _, write in self._parts])
        if len(rendered) > MAX_OUTPUT:
            raise TemplateError(
                f"The text came out {len(rendered):,} characters long; at most "
                f"{MAX_OUTPUT:,} are possible. Shorten long fields with "
                "{{ message | truncate(500) }}.",
                self._line_over(fields),
            )
        return rendered

    def _line_over(self, fields: Fields) -> int:
        length = 0
        for line, write in self._parts:
            length += len(write(fields))
            if length > MAX_OUTPUT:
                return line
        return 1
