"""Pages of routes: who may open them, what they make, and what they refuse."""

from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from leadrails.core import ids
from leadrails.routing.models import Route
from leadrails.tenants.models import AuditEntry, Role, Tenant
from tests.make import (
    make_destination,
    make_lead,
    make_route,
    make_source,
    make_tenant,
    make_user,
)

TEXAS = {"all": [{"field": "state", "op": "equals", "value": "TX"}]}
READS = ["list", "dry_run"]
CHANGES = ["new", "edit", "pause", "resume", "delete"]


@pytest.fixture
def world(db):
    tenant = make_tenant()
    source = make_source(tenant)
    destination = make_destination(tenant)
    route = make_route(source, destination, name="Texas", conditions=TEXAS)
    return SimpleNamespace(
        tenant=tenant, source=source, destination=destination, route=route
    )


def enter(tenant, role=Role.OPERATOR):
    client = Client()
    client.force_login(make_user(tenant, role))
    return client


def url(tenant, view, route=None):
    kwargs = {"tenant": tenant.slug}
    if view not in ("list", "new"):
        kwargs["route"] = route.public_id
    return reverse(f"routes:{view}", kwargs=kwargs)


def filled(source, destination, *rows, **changes):
    """What the form posts; each row is a field, an operator and a value."""
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    return {
        "once": str(ids.uuid7()),
        "workflow": source.workflows.get().public_id,
        "destination": destination.public_id,
        "match": "all",
        "field": columns[0],
        "op": columns[1],
        "value": columns[2],
        "priority": "100",
        "name": "New one",
        **changes,
    }


def made(world):
    return Route.objects.for_tenant(world.tenant).exclude(pk=world.route.pk)


@pytest.mark.parametrize("role", list(Role))
def test_every_role_opens_its_pages(role, world):
    client = enter(world.tenant, role)
    expected = 403 if role == Role.VIEWER else 200
    for view in READS:
        assert client.get(url(world.tenant, view, world.route)).status_code == 200
    for view in CHANGES:
        answer = client.get(url(world.tenant, view, world.route))
        assert answer.status_code == expected, view


@pytest.mark.parametrize("view", CHANGES)
def test_a_viewer_changes_nothing(view, world):
    client = enter(world.tenant, Role.VIEWER)
    data = filled(world.source, world.destination)
    answer = client.post(url(world.tenant, view, world.route), data)
    assert answer.status_code == 403
    world.route.refresh_from_db()
    assert (world.route.name, world.route.status) == ("Texas", "active")
    assert not made(world).exists()


def test_the_routes_of_another_tenant_are_not_found(world):
    other = make_tenant()
    client = enter(other, Role.OWNER)
    for view in ["dry_run", "edit", "pause", "resume", "delete"]:
        page = url(other, view, world.route)
        assert client.get(page).status_code == 404, view
        assert client.get(url(world.tenant, view, world.route)).status_code == 404
        if view != "dry_run":
            assert client.post(page).status_code == 404, view
    world.route.refresh_from_db()
    assert world.route.status == "active"
    assert "Texas" not in client.get(url(other, "list")).content.decode()


def test_the_list_reads_as_sentences(world):
    page = enter(world.tenant, Role.VIEWER).get(url(world.tenant, "list"))
    assert "Web form → Sales SMS, if state is “TX”" in page.content.decode()


def test_the_list_costs_as_many_queries_for_many_routes(
    world, django_assert_max_num_queries
):
    for number in range(12):
        make_route(world.source, world.destination, name=f"Route {number}")
    client = enter(world.tenant)
    client.get(url(world.tenant, "list"))
    with django_assert_max_num_queries(12):
        client.get(url(world.tenant, "list"))


