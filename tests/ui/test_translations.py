"""Every word of a page can be translated: in templates, forms, refusals and notes."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The style guide is for those who write code, and shows invented data.
TEMPLATES = [
    path
    for path in sorted((ROOT / "templates").rglob("*.html"))
    if path.name != "styleguide.html"
]
MODULES = sorted(
    path
    for app in ("leadrails", "destinations")
    for path in (ROOT / app).rglob("*.py")
    if not {"migrations", "management", "embedded", "simulator", "core", "samples.py"}
    & set(path.relative_to(ROOT).parts)
)
NAMES = {"LeadRails", "Twilio", "Telnyx", "curl", "HTML", "CSV", "UTC", "STOP", "HTTP"}
MARKED = re.compile(
    r"{%\s*blocktranslate.*?endblocktranslate\s*%}|{%\s*comment.*?endcomment\s*%}"
    r"|{%\s*codeblock.*?endcodeblock\s*%}|{#.*?#}",
    re.DOTALL,
)
TAG = re.compile(r"{%\s*(\w+)(.*?)%}|{{.*?}}", re.DOTALL)
LITERAL = re.compile(r"""(?<![_(=|:\w])(?:\w+=)?(["'])([A-Z][^"']*|[^"']* [^"']*)\1""")
ATTRIBUTE = re.compile(r"""\b(title|placeholder|aria-label|alt|label)="([^"]*)\"""")
ELEMENT = re.compile(
    r"<(script|style|code|kbd)\b.*?</\1>|<!--.*?-->|<[^>]*>", re.DOTALL
)
WORD = re.compile(r"[A-Za-z]{2,}")
# Tags that show their words; other tags' words are names of things.
SHOWING = {"badge", "row_badge", "stat", "tab", "nav_item", "empty_state", "progress"}
SHOWING |= {"icon", "copy_button", "codeblock", "stacked_bars", "sparkline", "field"}


def unmarked(text):
    """Yield (line, words) of what a reader sees and no translator."""
    text = MARKED.sub(blank, text)
    for tag in TAG.finditer(text):
        if tag[1] in SHOWING:
            for literal in LITERAL.finditer(tag[2]):
                if literal[2][0] in "/#":
                    continue
                yield text[: tag.start()].count("\n") + 1, literal[2]
    text = TAG.sub(blank, text)
    for name, words in ((a[1], a) for a in ATTRIBUTE.finditer(text)):
        if name and is_prose(words[2]):
            yield text[: words.start()].count("\n") + 1, words[2]
    at = 0
    for element in [*ELEMENT.finditer(text), None]:
        between = text[at : element.start() if element else None]
        if is_prose(between):
            line = text[:at].count("\n") + between[: _first(between)].count("\n") + 1
            yield line, " ".join(between.split())
        at = element.end() if element else at


def _first(text):
    return WORD.search(text).start()


def blank(found):
    return re.sub(r"[^\n]", " ", found[0])


def is_prose(text):
    text = re.sub(r"&\w+;|https?://\S+|[#/]\S+", " ", text)
    return any(word not in NAMES for word in WORD.findall(text))


def test_every_word_of_a_template_is_marked():
    found = [
        f'{path.relative_to(ROOT)}:{line}: "{words}" cannot be translated. '
        "Write {% translate %} or {% blocktranslate %} around it."
        for path in TEMPLATES
        for line, words in unmarked(path.read_text())
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<p>Hello {{ name }}</p>", ["Hello"]),
        ('<p>{% translate "Hello" %}</p>', []),
        ("<p>{% blocktranslate %}Hello {{ name }}{% endblocktranslate %}</p>", []),
        ('<input placeholder="Your name">', ["Your name"]),
        ("<input placeholder=\"{% translate 'Your name' %}\">", []),
        ('{% badge "Paused" "attention" "pause" %}', ["Paused"]),
        ('{% translate "Paused" as word %}{% badge word "attention" "pause" %}', []),
        ('{% empty_state title text="No jobs yet" icon="jobs" %}', ["No jobs yet"]),
        ("<p>LeadRails · 404</p>", []),
    ],
)
def test_the_search_for_unmarked_words_finds_them(source, words):
    assert [found for _line, found in unmarked(source)] == words


def spoken(tree):
    """Yield the words of code that a person reads: notes, refusals, forms, choices."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            bases = [ast.unparse(base) for base in node.bases]
            pairs = [line.value for line in node.body if isinstance(line, ast.Assign)]
            if any(base.endswith("TextChoices") for base in bases):
                yield from (
                    pair.elts[1] for pair in pairs if isinstance(pair, ast.Tuple)
                )
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        if re.fullmatch(r"messages\.(success|info|warning|error)", name):
            yield from node.args[1:2]
        elif name.endswith("ValidationError"):
            yield from node.args[:1]
        elif re.fullmatch(r"forms\.\w+(Field|Input|Select)", name):
            words = ("label", "help_text", "empty_label")
            yield from (key.value for key in node.keywords if key.arg in words)


def test_what_code_says_to_people_is_marked():
    found = [
        f"{path.relative_to(ROOT)}:{word.lineno}: {ast.unparse(word)} cannot be "
        "translated. Write it as _(…)."
        for path in MODULES
        for word in spoken(ast.parse(path.read_text()))
        if isinstance(word, ast.JoinedStr)
        or (isinstance(word, ast.Constant) and WORD.search(str(word.value)))
    ]
    assert not found, "\n".join(found)
