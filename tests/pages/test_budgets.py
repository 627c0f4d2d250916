"""What a page may cost: queries, bytes, and next to nothing while nothing happens."""

import re
from html import unescape
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leadrails import statements
from leadrails.alerts.models import Alert
from leadrails.contacts.models import Suppression
from leadrails.core import ids
from leadrails.jobs.models import Job
from leadrails.routing.models import Route
from leadrails.tenants import audit
from tests.destinations.test_rich_page import Form
from tests.make import make_destination, make_job, make_lead, make_message
from tests.pages.test_access import make_alert

QUERIES = 6
MANY = 300
BYTES = 60_000
LISTS = [
    "leads:list",
    "jobs:list",
    "conversations:list",
    "alerts:list",
    "suppressions:list",
    "settings:audit",
    "sources:list",
    "routes:list",
    "destinations:list",
    "settings:members",
    "settings:api_keys",
]
OF_THINGS = ["sources:list", "routes:list", "destinations:list"]
LIVE = ["leads:list", "jobs:list", "conversations:list", "alerts:list"]
NAME = "Dr. Maria-Luise Hohenzollern-Sigmaringen von und zu Guttenberg 🚀 محمد العربي"
POLL = {"HX-Request": "true"}
TAPS = [
    {
        "kind": "open_url",
        "label": "See the offer",
        "url": "https://shop.example/{{ n }}",
    },
    {"kind": "reply", "label": "Call me today", "postback": "call-today"},
    {"kind": "dial", "label": "Call us now", "phone": "+15125550100"},
    {
        "kind": "calendar",
        "label": "Save the date",
        "title": "A visit by Acme Kitchens",
        "details": "We come and measure your kitchen, {{ first_name }}.",
        "starts_at": "2026-05-04T15:00:00-05:00",
        "ends_at": "2026-05-04T16:00:00-05:00",
    },
]
FULL_CAROUSEL = {
    "cards": [
        {
            "title": f"Kitchen number {number} for {{{{ first_name }}}}",
            "description": "Oak fronts, a stone top, lights under the cupboards. " * 3,
            "media": {
                "url": f"https://cdn.example/kitchens/2026/{number}/front-large.jpg",
                "thumbnail_url": f"https://cdn.example/kitchens/2026/{number}/small.jpg",
                "height": "TALL",
            },
            "suggestions": TAPS,
        }
        for number in range(10)
    ],
    "suggestions": (TAPS * 3)[:11],
}


@pytest.fixture
def full(world):
    """More than one page of everything, with all that makes rows long."""
    place = make_destination(world.tenant, name="Night shift, number 2, Dallas office")
    for number in range(51):
        lead = make_lead(
            world.source,
            name=NAME,
            email="maria-luise.hohenzollern-sigmaringen@example.co.uk",
            is_test=True,
            job_count=1,
        )
        job = make_job(
            lead,
            place,
            state="dead",
            reason="expired",
            error_code="30007",
            is_test=True,
            is_possible_duplicate=True,
        )
        make_message(job, body="Please call me back after five. " * 9)
        make_alert(
            world.tenant,
            scope=f"destination:{number}",
            job_id=job.id,
            destination_id=place.id,
            kind="a_kind_of_tomorrow",
        )
        phone = f"+1202555{number:04}"
        Suppression.objects.create(
            tenant=world.tenant, phone=phone, reason="manual", note=NAME
        )
        audit.record(world.tenant, None, "job.replayed", job, name=NAME)
    return world


@pytest.fixture
def asked():
    """Count queries, with those of prepared statements, which Django does not see."""

    def asked(client, page, **options):
        run, prepared = statements.run, []

        def counted(*args, **named):
            prepared.append(args)
            return run(*args, **named)

        with (
            patch.object(statements, "run", counted),
            CaptureQueriesContext(connection) as seen,
        ):
            response = client.get(page, **options)
        return response, len(seen) + len(prepared)

    return asked


@pytest.mark.parametrize("view", LISTS)
def test_a_list_costs_few_queries_and_few_bytes(view, full, enter, url, asked):
    client, page = enter(full.tenant), url(view)
    client.get(page)  # the first page of a session notes the workspace in it
    response, queries = asked(client, page)
    assert response.status_code == 200
    assert queries <= QUERIES, f"{view} asks the database {queries} times."
    size = len(response.content)
    assert size <= BYTES, f"{view} is {size:,} bytes: shorten what each row repeats."


@pytest.mark.parametrize("is_folded", [True, False])
def test_a_full_carousel_is_composed_in_few_bytes(
    is_folded, world, enter, url, monkeypatch
):
    if not is_folded:
        monkeypatch.setattr("destinations.rich_draft.FEW", 1000)
    config = {"channel": "rcs", "from_number": "+15555550100"}
    row = make_destination(
        world.tenant, kind="telnyx_sms", config=config, rich=FULL_CAROUSEL
    )
    client, page = (
        enter(world.tenant),
        url("destinations:rich", destination=row.public_id),
    )

    shown = client.get(page)
    typed = Form(shown.content.decode()).data
    faulty = {**typed, "body_template": "", "suggestions[0].label": "x" * 26}
    sizes = [
        len(answer.content)
        for answer in (
            shown,
            client.post(page, {**typed, "act": "preview"}),
            client.post(page, {**typed, "act": "open cards[9].suggestions[3].label"}),
            client.post(page, faulty),
        )
    ]

    assert (max(sizes) <= BYTES) == is_folded, sizes
    assert shown.content.count(b'class="rich-card"') == 10, "The phone shows them all."


