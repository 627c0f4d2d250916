import contextlib
import datetime as dt
import re
import time
import tracemalloc
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadrails.core.rendering import (
    AVAILABLE_FIELDS,
    FILTERS,
    KNOWN_NAMES,
    MAX_OUTPUT,
    MAX_SOURCE,
    MAX_VALUE,
    Template,
    TemplateError,
    lead_fields,
    lint,
)

EVENT = {
    "schema_version": "lead_event.v1",
    "event_type": "lead.submitted",
    "submitted_at": "2026-01-31T18:05:09Z",
    "source": {"source_system": "wordpress", "form_name": "Quote"},
    "lead": {
        "full_name": " Ann  Lee ",
        "email": "ann@example.com",
        "phone": "(555) 555-0100",
        "message": "Leak in the <cellar> & hall",
        "urgency": None,
    },
    "location": {"city": "Pensacola", "state": "FL"},
    "attribution": {"utm_source": "ads"},
    "consent": {"sms_consent": "true", "email_consent": False},
    "custom_fields": {
        "budget": 5000,
        "Project size": "L",
        "services": ["roof", "gutter", None],
        "city": "elsewhere",
        "nested": {"deep": "x"},
    },
    "partner": "acme",
}
FIELDS = lead_fields(EVENT, phone_e164="+15555550100")


