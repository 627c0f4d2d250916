"""Who may open what."""

import pytest
from django.utils import timezone

from leadrails.alerts.models import Alert
from leadrails.tenants.models import Role
from tests.make import make_destination, make_job, make_lead, make_source, make_tenant

LISTS = ["overview", "leads:list", "jobs:list", "alerts:list"]


def make_alert(tenant, **fields):
    now = timezone.now()
    return Alert.objects.create(
        tenant=tenant,
        **{
            "kind": "dead_letters",
            "scope": "destination:x",
            "opened_at": now,
            "last_at": now,
            **fields,
        },
    )


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("view", LISTS)
def test_lists_open_for_an_empty_tenant(view, role, tenant, enter, url):
    assert enter(tenant, role).get(url(view)).status_code == 200


@pytest.mark.parametrize("role", list(Role))
def test_every_page_opens_with_data(role, world, enter, url):
    lead = make_lead(world.source, job_count=1)
    job = make_job(lead, world.destination, route=world.route)
    make_alert(world.tenant, destination_id=world.destination.id, job_id=job.id)
    client = enter(world.tenant, role)
    pages = [url(view) for view in LISTS]
    pages.append(url("leads:detail", lead=lead.public_id))
    pages.append(url("jobs:detail", job=job.public_id))
    for page in pages:
        assert client.get(page).status_code == 200, page


def foreign_pages(url):
    other = make_source(make_tenant())
    lead = make_lead(other)
    job = make_job(lead, make_destination(other.tenant), state="dead", reason="expired")
    alert = make_alert(other.tenant)
    return {
        "reads": [
            url("leads:detail", lead=lead.public_id),
            url("jobs:detail", job=job.public_id),
            url("jobs:replay", job=job.public_id),
            url("jobs:cancel", job=job.public_id),
        ],
        "acts": [
            url("jobs:replay", job=job.public_id),
            url("jobs:cancel", job=job.public_id),
            url("alerts:acknowledge", alert=alert.public_id),
            url("alerts:resolve", alert=alert.public_id),
        ],
    }


def test_the_ids_of_another_tenant_are_not_found(tenant, enter, url):
    client, pages = enter(tenant), foreign_pages(url)
    for page in pages["reads"]:
        assert client.get(page).status_code == 404, page
    for page in pages["acts"]:
        assert client.post(page).status_code == 404, page


def test_a_text_that_is_no_id_is_not_found(tenant, enter, url):
    client = enter(tenant)
    for page in (url("leads:detail", lead="x"), url("jobs:detail", job="job_x")):
        assert client.get(page).status_code == 404
    assert client.get(url("jobs:list"), {"destination": "x"}).status_code == 404


def test_a_viewer_may_not_act(world, enter, url):
    job = make_job(make_lead(world.source), world.destination)
    alert = make_alert(world.tenant)
    client = enter(world.tenant, Role.VIEWER)
    for page in (
        url("jobs:replay", job=job.public_id),
        url("jobs:cancel", job=job.public_id),
        url("alerts:acknowledge", alert=alert.public_id),
        url("alerts:resolve", alert=alert.public_id),
    ):
        assert client.post(page).status_code == 403, page


def test_lists_never_show_rows_of_another_tenant(tenant, enter, url):
    other = make_source(make_tenant())
    make_job(make_lead(other, name="Stranger"), make_destination(other.tenant))
    make_alert(other.tenant, kind="foreign_kind")
    client = enter(tenant)
    for view in LISTS:
        page = client.get(url(view)).content.decode()
        assert "Stranger" not in page
        assert "Foreign kind" not in page


@pytest.mark.parametrize("view", ["leads:list", "jobs:list", "alerts:list"])
def test_a_list_costs_as_many_queries_for_many_rows(
    view, world, enter, url, django_assert_max_num_queries
):
    for number in range(12):
        job = make_job(make_lead(world.source, job_count=1), world.destination)
        make_alert(
            world.tenant,
            scope=str(number),
            job_id=job.id,
            destination_id=world.destination.id,
        )
    client = enter(world.tenant)
    client.get(url(view))
    # Session, user, membership, and three of the navigation; six for the list.
    with django_assert_max_num_queries(12):
        client.get(url(view))