def test_a_route_is_made_with_its_conditions(world):
    rows = [
        ("state", "in", "TX, OK"),
        ("", "equals", ""),
        ("custom_fields.budget", "gte", "1000"),
        ("email", "exists", ""),
    ]
    data = filled(
        world.source,
        world.destination,
        *rows,
        match="any",
        priority="5",
        is_additional="on",
    )
    client = enter(world.tenant)
    for _ in range(2):  # a form sent twice makes one route
        answer = client.post(url(world.tenant, "new"), data)
        assert answer.status_code == 302
    route = made(world).get()
    assert route.conditions == {
        "any": [
            {"field": "state", "op": "in", "value": ["TX", "OK"]},
            {"field": "custom_fields.budget", "op": "gte", "value": 1000},
            {"field": "email", "op": "exists"},
        ]
    }
    assert (route.priority, route.is_additional) == (5, True)
    assert route.workflow == world.source.workflows.get()


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (("state", "equals", ""), "Enter a value."),
        (("", "equals", "TX"), "Choose a field."),
        (("budget", "gt", "many"), "Must be a number"),
        (("state", "like", "TX"), "Must be one of"),
    ],
)
def test_a_wrong_condition_is_named_beside_its_row(row, problem, world):
    data = filled(world.source, world.destination, ("city", "exists", ""), row)
    answer = enter(world.tenant).post(url(world.tenant, "new"), data)
    assert answer.status_code == 422
    first, second = answer.context["form"].builder.rows
    assert not first.problem
    assert problem in second.problem
    page = answer.content.decode()
    assert 'id="row_1_error"' in page
    assert 'id="row_0_error"' not in page
    assert not made(world).exists()


@pytest.mark.parametrize("view", ["new", "edit"])
@pytest.mark.parametrize("end", ["workflow", "destination"])
def test_an_end_of_another_tenant_is_a_mistake_in_the_form(view, end, world):
    source, destination = make_source(), make_destination()
    foreign = source.workflows.get() if end == "workflow" else destination
    data = filled(world.source, world.destination) | {end: foreign.public_id}
    answer = enter(world.tenant).post(url(world.tenant, view, world.route), data)
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {end}
    assert not made(world).exists()
    world.route.refresh_from_db()
    assert world.route.destination == world.destination


def test_adding_a_condition_keeps_what_was_typed_and_judges_nothing(world):
    row = ("state", "not_equals", "")
    data = filled(world.source, world.destination, row, name="Half", add_row="1")
    data["priority"] = "x"
    answer = enter(world.tenant).post(url(world.tenant, "new"), data)
    assert answer.status_code == 200
    rows = answer.context["form"].builder.rows
    assert [(row.field, row.op, row.problem) for row in rows] == [
        ("state", "not_equals", ""),
        ("", "equals", ""),
    ]
    page = answer.content.decode()
    assert 'value="Half"' in page
    assert data["once"] in page
    assert "field-errors" not in page
    assert not made(world).exists()


def test_a_condition_is_removed_by_its_button(world):
    rows = [("state", "equals", "TX"), ("city", "equals", "Waco")]
    data = filled(world.source, world.destination, *rows, remove_row="0")
    answer = enter(world.tenant).post(url(world.tenant, "new"), data)
    assert [row.field for row in answer.context["form"].builder.rows] == ["city"]
    assert not made(world).exists()


def test_a_route_is_changed(world):
    client = enter(world.tenant)
    page = url(world.tenant, "edit", world.route)
    (row,) = client.get(page).context["form"].builder.rows
    assert (row.field, row.op, row.value) == ("state", "equals", "TX")
    data = filled(world.source, world.destination, ("state", "equals", "OK"))
    assert client.post(page, data).status_code == 302
    world.route.refresh_from_db()
    assert world.route.conditions["all"][0]["value"] == "OK"
    assert world.route.name == "New one"


def test_nested_conditions_are_shown_and_changed_as_json(world):
    nested = {"all": [{"any": [{"field": "state", "op": "exists"}]}]}
    Route.objects.filter(pk=world.route.pk).update(conditions=nested)
    client = enter(world.tenant)
    page = url(world.tenant, "edit", world.route)
    assert client.get(page).context["form"].builder is None
    data = filled(world.source, world.destination)
    for wrong in ("{", '{"all": [{"field": "x", "op": "equals", "value": "\\u0000"}]}'):
        answer = client.post(page, {**data, "conditions": wrong})
        assert answer.status_code == 422
        assert "conditions" in answer.context["form"].errors
    right = '{"any": [{"all": [{"field": "city", "op": "exists"}]}]}'
    assert client.post(page, {**data, "conditions": right}).status_code == 302
    world.route.refresh_from_db()
    assert "any" in world.route.conditions


