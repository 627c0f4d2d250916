"""What is kept at a provider of a template, and what is filled in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destinations.providers.kept import Numbering, fill, in_one_line, values
from leadrails.core.rendering import Template


def filled(source, lead):
    """As the provider puts it together."""
    numbering = Numbering()
    text = numbering.write(source)
    found = values(numbering.variables, value_of(lead))
    for number, value in found.items():
        text = text.replace(f"{{{{{number}}}}}", value)
    return text, found


def value_of(lead):
    return lambda source: in_one_line(Template.compile(source).render(lead))


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("Hi there,\nbye", "Hi there,\nbye"),
        ("Hi {{ a }},\nyour quote\nis {{ b }} ready", "{{1}}\nyour quote\n{{2}}"),
        ("Hi {{ a }}!\n{{ b }}\nBye", "{{1}}\n{{2}}"),
        ("{% if a %}\nHi\n{% endif %}\nBye {{ a }}", "{{1}}"),
        ("https://h.example/q/{{ a }}", "https://h.example/q/{{1}}"),
        ("{{ a }}/x.png", "{{1}}"),
        ("https://h.example/{{ a }} is {{ b }}", "{{1}}"),
    ],
)
def test_fixed_lines_stay_and_others_are_numbered(source, written):
    assert Numbering().write(source) == written


LINES = st.lists(
    st.sampled_from(
        ["Hi", "{{ a }}", "Hi {{ a }}", "{{ b }} {{ a }}", "", "x {{ b }}"]
    ),
    min_size=1,
    max_size=6,
)
WORDS = st.text("ab \n\té", max_size=8)


@given(LINES, WORDS, WORDS)
def test_no_value_is_empty_or_broken_and_all_words_arrive(lines, a, b):
    source, lead = "\n".join(lines), {"a": a, "b": b}
    whole = Template.compile(source).render(lead)

    text, found = filled(source, lead)

    assert all(value and not {"\n", "\t"} & set(value) for value in found.values())
    assert text.replace("\u200b", "").split() == whole.split()
    assert fill(source, value_of(lead)).split() == whole.split()