def render(source, fields=FIELDS):
    return Template.compile(source).render(fields)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{phone}}", "+15555550100"),
        ("{{ phone }}", "+15555550100"),
        ("{{ lead.phone }} {{ phone_raw }}", "+15555550100 (555) 555-0100"),
        (
            "Hi {{name}}, we write to {{email}}.",
            "Hi Ann Lee, we write to ann@example.com.",
        ),
        ("{{ first_name }}|{{ last_name }}", "Ann|Lee"),
        ("{{ message }}", "Leak in the <cellar> & hall"),
        ("{{ urgency }}{{ nothing }}{{ lead.nothing.at.all }}", ""),
        ("{{ name.first }}", ""),
        ("{{ lead }}{{ custom_fields }}{{ services }}{{ nested }}", ""),
        ("{{ nested.deep }}", "x"),
        ("{{ budget }} {{ custom_fields.budget }}", "5000 5000"),
        ("{{ custom_fields['Project size'] }}", "L"),
        ("{{ city }}/{{ custom_fields.city }}", "Pensacola/elsewhere"),
        ("{{ partner }}", "acme"),
        ("{{ sms_consent }} {{ consent.email_consent }}", "yes no"),
        ("{{ workflow }}", "default"),
        ("a{# a note #}b", "ab"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("line\r\nline\n", "line\nline\n"),
        # filters
        ("{{ urgency | default('soon') }}", "soon"),
        ("{{ '  ' | default('blank') }}", "blank"),
        ("{{ nothing | default(city) }}", "Pensacola"),
        ("{{ nothing | d('x', true) }}", "x"),
        ("{{ email | default('x') }}", "ann@example.com"),
        ("{{ name | upper }} {{ name | lower }}", "ANN LEE ann lee"),
        ('{{ "jo o\'neil-ray" | title }}', "Jo O'neil-Ray"),
        ("{{ 'aNN' | capitalize }}", "Ann"),
        ("[{{ '  x ' | trim }}]", "[x]"),
        ("{{ name | first_word }}", "Ann"),
        ("{{ nothing | first_word | upper }}", ""),
        ("{{ message | truncate(15) }}", "Leak in the..."),
        ("{{ message | truncate(12, true, '') }}", "Leak in the"),
        ("{{ 'abcdefgh' | truncate(5) }}", "ab..."),
        ("{{ city | truncate }}", "Pensacola"),
        ("{{ 'e\u0301e\u0301e\u0301' | truncate(3, true, '') }}", "e\u0301"),
        ("{{ state | replace('FL', 'Florida') }}", "Florida"),
        ("{{ services | join }}", "roof, gutter"),
        ("{{ services | join(' & ') }}", "roof & gutter"),
        ("{{ city | join }}", "Pensacola"),
        ("{{ phone | national }}", "(555) 555-0100"),
        ("{{ phone | international }}", "+1 555-555-0100"),
        ("{{ submitted_at | date }}", "31 Jan 2026"),
        (
            "{{ submitted_at | date('%A %-d %B, %-I:%M %p') }}",
            "Saturday 31 January, 6:05 PM",
        ),
        ("{{ submitted_at | date('%H:%M', 'America/New_York') }}", "13:05"),
        ("{{ submitted_at | date('100%%') }}", "100%"),
        ("{{ 'tomorrow' | date }}", "tomorrow"),
        # conditions
        ("{% if state == 'FL' %}a{% elif state %}b{% else %}c{% endif %}", "a"),
        ("{% if state == 'GA' %}a{% elif state %}b{% else %}c{% endif %}", "b"),
        ("{% if urgency %}a{% elif nothing %}b{% else %}c{% endif %}", "c"),
        ("{% if urgency %}a{% endif %}", ""),
        ("{{ 'a' if sms_consent else 'b' }}{{ 'c' if email_consent }}", "a"),
        ("{% if sms_consent == true and email_consent == 'no' %}a{% endif %}", "a"),
        ("{% if budget > 1000 and budget <= '5000' %}a{% endif %}", "a"),
        ("{% if budget == '5000' %}a{% endif %}", "a"),
        ("{% if 'x' < 'y' and not 'y' < 'x' %}a{% endif %}", "a"),
        ("{% if nothing < 5 or nothing > 5 or nothing >= '' %}a{% endif %}", ""),
        ("{% if nothing == '' and urgency == none %}a{% endif %}", "a"),
        ("{% if 'Leak' in message and 'roof' in services %}a{% endif %}", "a"),
        ("{% if nothing in 'abc' %}a{% endif %}", ""),
        ("{% if city not in 'Miami, Tampa' and 'x' not in nothing %}a{% endif %}", "a"),
        ("{% if city is defined and nothing is not defined %}a{% endif %}", "a"),
        ("{% if urgency is none and nothing is undefined %}a{% endif %}", "a"),
        ("{% if sms_consent is true and email_consent is false %}a{% endif %}", "a"),
        ("{{ nothing or urgency or 'friend' }}", "friend"),
        ("{{ city and state }}", "FL"),
        ("{{ " + " or ".join(["nothing"] * 200) + " or city }}", "Pensacola"),
        ("{% if city != 'Miami' %}{% if state %}in{% endif %}{% endif %}", "in"),
        ("{{ 3 }} {{ 3.0 }} {{ 3.5 }} {{ true }} {{ none }}", "3 3 3.5 yes "),
    ],
)
def test_a_template_shows(source, text):
    assert render(source) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        (7.0, "7"),
        (0.1, "0.1"),
        (1e300, "1e+300"),
        (float("nan"), ""),
        (float("inf"), ""),
        (Decimal("19.90"), "19.90"),
        (Decimal("NaN"), ""),
        pytest.param(10**5000, "", id="5,000 digits"),
        (True, "yes"),
        (dt.date(2026, 1, 31), "2026-01-31"),
        (object(), ""),
        (b"bytes", ""),
        ([["a"]], ""),
    ],
)
def test_a_value_reads_as_plain_data(value, text):
    assert render("{{ x }}", {"x": value}) == text


class Trap:
    """Fails the test if a template touches it."""

    def _spring(self, *_args):
        raise AssertionError("a foreign object was called")

    __str__ = __repr__ = __bool__ = __len__ = __iter__ = __getitem__ = _spring
    __eq__ = __lt__ = __contains__ = __format__ = __call__ = secret = _spring
    __hash__ = None


@pytest.mark.parametrize(
    "source",
    [
        "{{ x }}{{ x.secret }}{{ x['secret'] }}",
        "{% if x %}a{% endif %}{% if x == 1 %}{% endif %}{% if x < 1 %}{% endif %}",
        "{% if x in 'a' %}{% endif %}{% if 'a' in x %}{% endif %}{{ x and x or x }}",
        "".join(f"{{{{ x | {name} }}}}" for name in FILTERS if name != "replace"),
        "{{ x | replace('a', 'b') }}{{ x | default('y') }}",
    ],
)
def test_an_object_is_never_touched(source):
    assert re.fullmatch("a?", render(source, {"x": Trap()}))