def test_a_dry_run_says_which_leads_are_taken_and_why(world):
    event = {"lead": {"full_name": "Tex"}, "location": {"state": "TX"}}
    make_lead(world.source, name="Tex", event=event)
    make_lead(world.source, name="Ann")
    page = url(world.tenant, "dry_run", world.route)
    answer = enter(world.tenant, Role.VIEWER).get(page)
    lines = answer.context["rehearsed"]["lines"]
    assert [(line.lead.name, line.decision.took) for line in lines] == [
        ("Ann", False),
        ("Tex", True),
    ]
    assert "state is empty, the route wants “TX”" in answer.content.decode()


def test_a_dry_run_of_the_form_saves_nothing(world):
    make_lead(world.source)
    row = ("email", "not_exists", "")
    data = filled(world.source, world.destination, row, dry_run="1")
    client = enter(world.tenant)
    for view in ("new", "edit"):
        answer = client.post(url(world.tenant, view, world.route), data)
        assert answer.status_code == 200
        assert answer.context["rehearsed"]["takers"] == 1, view
    world.route.refresh_from_db()
    assert world.route.name == "Texas"
    assert not made(world).exists()


def test_a_route_is_paused_resumed_and_deleted_after_a_question(world):
    client = enter(world.tenant)
    for view, status in [
        ("pause", "paused"),
        ("resume", "active"),
        ("delete", "revoked"),
    ]:
        page = url(world.tenant, view, world.route)
        before = Route.objects.get(pk=world.route.pk).status
        assert "button" in client.get(page).content.decode()
        assert Route.objects.get(pk=world.route.pk).status == before
        assert client.post(page).status_code == 302
        assert Route.objects.get(pk=world.route.pk).status == status
    assert client.get(url(world.tenant, "edit", world.route)).status_code == 404
    assert (
        "Texas"
        not in client.get(url(world.tenant, "delete", world.route)).content.decode()
    )


def test_a_route_needs_a_source_and_a_destination_first(db):
    tenant = make_tenant()
    client = enter(tenant)
    assert "Make a route" in client.get(url(tenant, "list")).content.decode()
    page = url(tenant, "new")
    assert "First a source" in client.get(page).content.decode()
    make_source(tenant)
    assert "First a destination" in client.get(page).content.decode()
    make_destination(tenant)
    assert client.get(page).context["form"]


# Order ------------------------------------------------------------------------


def post_order(world, **data):
    workflow = world.source.workflows.get().public_id
    page = reverse("routes:order", args=[world.tenant.slug, workflow])
    return enter(world.tenant).post(page, data)


def names_in_order(world):
    return list(Route.objects.order_by("priority", "id").values_list("name", flat=True))


def test_routes_are_asked_in_the_order_that_was_dragged(world):
    others = [make_route(world.source, world.destination, name=n) for n in "AB"]
    first, second = others
    version = Tenant.objects.get().version
    post_order(world, route=[second.public_id, world.route.public_id, first.public_id])
    assert names_in_order(world) == ["B", "Texas", "A"]
    assert AuditEntry.objects.get(action="routes.ordered").details["order"][0] == "B"
    assert Tenant.objects.get().version > version
    post_order(world, route=[second.public_id])  # the rest keeps its order
    assert AuditEntry.objects.filter(action="routes.ordered").count() == 1


@pytest.mark.parametrize(
    ("step", "order"),
    [
        ({"up": "B"}, ["Texas", "B", "A"]),
        ({"down": "Texas"}, ["A", "Texas", "B"]),
        ({"up": "Texas"}, ["Texas", "A", "B"]),
        ({"down": "B"}, ["Texas", "A", "B"]),
    ],
)
def test_without_scripts_a_route_moves_step_by_step(world, step, order):
    for name in "AB":
        make_route(world.source, world.destination, name=name)
    ((way, name),) = step.items()
    post_order(world, **{way: Route.objects.get(name=name).public_id})
    assert names_in_order(world) == order


def test_the_order_of_another_tenant_is_not_found(world):
    other = make_source()
    workflow = other.workflows.get().public_id
    page = reverse("routes:order", args=[world.tenant.slug, workflow])
    assert enter(world.tenant).post(page, {}).status_code == 404
