import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory

from leadrails.core import ids
from leadrails.core.segments import measure
from leadrails.core.states import State
from leadrails.ui.icons import ICONS
from leadrails.ui.loader import shortened
from leadrails.ui.masks import sheet
from leadrails.ui.paging import KeysetPage
from leadrails.ui.states import LOOKS

ROOT = Path(__file__).resolve().parents[2]
AT = datetime(2026, 5, 3, 14, 3, 22, 125_000, tzinfo=UTC)


def rendered(source, path="/", **context):
    request = RequestFactory().get(path)
    request.resolver_match = None
    context = {"request": request, **context}
    return Template("{% load ui %}" + source).render(Context(context)).strip()


def test_every_job_state_has_a_look():
    assert set(LOOKS) == {state.value for state in State}
    assert {look.icon for look in LOOKS.values()} <= set(ICONS)


@pytest.mark.parametrize(
    "path",
    [*ROOT.glob("templates/**/*.html"), *ROOT.glob("leadrails/ui/**/*.py")],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_icon_that_is_named_exists(path):
    named = re.findall(r'{% icon "([\w-]+)"', path.read_text())
    named += re.findall(r'{% nav_item "[\w:]+" \w+ "([\w-]+)"', path.read_text())
    assert set(named) <= set(ICONS)


def test_a_state_is_said_in_a_word_and_not_by_colour_alone():
    html = rendered('{% state_badge "dead" "The number does not exist" %}')
    assert "badge-failed" in html
    assert "Dead letter" in html
    assert 'title="The number does not exist"' in html
    assert "<svg" in html


def test_a_state_of_tomorrow_is_shown_by_its_name():
    assert "half open" in rendered('{% state_badge "half_open" %}')


def test_what_people_typed_is_escaped_everywhere():
    evil = '"><script>alert(1)</script>'
    html = rendered(
        "{% badge evil %}{% copyable evil %}{% handset evil evil %}"
        "{% mark_character evil 3 %}{% stat evil evil note=evil %}"
        "{% empty_state evil evil %}{% codeblock %}{{ evil }}{% endcodeblock %}"
        "{% sparkline values evil %}{% in_dialog evil %}",
        evil=evil,
        values=[1, 2],
    )
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_code_block_is_escaped_once():
    html = rendered("{% codeblock %}{{ text }}{% endcodeblock %}", text="a & <b>")
    assert "<code>a &amp; &lt;b&gt;</code>" in html
    assert 'data-copy="a &amp; &lt;b&gt;"' in html


def test_a_code_block_may_hold_markup_and_quotes():
    html = rendered('{% codeblock %}<form action="/x">{% endcodeblock %}')
    assert "<code>&lt;form action=&quot;/x&quot;&gt;</code>" in html
    assert 'data-copy="&lt;form action=&quot;/x&quot;&gt;"' in html


def test_a_time_carries_its_exact_instant():
    html = rendered("{% ago at now %}", at=AT, now=AT.replace(minute=5))
    assert html == (
        '<time datetime="2026-05-03T14:03:22.125Z" '
        'title="3 May 2026, 14:03:22.125 UTC">2 min ago</time>'
    )
    assert rendered("{% ago none %}{% moment none %}", none=None) == "––"


def test_an_id_is_shown_short_and_copied_whole():
    html = rendered('{% copyable "job_01J5Z7K3M8X4VWPQ9YTBN2F0HR" keep=4 %}')
    assert "job_…F0HR" in html
    assert 'data-copy="job_01J5Z7K3M8X4VWPQ9YTBN2F0HR"' in html


def test_an_id_has_its_public_form():
    value = UUID("0190cbd6-1f00-7abc-8def-0123456789ab")
    assert rendered('{{ id|public_id:"job" }}', id=value) == ids.encode("job", value)
    assert rendered('{{ id|public_id:"job" }}', id=None) == ""


def test_a_pager_keeps_the_filters_and_drops_the_other_cursor():
    page = KeysetPage(rows=[], older="o1")
    html = rendered("{% pager page %}", "/jobs?state=dead&before=x", page=page)
    assert 'href="?state=dead&amp;after=o1"' in html
    assert html.count("<a ") == 1
    assert rendered("{% pager page %}", page=KeysetPage(rows=[])) == ""


def test_a_chip_removes_only_its_own_filter():
    active = [{"name": "state", "label": "State", "value": "Dead letter"}]
    html = rendered("{% chips active %}", "/?state=dead&q=a%26b&after=x", active=active)
    assert 'href="?q=a%26b"' in html


class Sample(forms.Form):
    name = forms.CharField(help_text="Shown in lists.")
    note = forms.CharField(required=False)
    agree = forms.BooleanField()
    mode = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)


