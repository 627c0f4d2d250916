import pytest

from leadrails.routing.services import delete_route
from tests.make import make_job, make_lead, make_message, make_source, make_tenant

PHONE = "+12025550177"


@pytest.fixture
def job(world):
    lead = make_lead(
        world.source, name="Zoë Marsh", email="zoe@example.com", phone=PHONE
    )
    return make_job(
        lead,
        world.destination,
        state="dead",
        reason="expired",
        error_code="30007",
        recipient=PHONE,
        provider_id="SM" + "a" * 32,
    )


@pytest.mark.parametrize(
    ("text", "said", "leads", "jobs"),
    [
        ("(202) 555-0177", f"the phone number {PHONE}", 1, 1),
        ("zoë m", "names with “zoë m”", 1, 0),
        ("zoe@example", "e-mail addresses with “zoe@example”", 1, 0),
        ("30007", "the error code 30007", 0, 1),
        ("SM" + "a" * 32, "a provider&#x27;s id", 0, 1),
        ("job_01J5Z7K3M8X4VWPQ9YTBN2F0HR", "Nothing in this workspace has it", 0, 0),
        ("nobody at all", "names with", 0, 0),
        ("\x00", "one box finds them all", 0, 0),
    ],
)
def test_one_box_says_what_it_looked_for(
    job, tenant, enter, url, text, said, leads, jobs
):
    page = enter(tenant).get(url("search"), {"q": text})
    assert said in page.content.decode()
    found = page.context["leads"], page.context["jobs"]
    assert tuple(map(len, found)) == (leads, jobs)


def test_an_id_leads_to_its_page(job, world, enter, url):
    client = enter(world.tenant)
    message = make_message(job)
    for row, view, kwarg in (
        (job, "jobs:detail", "job"),
        (job.lead, "leads:detail", "lead"),
        (message, "conversations:detail", "message"),
        (world.source, "sources:detail", "source"),
        (world.destination, "destinations:detail", "destination"),
        (world.route, "routes:dry_run", "route"),
    ):
        answer = client.get(url("search"), {"q": row.public_id})
        assert answer["Location"] == url(view, **{kwarg: row.public_id})
    delete_route(world.route, actor=None)
    answer = client.get(url("search"), {"q": world.route.public_id})
    assert "Nothing in this workspace has it" in answer.content.decode()


def test_nobody_is_found_in_another_workspace(tenant, enter, url):
    other = make_lead(make_source(make_tenant()), name="Stranger", phone=PHONE)
    client = enter(tenant)
    for text in (other.public_id, "Stranger", PHONE):
        page = client.get(url("search"), {"q": text})
        assert page.status_code == 200
        assert not page.context["leads"]
