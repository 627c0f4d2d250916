from leadrails.core import ids
from leadrails.leads import views
from tests.make import make_job, make_lead


def rows(response):
    return [row["lead"].name for row in response.context["rows"]]


def test_filters_narrow_the_list(world, enter, url):
    make_lead(world.source, name="Ada Lovelace", email="ada@example.com", job_count=1)
    other = make_lead(world.source, name="Bob", phone="+12025550123")
    client, page = enter(world.tenant), url("leads:list")
    assert rows(client.get(page)) == ["Bob", "Ada Lovelace"]
    assert rows(client.get(page, {"q": "lovel"})) == ["Ada Lovelace"]
    assert rows(client.get(page, {"q": "ADA@example"})) == ["Ada Lovelace"]
    assert rows(client.get(page, {"q": "(202) 555-0123"})) == ["Bob"]
    assert rows(client.get(page, {"q": other.public_id})) == ["Bob"]
    assert rows(client.get(page, {"unrouted": "1"})) == ["Bob"]
    source = {"source": world.source.public_id}
    assert rows(client.get(page, source)) == ["Bob", "Ada Lovelace"]
    assert rows(client.get(page, {"source": ids.encode("src", ids.uuid7())})) == []


def test_each_filter_has_a_chip_that_removes_it(world, enter, url):
    make_lead(world.source)
    filters = {"q": "ann", "unrouted": "1", "source": world.source.public_id}
    response = enter(world.tenant).get(url("leads:list"), filters)
    chips = [chip["name"] for chip in response.context["active"]]
    assert chips == ["source", "unrouted", "q"]
    assert 'class="chip"' in response.content.decode()


def test_older_leads_are_on_the_next_page(world, enter, url):
    for number in range(51):
        make_lead(world.source, name=f"Lead {number:02}")
    client = enter(world.tenant)
    first = client.get(url("leads:list"))
    second = client.get(url("leads:list"), {"after": first.context["page"].older})
    assert len(rows(first)) == 50
    assert not set(rows(first)) & set(rows(second))
    assert len(rows(second)) == 1


def test_a_search_says_how_far_it_looked_and_leads_on(world, enter, url, monkeypatch):
    monkeypatch.setattr(views, "LOOK_THROUGH", 2)
    for name in ("Ada Lovelace", "Bob", "Cy"):
        make_lead(world.source, name=name)
    client, page = enter(world.tenant), url("leads:list")
    first = client.get(page, {"q": "lovel"})
    assert rows(first) == []
    text = first.content.decode()
    assert "looked through 2 leads" in text
    older = first.context["page"].older
    assert f"after={older}" in text
    second = client.get(page, {"q": "lovel", "after": older})
    assert rows(second) == ["Ada Lovelace"]
    assert "looked through" not in second.content.decode()
    assert rows(client.get(page, {"q": "b", "unrouted": "1"})) == ["Bob"]


def test_the_list_says_what_became_of_a_lead(world, enter, url):
    make_job(make_lead(world.source, job_count=1), world.destination, state="delivered")
    page = enter(world.tenant).get(url("leads:list")).content.decode()
    assert "Delivered" in page


def test_the_page_tells_why_each_route_took_or_refused_it(world, enter, url):
    lead = make_lead(
        world.source,
        trail=[
            {"route_id": None, "name": "Big jobs", "took": False, "why": "No budget."},
            {"route_id": None, "name": "All", "took": True, "why": "No conditions."},
        ],
        phone="",
        phone_raw="<b>12</b>",
        phone_problem="too_short",
    )
    page = enter(world.tenant).get(url("leads:detail", lead=lead.public_id))
    text = page.content.decode()
    for words in ("Refused it", "No budget.", "Took it", "The phone number is too sho"):
        assert words in text
    assert "No route took this lead" in text
    assert "<b>12</b>" not in text
    assert "&quot;schema_version&quot;: &quot;lead_event.v1&quot;" in text


def test_the_page_says_that_the_source_was_paused(world, enter, url):
    lead = make_lead(world.source, source_paused=True)
    page = enter(world.tenant).get(url("leads:detail", lead=lead.public_id))
    assert "The source was paused" in page.content.decode()


def test_what_a_person_wrote_is_never_markup(world, enter, url):
    event = {"lead": {"full_name": "<script>x</script>", "tags": ["<i>"]}}
    lead = make_lead(world.source, name="<script>x</script>", event=event)
    client = enter(world.tenant)
    for page in (url("leads:list"), url("leads:detail", lead=lead.public_id)):
        assert "<script>x" not in client.get(page).content.decode()