HOSTILE = [
    pytest.param("{{ 'a' * 10**9 }}", id="repeat a text"),
    pytest.param("{{ 'a'.center(10**9) }}", id="center method"),
    pytest.param("{{ 'a' | center(1000000000) }}", id="center filter"),
    pytest.param("{{ 'a'.ljust(1000000000) }}", id="ljust"),
    pytest.param("{{ 'a' | indent(1000000000) }}", id="indent"),
    pytest.param("{{ '%1000000000d' % 1 }}", id="percent format"),
    pytest.param("{{ '%1000000000d' | format(1) }}", id="format filter"),
    pytest.param("{{ '{:1000000000}'.format(1) }}", id="format method"),
    pytest.param("{{ 'a' | replace('', 'b') }}", id="replace nothing"),
    pytest.param(
        "{% set a = 'aa' %}{% for i in range(40) %}{% set a = a ~ a %}{% endfor %}",
        id="doubling in a loop",
    ),
    pytest.param("{% set a = a~a %}", id="doubling"),
    pytest.param("{{ a ~ a }}", id="join"),
    pytest.param("{% for i in range(10**9) %}x{% endfor %}", id="long loop"),
    pytest.param(
        "{% for a in x %}{% for b in x %}{% for c in x %}x{% endfor %}{% endfor %}"
        "{% endfor %}",
        id="nested loops",
    ),
    pytest.param("{{ 10**7000000 }}", id="power"),
    pytest.param("{{ lipsum(n=100000) }}", id="lipsum"),
    pytest.param("{{ ''.__class__.__mro__[1].__subclasses__() }}", id="class escape"),
    pytest.param("{{ '{0.__class__}'.format(x) }}", id="format escape"),
    pytest.param("{{ lead.__class__ }}", id="dunder of a field"),
    pytest.param("{{ lead['__class__'] }}", id="dunder by key"),
    pytest.param("{{ lead.save() }}", id="call a method"),
    pytest.param("{{ cycler.__init__.__globals__ }}", id="globals"),
    pytest.param("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", id="recursion"),
    pytest.param("{{ " + "(" * 2400 + "x" + ")" * 2400 + " }}", id="parentheses"),
    pytest.param("{{ " + "[" * 4000 + " }}", id="brackets"),
    pytest.param("{{ x" + "['a']" * 900 + " }}", id="subscripts"),
    pytest.param("{{ x" + ".a" * 2400 + " }}", id="attributes"),
    pytest.param("{{ x" + "|trim" * 900 + " }}", id="filters"),
    pytest.param("{{ " + "not " * 1200 + "x }}", id="nots"),
    pytest.param("{{ " + "-" * 4900 + "1 }}", id="minus signs"),
    pytest.param("{{ " + "a if b else " * 400 + "c }}", id="inline ifs"),
    pytest.param("{% if x %}" * 250 + "{% endif %}" * 200, id="nested ifs"),
    pytest.param("{{ x" + " is defined" * 400 + " }}", id="tests"),
    pytest.param("{{ x" + " == x" * 900 + " }}", id="comparisons"),
    pytest.param("{{ " + "{" * 4900 + " }}", id="braces"),
    pytest.param("{{ " + "1" * 4900 + " }}", id="endless number"),
    pytest.param("{{ 0x" + "f" * 4900 + " + 1 }}", id="endless hexadecimal"),
    pytest.param("{{ '" + "\\" * 4900 + " }}", id="backslashes"),
    pytest.param("{%" * 2400, id="open tags"),
    pytest.param("{#" * 2400, id="open comments"),
    pytest.param("{{" * 2400, id="open outputs"),
    pytest.param("{%-" + " " * 4900, id="blank tag"),
    pytest.param("{% raw %}" * 500, id="open raws"),
    pytest.param("{% include '/etc/passwd' %}", id="include"),
    pytest.param("{% import 'x' as y %}", id="import"),
    pytest.param("{% extends 'x' %}", id="extends"),
    pytest.param("{% block a %}{% endblock %}", id="block"),
    pytest.param("{% filter upper %}x{% endfilter %}", id="filter block"),
    pytest.param("{% call x() %}{% endcall %}", id="call block"),
    pytest.param("{% with a = 1 %}{% endwith %}", id="with"),
    pytest.param("{% print x %}", id="print"),
    pytest.param("{{ debug() }}", id="debug"),
    pytest.param("{{ self }}{{ x | map('upper') }}", id="map"),
    pytest.param("{{ x | attr('__class__') }}", id="attr"),
    pytest.param("{{ x | tojson }}{{ x | pprint }}", id="dump"),
    pytest.param("{{ x[0:100] }}", id="slice"),
    pytest.param("{{ [1] * 100 }}", id="list"),
    pytest.param("{{ {'a': 1} }}", id="dict"),
    pytest.param("{{ a, b }}", id="tuple"),
    pytest.param("{{ x | date('%1000000000d') }}", id="date width"),
    pytest.param("{{ x | date('%d', '../../etc/passwd') }}", id="time zone path"),
    pytest.param("{{ x | truncate(length=5) }}", id="named value"),
    pytest.param("{{ x | replace(a, b) }}", id="replace by fields"),
    pytest.param("x" * (MAX_SOURCE + 1), id="long source"),
    pytest.param("(" * 20_000, id="20,000 parentheses"),
    pytest.param("{{ x", id="not closed"),
    pytest.param("{% if x %}", id="no endif"),
    pytest.param("{% endif %}", id="no if"),
    pytest.param("{{ }}", id="empty"),
    pytest.param("{% %}", id="empty tag"),
    pytest.param("{{{ name }}}", id="three braces"),
    pytest.param("{{ x | shout }}", id="unknown filter"),
    pytest.param("{{ x is prime }}", id="unknown test"),
    pytest.param("{{ x | default }}", id="default without a text"),
    pytest.param("{{ x | truncate('a') }}", id="truncate by a text"),
]