def copies_of(row, count, **fields):
    """So many rows like it, each by a name that a search can tell."""
    kept = {field.attname: getattr(row, field.attname) for field in row._meta.fields}
    return type(row).objects.bulk_create(
        type(row)(**kept | {"id": ids.uuid7(), "name": f"{NAME} {number:03}"} | more)
        for number in range(count)
        for more in [{name: make(number) for name, make in fields.items()}]
    )


@pytest.fixture
def many(world):
    """Hundreds of all that people make one by one, with names as long as they come."""
    sources = copies_of(world.source, MANY)
    flows = copies_of(
        world.source.workflows.get(), MANY, source_id=lambda n: sources[n].id
    )
    places = copies_of(world.destination, MANY, inbound_secret=lambda n: f"s{n:030}")
    copies_of(
        world.route,
        MANY,
        source_id=lambda n: sources[n // 60].id,
        workflow_id=lambda n: flows[n // 60].id,
        destination_id=lambda n: places[n].id,
        conditions=lambda n: {
            "all": [{"field": "state", "op": "in", "value": ["TX", "CA", "NY"]}]
        },
        priority=lambda n: n + 1,
    )
    for number in range(51):
        make_job(make_lead(world.source, name=NAME, job_count=1), places[number])
    return world


def test_hundreds_of_sources_routes_and_destinations_stay_usable(
    many, enter, url, asked
):
    client, costs = enter(many.tenant), {}
    client.get(url("overview"))  # the first page of a session notes the workspace
    for view in ("overview", "jobs:list", "leads:list", *OF_THINGS):
        response, queries = asked(client, url(view))
        costs[view] = (queries, len(response.content))
    big = {view: size for view, (_, size) in costs.items() if size > BYTES}
    assert not big, f"{costs}"
    assert [view for view in OF_THINGS if costs[view][0] > QUERIES] == []

    for view in OF_THINGS:
        names, cursor = [], ""
        while True:
            html = client.get(url(view) + cursor).content.decode()
            names += re.findall(rf"{NAME} \d+", re.sub(r'title="[^"]*"', "", html))
            if not (after := re.search(r'href="(\?after=[^"]+)" rel="next"', html)):
                break
            cursor = after[1]
        assert len(set(names)) == MANY, view
        newest = client.get(url(view), {"q": "العربي 217"}).content.decode()
        assert newest.count(f"{NAME} 217") >= 1, view
        assert f"{NAME} 216" not in newest, view
        assert "such a name" in client.get(url(view), {"q": "nobody"}).content.decode()


def test_a_route_takes_a_step_where_its_order_is_longer_than_a_page(many, enter, url):
    flow = Route.objects.get(name=f"{NAME} 030").workflow
    client = enter(many.tenant)
    page = client.get(url("routes:list"), {"q": "030"})
    (group,) = page.context["groups"]
    assert (group["rows"][0][2], group["is_whole"]) == (31, False)

    order = url("routes:order", workflow=flow.public_id) + "?q=030"
    moved = client.post(order, {"up": group["rows"][0][0].public_id})

    assert moved["Location"] == url("routes:list") + "?q=030"
    (group,) = client.get(moved["Location"]).context["groups"]
    assert group["rows"][0][2] == 30


@pytest.mark.parametrize("view", LIVE)
def test_a_poll_that_finds_nothing_new_costs_little(view, full, enter, url, asked):
    client, page = enter(full.tenant), url(view)
    with patch("leadrails.ui.formats.ago", return_value="just now"):
        html = client.get(page).content.decode()
        mark = unescape(re.search(r'data-mark="([^"]+)"', html)[1])
        rows, all_queries = asked(client, page, headers=POLL)
        known = POLL | {"If-None-Match": mark}
        response, queries = asked(client, page, headers=known)
    assert (response.status_code, response.content) == (304, b"")
    assert queries < all_queries
    assert rows["ETag"] == mark
    assert b"<html" not in rows.content


@pytest.mark.parametrize(
    ("view", "change"),
    [
        ("jobs:list", lambda job: Job.objects.update(attempts=7)),
        ("leads:list", lambda job: Job.objects.update(state="sent")),
        ("alerts:list", lambda job: Alert.objects.update(failures=7)),
        ("conversations:list", make_message),
        ("jobs:list", lambda job: make_job(job.lead, job.destination)),
    ],
)
def test_a_poll_tells_what_has_changed(view, change, world, enter, url):
    job = make_job(make_lead(world.source, job_count=1), world.destination)
    make_alert(world.tenant)
    client, page = enter(world.tenant), url(view)
    before = client.get(page, headers=POLL)["ETag"]
    change(job)
    response = client.get(page, headers=POLL | {"If-None-Match": before})
    assert response.status_code == 200
    assert response["ETag"] != before


def test_a_poll_tells_a_renamed_destination(world, enter, url):
    make_job(make_lead(world.source), world.destination)
    client, page = enter(world.tenant), url("jobs:list")
    before = client.get(page, headers=POLL)["ETag"]
    world.tenant.version += 1  # as each change to sources and destinations does
    world.tenant.save(update_fields=["version"])
    response = client.get(page, headers=POLL | {"If-None-Match": before})
    assert response.status_code == 200


def test_what_cannot_change_any_more_does_not_poll(world, enter, url):
    over, open_ = (
        make_job(make_lead(world.source), world.destination, state=state)
        for state in ("read", "sent")
    )
    client = enter(world.tenant)

    def polls(view, **query):
        return b"data-mark" in client.get(url(view), query).content

    assert polls("jobs:list")
    assert polls("jobs:list", q=open_.public_id)
    assert not polls("jobs:list", q=over.public_id)
    assert not polls("jobs:list", after=str(over.id))
    assert polls("alerts:list")
    assert not polls("alerts:list", tab="resolved")
