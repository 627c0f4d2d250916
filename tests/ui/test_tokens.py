"""Contrast of the colours that meet, in both themes (WCAG 2.2, 1.4.3 and 1.4.11)."""

import gzip
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CSS = ROOT / "static/css"
PAIR = re.compile(r"--([\w-]+): light-dark\(#(\w{6}), #(\w{6})\)")
TOKENS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in PAIR.findall((CSS / "tokens.css").read_text())
}
SURFACES = ("neutral-1", "neutral-2", "neutral-3")
STATES = ("ok", "waiting", "attention", "failed")
TEXT_ON = [
    *((text, ground) for text in ("neutral-8", "neutral-7") for ground in SURFACES),
    *((f"{state}-text", f"{state}-soft") for state in STATES),
    *((f"{state}-text", "neutral-1") for state in STATES),
    *(("accent-text", ground) for ground in ("neutral-1", "neutral-2", "accent-soft")),
    *(
        ("on-accent", ground)
        for ground in ("accent", "accent-strong", "danger", "danger-strong")
    ),
    ("neutral-1", "neutral-8"),
    *(
        (f"phone-{ink}", f"phone-{ground}")
        for ink in ("ink", "quiet")
        for ground in ("screen", "bubble")
    ),
    ("phone-link", "phone-screen"),
    ("phone-tap-ink", "phone-tap"),
    ("on-accent", "phone-face"),
]
SHAPE_ON = [
    *((state, "neutral-1") for state in STATES),
    ("neutral-6", "neutral-1"),
    ("neutral-6", "neutral-2"),
    ("accent", "neutral-1"),
    ("accent", "neutral-2"),
]


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_the_guidelines_do():
    assert contrast("000000", "ffffff") == pytest.approx(21)
    assert contrast("767676", "ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_ON)
def test_text_can_be_read(ink, ground, theme):
    assert contrast(TOKENS[ink][theme], TOKENS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), SHAPE_ON)
def test_shapes_that_mean_something_can_be_seen(ink, ground, theme):
    assert contrast(TOKENS[ink][theme], TOKENS[ground][theme]) >= 3


@pytest.mark.parametrize("name", ["base", "layout", "components", "phone"])
def test_colours_stand_in_the_tokens_alone(name):
    css = (CSS / f"{name}.css").read_text()
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|\brgb|\bhsl", css)
    assert "!important" not in css
    assert css.count("@layer") == 1


@pytest.mark.parametrize("path", sorted(CSS.glob("*.css")), ids=lambda path: path.name)
def test_every_custom_property_that_is_used_is_set(path):
    every = "".join(sheet.read_text() for sheet in CSS.glob("*.css"))
    missing = {
        name
        for name in re.findall(r"var\(--([\w-]+)", path.read_text())
        if not re.search(rf"--{name}:", every)
    }
    assert not missing


def test_styles_and_scripts_together_stay_small():
    package = Path(find_spec("django_htmx").origin).parent
    files = [
        *CSS.glob("*.css"),
        *(ROOT / "static/js").glob("*.js"),
        package / "static/django_htmx/htmx-2.min.js",
    ]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < 80_000