def test_a_field_names_its_help_and_its_error():
    html = rendered("{% field form.name %}", form=Sample({}))
    assert 'for="id_name"' in html
    assert 'aria-invalid="true"' in html
    described = re.search(r'aria-describedby="([^"]+)"', html)[1].split()
    assert described
    assert all(f'id="{name}"' in html for name in described)


def test_only_what_may_be_left_out_is_called_optional():
    html = rendered(
        "{% for field in form %}{% field field %}{% endfor %}", form=Sample()
    )
    assert html.count("optional</span>") == 1
    assert html.index("Note") < html.index("optional") < html.index("Agree")
    assert "<legend>Mode</legend>" in html


def test_the_summary_leads_to_each_wrong_field():
    form = Sample({"name": "x", "mode": "z"})
    form.add_error(None, "Too many of these.")
    html = rendered("{% form_errors form %}", form=form)
    assert 'href="#id_agree"' in html
    assert "Too many of these." in html
    assert 'href="#id_name"' not in html
    assert rendered("{% form_errors form %}", form=Sample()) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a" * 160, "/ 160 · 1 segment · GSM-7"),
        ("a" * 161, "/ 306 · 2 segments · GSM-7"),
        ("’" * 71, "/ 134 · 2 segments · UCS-2"),
    ],
)
def test_the_meter_shows_the_room_of_its_segments(text, shown):
    html = rendered("{% segment_meter m %}", m=measure(text))
    assert shown in html
    assert ("meter-cause" in html) == ("’" in text)


def test_the_costly_character_is_marked():
    html = rendered("{% mark_character text 2 %}", text="we’ll")
    assert re.search(r'we<mark class="culprit"[^>]*>’</mark>ll', html)
    assert rendered("{% mark_character text none %}", text="we") == "we"


def test_the_first_open_step_of_a_checklist_is_current():
    steps = [
        {"title": "One", "is_done": True},
        {"title": "Two", "is_done": False, "url": "/two", "action": "Go"},
        {"title": "Three", "is_done": False},
    ]
    html = rendered("{% checklist steps %}", steps=steps)
    assert html.count("checklist-current") == html.count("button-primary") == 1
    assert html.index("checklist-current") < html.index("Two") < html.index("Three")


def test_coordinates_keep_their_point_in_every_language(settings):
    settings.LANGUAGE_CODE = "de"
    buckets = [{"label": "a", "ok": 1}, {"ok": 2}, {"ok": 3}]
    html = rendered('{% stacked_bars b "Jobs" %}{% progress 0.5 1 "x" %}', b=buckets)
    assert not re.search(r'(?:x|y|width|height|value)="\d+,\d', html)


def test_a_message_has_the_look_of_its_level():
    html = rendered(
        "{% for message in all %}{% message_look message as look %}"
        "{{ look.tone }} {% endfor %}",
        all=[SimpleNamespace(level_tag=tag) for tag in ("success", "error", "odd")],
    )
    assert html == "ok failed waiting"


def test_the_sheet_of_signs_is_made_from_the_icons():
    text = (ROOT / "static/css/signs.css").read_text()
    assert text == sheet(), "python -m leadrails.ui.masks > static/css/signs.css"


def test_a_badge_of_a_row_names_its_icon_and_says_its_word():
    html = rendered('{% row_state "dead" %}{% row_badge "Test" "neutral" "info" %}')
    assert 'class="badge badge-failed sign-x-circle">Dead letter<' in html
    assert 'class="badge badge-neutral sign-info">Test<' in html
    with pytest.raises(ValueError, match=r"signs\.css"):
        rendered('{% row_badge "Test" "neutral" "logout" %}')


def test_templates_lose_white_space_but_not_what_is_shown():
    source = (
        "<p>\n    a\n  {% if b %}{% for c in d %}\n    e\n  {% endfor %}{% endif %}\n"
        "</p>\n"
        "  {% codeblock %}\n  f\n{% endcodeblock %}\n  {% badge g %}\n  {% badge h %}"
    )
    assert shortened(source, keep_lines=False) == (
        "<p>\na\n{% if b %}{% for c in d %}e\n{% endfor %}{% endif %}</p>\n"
        "{% codeblock %}\n  f\n{% endcodeblock %}\n{% badge g %}\n{% badge h %}"
    )
    kept = shortened(source, keep_lines=True)
    assert kept.count("\n") == source.count("\n")
    assert len(kept) < len(source)