@pytest.mark.parametrize("source", HOSTILE)
def test_what_could_cost_or_leak_is_refused(source):
    tracemalloc.start()
    started = time.process_time()

    with pytest.raises(TemplateError) as caught:
        render("\n" + source if len(source) < MAX_SOURCE else source)

    spent = time.process_time() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert spent < 1
    assert peak < 20_000_000
    sentence = caught.value.message
    assert sentence[0].isupper() or sentence[0] in "{“"
    assert sentence.endswith((".", "?"))
    assert not re.search(r"token|expression|syntax|jinja|Error", sentence)


@pytest.mark.parametrize(
    ("source", "line", "part"),
    [
        ("a\nb {% for x in y %}", 2, "{% for %} is not possible"),
        ("a\n\n{{ x + 1 }}", 3, "cannot calculate"),
        ("a\n{{ x | uper }}", 2, "Did you mean “upper”?"),
        ("{{ x }}\n{{ x() }}", 2, "cannot run anything"),
        ("{{ x }}\n{% if x = 1 %}{% endif %}", 2, 'write "=="'),
        ("{{ x }}\n{{{ x }}}", 2, "one brace too many"),
        ("a\n{% if a %}\n{% if b %}{% endif %}\n", 2, "no {% endif %}"),
    ],
)
def test_an_error_names_its_line(source, line, part):
    with pytest.raises(TemplateError) as caught:
        Template.compile(source)

    assert caught.value.line == line
    assert part in caught.value.message
    assert str(caught.value) == f"Line {line}: {caught.value.message}"


def test_a_template_knows_its_names():
    template = Template.compile(
        "{{ name }}{% if lead.email %}"
        "{{ custom_fields['a b'] | default(city) }}{% endif %}"
    )

    assert template.names == {"name", "lead.email", "custom_fields.a b", "city"}


def test_a_long_value_is_cut_and_the_rest_of_the_text_stays():
    text = render("{{ x }} Reply STOP to opt out", {"x": "a" * 1_000_000})

    assert text == "a" * (MAX_VALUE - 1) + "… Reply STOP to opt out"


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_no_filter_lengthens_a_value_beyond_the_cap(name):
    args = "('a', '" + "b" * 200 + "')" if name == "replace" else ""
    text = render(f"{{{{ x | {name}{args} }}}}", {"x": "ΐa" * 500_000})

    assert len(text) <= MAX_VALUE


