"""What the style guide shows: invented data that covers every state."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms

from leadrails.core.rich import Card, Kind, Picture, Rich, Suggestion
from leadrails.core.segments import measure
from leadrails.ui.icons import ICONS
from leadrails.ui.paging import KeysetPage
from leadrails.ui.states import LOOKS, TONES

AT = datetime(2026, 5, 3, 14, 3, 22, 125_000, tzinfo=UTC)
HELLO = "Hi Ada, thanks for asking about a new roof! Sam will call you at 15:30."
CURLY = "Hi Ada, we’ll call you at 15:30."
RICH = Rich(
    cards=(
        Card(
            title="Hi Ada, here is Sam",
            description="He looks at your roof on Tuesday at 15:30, free of charge.",
            media=Picture(url="https://example.com/sam.jpg"),
            suggestions=(
                Suggestion(kind=Kind.DIAL, label="Call Sam", phone="+15555550100"),
                Suggestion(
                    kind=Kind.OPEN_URL, label="His work", url="https://example.com"
                ),
            ),
        ),
        Card(
            title="Another day?",
            description="Wednesday and Friday are free, too.",
            media=Picture(url="https://example.com/week.jpg"),
        ),
    ),
    suggestions=(
        Suggestion(kind=Kind.REPLY, label="Tuesday is fine"),
        Suggestion(kind=Kind.SHARE_LOCATION, label="Send my address"),
    ),
)


class SampleForm(forms.Form):
    name = forms.CharField(help_text="Shown in lists and alerts.")
    sender = forms.CharField(initial="+1 555")
    country = forms.ChoiceField(
        choices=[("US", "United States"), ("GB", "United Kingdom")], required=False
    )
    body = forms.CharField(
        widget=forms.Textarea, initial="Hi {{ first_name }}!", label="Message"
    )
    mode = forms.ChoiceField(
        choices=[("simulated", "Simulated"), ("live", "Live")],
        widget=forms.RadioSelect,
        initial="simulated",
        help_text="Fixed once the destination exists.",
    )
    is_active = forms.BooleanField(
        label="Active", required=False, help_text="A paused one holds its jobs."
    )

    def clean_sender(self) -> str:
        raise forms.ValidationError("Write the number with its country: +15555550100.")


def steps() -> list[dict[str, Any]]:
    def step(after_ms: int, title: str, tone: str, icon: str, **more: Any) -> Any:
        at = AT + timedelta(milliseconds=after_ms)
        return {"title": title, "at": at, "tone": tone, "icon": icon, **more}

    return [
        step(0, "Received from Acme contact form", "neutral", "leads"),
        step(4, "Took route “Acme → Sales SMS”", "neutral", "routes", took=0.004),
        step(
            11,
            "Attempt 1: not sent",
            "attention",
            "retry",
            took=0.007,
            cause="Too many requests at the provider (Twilio 20429).",
            detail="Tried again after 10 s.",
            url="#",
            url_label="Twilio on 20429",
        ),
        step(10_240, "Attempt 2: accepted by Twilio", "waiting", "check", took=10.229),
        step(10_900, "Handed to the carrier", "waiting", "jobs", took=0.66),
        step(12_400, "Delivered", "ok", "check-double", took=1.5),
    ]


def alerts() -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [
        {
            "title": "Twilio refuses the credentials of Sales SMS",
            "url": "#",
            "tone": "failed",
            "status": "Open",
            "sentence": "The Auth Token is wrong, so the destination is paused and its "
            "jobs are held. Nothing is lost.",
            "next_step": "Replace the token and verify the connection.",
            "docs_url": "#",
            "docs_label": "Twilio on 20003",
            "since": now - timedelta(minutes=18),
            "count": 42,
            "where": "Sales SMS",
            "where_url": "#",
            "acts": [
                {"label": "Replace credentials", "url": "#", "style": "primary"},
                {"label": "Acknowledge", "url": "#", "is_post": True},
            ],
        },
        {
            "title": "No leads from Acme contact form",
            "tone": "attention",
            "status": "Acknowledged",
            "sentence": "Usually there are 9 by this hour; today there are none.",
            "since": now - timedelta(hours=3),
            "where": "Acme contact form",
        },
        {
            "title": "Callbacks are late",
            "tone": "ok",
            "status": "Cured by itself",
            "sentence": "Final statuses arrive within a second again.",
            "since": now - timedelta(days=2),
            "count": 1,
        },
    ]


def buckets() -> list[dict[str, object]]:
    shape = [2, 1, 1, 0, 1, 3, 8, 14, 22, 26, 31, 28, 24, 29, 33, 27, 21, 18, 12, 9]
    return [
        {
            "label": f"{hour:02}:00",
            "ok": count,
            "waiting": 2 if hour == len(shape) - 1 else 0,
            "attention": count // 12,
            "failed": 4 if hour == 10 else count // 25,
        }
        for hour, count in enumerate(shape)
    ]


def checklist() -> list[dict[str, Any]]:
    return [
        {"title": "Create a source", "is_done": True},
        {"title": "Create a destination", "is_done": True},
        {
            "title": "Create a route",
            "text": "It says which leads go to which destination.",
            "is_done": False,
            "url": "#",
            "action": "Create a route",
        },
        {
            "title": "Send a test lead",
            "text": "A sample person; no real phone rings.",
            "is_done": False,
            "url": "#",
            "action": "Send",
        },
    ]


def jobs() -> list[SimpleNamespace]:
    people = (
        "Ada Lovelace",
        "محمد العربي",
        "Grace Brewster Murray Hopper 🚀",
        "Linus T.",
    )
    return [
        SimpleNamespace(
            id=f"job_01J5Z7K3M8X4VWPQ9YTBN2F{n:03}",
            name=people[n % len(people)],
            phone=f"+1 555 555 01{n:02}",
            destination="Sales SMS" if n % 3 else "Night shift, Twilio, second number",
            state=state,
            at=datetime.now(UTC) - timedelta(minutes=7 * n * n),
            attempts=1 + n % 3,
        )
        for n, state in enumerate(LOOKS)
    ]


def styleguide_context() -> dict[str, Any]:
    return {
        "icons": ICONS,
        "looks": LOOKS,
        "tones": TONES,
        "form": SampleForm(),
        "bad_form": SampleForm({"sender": "555", "body": "Hi", "mode": "live"}),
        "steps": steps(),
        "alerts": alerts(),
        "buckets": buckets(),
        "checklist": checklist(),
        "jobs": jobs(),
        "page": KeysetPage(rows=[], older="00000000-0000-7000-8000-000000000000"),
        "active": [
            {"name": "state", "label": "State", "value": "Dead letter"},
            {"name": "source", "label": "Source", "value": "Acme contact form"},
        ],
        "at": AT,
        "hello": HELLO,
        "curly": CURLY,
        "rich": RICH,
        "gsm": measure(HELLO),
        "ucs2": measure(CURLY),
        "trend": [3, 5, 4, 8, 12, 9, 14, 13, 18, 16, 21],
    }
