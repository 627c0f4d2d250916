"""
What a template may contain, decided before and after jinja2's parser has run.

Before: the tokens are counted, so that the parser, which recurses, meets nothing
deep, no unknown tag and no arithmetic. After: see `compiler`, which knows only
the whitelisted nodes. Every refusal names the line and is a sentence for people
who never programmed.
"""

from collections.abc import Iterator

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import Token

MAX_SOURCE = 5_000  # characters
MAX_DEPTH = 20  # of brackets, of {% if %} in {% if %}, of filters on one value
TAGS = frozenset({"if", "elif", "else", "endif"})

# Never renders: it has no loader, no filter is called, only its parser is used.
_SYNTAX = Environment(autoescape=False, keep_trailing_newline=True)  # noqa: S701

_OPENING = frozenset({"lparen", "lbracket"})
_CLOSING = frozenset({"rparen", "rbracket"})
_ARITHMETIC = frozenset({"add", "sub", "mul", "div", "floordiv", "mod", "pow"})


class TemplateError(Exception):
    """A template that cannot be used; `message` is a sentence for its author."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message, line)
        self.message = message
        self.line = line

    def __str__(self) -> str:
        return f"Line {self.line}: {self.message}"


def parse(source: str) -> nodes.Template:
    """
    Return the syntax tree of `source`.

    Raises:
        TemplateError: too long, too deep, or not written as a template.
    """
    if len(source) > MAX_SOURCE:
        raise TemplateError(
            f"The template has {len(source):,} characters; at most {MAX_SOURCE:,} "
            "are possible."
        )
    try:
        _check_tokens(iter(_SYNTAX.lexer.tokenize(source)))
        return _SYNTAX.parse(source)
    except TemplateSyntaxError as error:
        raise TemplateError(
            _in_plain_words(error.message or ""), error.lineno
        ) from None
    except (RecursionError, ValueError, OverflowError, MemoryError):
        # A number of thousands of digits; or a caller that is itself deep.
        raise TemplateError("This template is too complicated to be read.") from None


def _check_tokens(tokens: Iterator[Token]) -> None:
    brackets = words = 0
    open_ifs: list[int] = []
    previous = ""
    for token in tokens:
        if previous == "block_begin":
            _check_tag(token, open_ifs)
        if token.type in {"variable_begin", "block_begin"}:
            brackets = words = 0
        elif token.type in _OPENING:
            brackets += 1
        elif token.type in _CLOSING:
            brackets -= 1
        elif token.type == "name" and token.value in {"not", "if"}:
            words += 1
        else:
            _check_sign(token)
        if max(brackets, words, len(open_ifs)) > MAX_DEPTH:
            raise TemplateError(
                f"This is nested too deeply; {MAX_DEPTH} levels are possible.",
                token.lineno,
            )
        previous = token.type
    if open_ifs:
        raise TemplateError("This {% if %} has no {% endif %}.", open_ifs[-1])


def _check_tag(token: Token, open_ifs: list[int]) -> None:
    if token.type == "name" and token.value not in TAGS:
        raise TemplateError(
            f"{{% {token.value[:40]} %}} is not possible in a template. Only "
            "{% if %}, {% elif %}, {% else %} and {% endif %} are.",
            token.lineno,
        )
    if token.value == "if":
        open_ifs.append(token.lineno)
    elif token.type == "name" and not open_ifs:
        raise TemplateError(
            f"{{% {token.value} %}} stands here without an {{% if %}} before it.",
            token.lineno,
        )
    elif token.value == "endif":
        open_ifs.pop()


def _check_sign(token: Token) -> None:
    if token.type in _ARITHMETIC:
        raise TemplateError(
            f'A template cannot calculate, so "{token.value}" is not possible here.',
            token.lineno,
        )
    if token.type == "tilde":
        raise TemplateError(
            'Joining with "~" is not possible. Write the parts one after the other.',
            token.lineno,
        )
    if token.type == "lbrace":
        raise TemplateError(
            "There is one brace too many. A field is written {{ name }}.", token.lineno
        )
    if token.type == "assign":
        raise TemplateError(
            'A single "=" is not possible. To compare, write "==".', token.lineno
        )


_MISSING = "Something is missing between {{ and }} or between {% and %}."
_STRAY_TAG = "This {% else %} or {% elif %} comes after the {% else %} of its {% if %}."
_TOO_MUCH = (
    "There is more than one thing between the braces. Text belongs outside of them, "
    "and a filter comes after a | sign."
)
_BAD_SIGN = (
    "There is a sign between the braces that cannot be used there. Text needs "
    "quotation marks, like {{ name | default('there') }}."
)
# The first part that occurs in jinja2's message decides.
_PLAIN_WORDS = {
    "Missing end of comment": "A comment that starts with {# has no #}.",
    "Missing end of raw": "{% raw %} has no {% endraw %}.",
    "Encountered unknown tag": _STRAY_TAG,
    "tag name expected": "There is nothing between {% and %}.",
    "unexpected end of template": "A {{ has no }}, or a {% has no %}.",
    "got 'end of": _MISSING,
    "unexpected 'end of": _MISSING,
    "expected token 'end of": _TOO_MUCH,
    "unexpected char": _BAD_SIGN,
    "unexpected '": "A bracket does not fit: each opening one needs its closing one.",
}


def _in_plain_words(message: str) -> str:
    for part, sentence in _PLAIN_WORDS.items():
        if part in message:
            return sentence
    return "This cannot be read. Each {{ needs its }} and each {% needs its %}."