def test_a_text_beyond_the_cap_is_an_error_on_the_line_that_passed_it():
    template = Template.compile("\n".join(["{{ x }}"] * 8))

    with pytest.raises(TemplateError) as caught:
        template.render({"x": "a" * 5000})

    assert caught.value.line == MAX_OUTPUT // MAX_VALUE
    assert "truncate" in caught.value.message


@pytest.mark.parametrize(
    "source",
    [
        "{{x}}" * (MAX_SOURCE // 5),
        "{% if x in y %}{% endif %}" * 190,
        "{% if x == y %}{% endif %}" * 190,
        "{{ x | replace('a', '" + "b" * 200 + "') | truncate(5) }}" * 19,
        "{{x|upper|lower|title|trim|first_word|title|truncate(1)}}" * 80,
    ],
)
def test_the_dearest_templates_stay_cheap(source):
    started = time.process_time()

    with contextlib.suppress(TemplateError):
        render(source, {"x": "a" * 1_000_000, "y": "a" * 999_999 + "b"})

    assert time.process_time() - started < 2


NAMES = st.sampled_from(["name", "lead.email", "x", "custom_fields['a b']", "'t'", "7"])
SIGNS = (
    "{{ }} {% %} {# #} if elif else endif for in is not and or | . ( ) [ ] ' \" "
    "== < default upper truncate replace date raw endraw ~ + - , \\"
)
PIECES = st.one_of(
    st.sampled_from([*SIGNS.split(" "), "\n"]),
    NAMES,
    st.text(max_size=5),
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.datetimes()
    | st.decimals(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(PIECES, max_size=40).map(" ".join) | st.text(max_size=200),
    st.fixed_dictionaries({}, optional=dict.fromkeys(["name", "x", "lead"], VALUES)),
)
def test_any_source_renders_or_is_a_template_error(source, fields):
    lines = source.count("\n") + source.count("\r") + 1

    assert all(1 <= finding.line <= lines for finding in lint(source, KNOWN_NAMES))
    with contextlib.suppress(TemplateError):
        assert len(Template.compile(source).render(fields)) <= MAX_OUTPUT


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"]),
    VALUES,
    VALUES,
)
def test_any_two_values_compare(sign, left, right):
    source = f"{{% if x {sign} y %}}a{{% endif %}}{{{{ x | default(y) }}}}"

    Template.compile(source).render({"x": left, "y": right})


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters="{"), max_size=500))
def test_text_without_braces_is_its_own_rendering(text):
    lines = re.sub(r"\r\n|\r", "\n", text)

    assert render(text) == lines


# --- fields


def test_every_available_field_is_given_and_renders_by_both_names():
    for field in AVAILABLE_FIELDS:
        assert field.name in FIELDS
        assert field.help
        both = render(f"{{{{ {field.name} }}}}|{{{{ {field.path} }}}}").split("|")
        if field.path != "workflow":
            assert both[0] == both[1]


@pytest.mark.parametrize(
    ("lead", "name", "first", "last"),
    [
        ({}, None, None, None),
        ({"full_name": "Ann"}, "Ann", "Ann", None),
        ({"full_name": "Ann Lee Ray"}, "Ann Lee Ray", "Ann", "Lee Ray"),
        ({"first_name": "Ann", "last_name": "Lee"}, "Ann Lee", "Ann", "Lee"),
        ({"first_name": "Ann"}, "Ann", "Ann", None),
        ({"last_name": "Lee"}, "Lee", None, "Lee"),
        ({"full_name": "A B", "first_name": "Ann"}, "A B", "Ann", None),
        ({"full_name": "  ", "first_name": " Ann "}, "Ann", "Ann", None),
        ({"full_name": 7, "first_name": ["x"]}, None, None, None),
    ],
)
def test_names_fill_each_other(lead, name, first, last):
    fields = lead_fields({"lead": lead}, phone_e164="")

    names = fields["name"], fields["first_name"], fields["last_name"]
    assert names == (name, first, last)
    assert fields["lead"]["name"] == name


@pytest.mark.parametrize(
    ("said", "consent"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("Yes", True),
        ("false", False),
        ("", False),
        (None, None),
        (3, None),
    ],
)
def test_consent_is_read_as_it_was_said(said, consent):
    event = {"consent": {"sms_consent": said}}

    fields = lead_fields(event, phone_e164="")

    assert fields["sms_consent"] is consent
    assert fields["consent"]["sms_consent"] is consent


def test_custom_fields_never_hide_a_field_of_the_lead():
    custom = {"phone": "x", "lead": "x", "workflow": "x", "zip": "1", "a b": "2"}
    event = {"custom_fields": {**custom, "__x": "3", "if": "4"}, "zip2": "5"}

    fields = lead_fields(event, phone_e164="+15555550100")

    assert fields["phone"] == "+15555550100"
    assert fields["workflow"] == "default"
    assert (fields["zip"], fields["zip2"]) == ("1", "5")
    assert not {"a b", "__x", "if"} & fields.keys()
    assert fields["custom_fields"]["a b"] == "2"


def test_the_old_name_of_the_workflow_still_counts():
    assert lead_fields({"workflow_name": "w"}, phone_e164="")["workflow"] == "w"


@given(st.dictionaries(st.sampled_from([*EVENT, "x"]), VALUES))
def test_fields_take_any_event_and_leave_it_alone(event):
    before = repr(event)

    fields = lead_fields(event, phone_e164="+15555550100")

    assert repr(event) == before
    assert fields["phone"] == "+15555550100"


# --- lint

GOOD = "Hi {{ first_name | default('there') }}, thanks! Reply STOP to opt out"


@pytest.mark.parametrize(
    ("source", "level", "line", "part"),
    [
        ("", "error", 1, "is empty"),
        ("{{ x", "error", 1, "has no }}"),
        ("STOP\n{{ frist_name }}", "warning", 2, "Did you mean “first_name”?"),
        ("STOP {{ lead.emial }}", "warning", 1, "Did you mean “lead.email”?"),
        ("STOP {{ zzzzzzzz }}", "warning", 1, "It will be left out."),
        ("STOP {{ lead }}", "warning", 1, "is a group of fields"),
        ("STOP\n{first_name}", "warning", 2, "{{ first_name }}"),
        ("Hi {{ name }}", "warning", 1, "Reply STOP"),
        ("Nonstop\n{% if name %}STOP{% endif %}", "warning", 2, "Only some messages"),
        ("STOP\n\nhttps://bit.ly/abc", "warning", 3, "bit.ly"),
        ("STOP\nwww.tinyurl.com/x", "warning", 2, "tinyurl.com"),
        ("STOP\nFree vape kit", "warning", 2, "tobacco"),
        ("STOP " + "a" * 1600, "error", 1, "1,605 characters"),
        ("STOP\nit’s", "hint", 2, "“’”"),
    ],
)
def test_lint_tells_the_author(source, level, line, part):
    findings = lint(source, KNOWN_NAMES)

    assert [(finding.level, finding.line) for finding in findings] == [(level, line)]
    assert part in findings[0].message


@pytest.mark.parametrize(
    "source",
    [
        GOOD,
        GOOD + " https://acme.example/habit.ly",
        GOOD + " {{ custom_fields.anything }} {json}",
        GOOD + "{% if lead.email %}{{ location.city }}{% endif %}",
    ],
)
def test_lint_has_nothing_to_say_about_a_good_text(source):
    assert lint(source, KNOWN_NAMES) == []


def test_lint_knows_custom_fields_if_told():
    known = {*KNOWN_NAMES, "custom_fields.budget"}

    assert lint(GOOD + "{{ custom_fields.budget }}", known) == []
    (finding,) = lint(GOOD + "{{ custom_fields.bugdet }}", known)
    assert "custom_fields.budget" in finding.message


def test_lint_asks_no_opt_out_words_of_a_recipient():
    assert lint("{{ phone }}", KNOWN_NAMES, is_message=False) == []


def test_lint_of_the_worst_source_is_quick_and_short():
    source = "".join(f"{{{{n{number}}}}}" for number in range(600))
    started = time.process_time()

    findings = lint(source, KNOWN_NAMES)

    assert len(findings) == 50
    assert time.process_time() - started < 2
