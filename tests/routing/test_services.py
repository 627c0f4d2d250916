"""Routes: who may be joined, what intake is told, and what a dry run says."""

import pytest
from django.core.exceptions import ValidationError

from destinations.models import Destination
from leadrails.contacts.services import suppress
from leadrails.core.reasons import REASONS, Reason
from leadrails.core.rendering import TemplateError
from leadrails.core.routing import plan
from leadrails.leads.models import Workflow
from leadrails.routing import rules, services
from leadrails.routing.models import Route
from leadrails.tenants.models import AuditEntry
from tests.make import (
    make_destination,
    make_lead,
    make_route,
    make_source,
    make_tenant,
    make_user,
)

pytestmark = pytest.mark.django_db

TEXAS = {"all": [{"field": "location.state", "op": "equals", "value": "TX"}]}
FIELDS = {"phone": "+12025550100", "location": {"state": "TX"}}


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def source(tenant):
    return make_source(tenant)


@pytest.fixture
def destination(tenant):
    return make_destination(tenant)


def create(own_source, own_destination, **changes):
    return services.create_route(
        own_source.tenant,
        **{
            "source": own_source,
            "workflow": own_source.workflows.get(name="default"),
            "destination": own_destination,
            "name": "Texas",
            "conditions": TEXAS,
            "actor": None,
            **changes,
        },
    )


def test_every_act_is_audited_and_bumps_the_version(tenant, source, destination):
    user = make_user(tenant)
    route = create(source, destination, actor=user)
    services.update_route(route, actor=user, priority=5)
    services.pause_route(route, actor=user)
    services.resume_route(route, actor=user)
    services.delete_route(route, actor=user)

    acts = list(AuditEntry.objects.for_tenant(tenant).order_by("id"))
    assert [act.action.partition(".")[2] for act in acts] == [
        "created",
        "updated",
        "paused",
        "resumed",
        "deleted",
    ]
    assert acts[0].details == {"sentence": "state is “TX”"}
    assert acts[1].details["fields"] == ["priority"]
    tenant.refresh_from_db()
    assert tenant.version == 6


def test_no_act_happens_twice(source, destination):
    route = create(source, destination)
    assert services.pause_route(route, actor=None)
    assert not services.pause_route(route, actor=None)
    assert services.delete_route(route, actor=None)
    assert not services.delete_route(route, actor=None)
    assert not services.resume_route(route, actor=None)
    with pytest.raises(ValidationError):
        services.update_route(route, actor=None, name="Back")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"priority": 10_001}, "priority"),
        ({"priority": -1}, "priority"),
        ({"conditions": {"all": [{"field": "x", "op": "like"}]}}, "conditions"),
        ({"conditions": {"none": []}}, "conditions"),
    ],
)
def test_a_wrong_setting_is_named(source, destination, changes, field):
    with pytest.raises(ValidationError) as caught:
        create(source, destination, **changes)
    assert field in caught.value.message_dict
    assert not Route.objects.exists()


def test_nothing_of_another_tenant_can_be_joined(source, destination):
    foreign_source, foreign = make_source(), make_destination()
    for changes, field in [
        ({"source": foreign_source}, "source"),
        ({"workflow": foreign_source.workflows.get()}, "workflow"),
        ({"destination": foreign}, "destination"),
    ]:
        with pytest.raises(ValidationError) as caught:
            create(source, destination, **changes)
        assert field in caught.value.message_dict
        route = create(source, destination)
        with pytest.raises(ValidationError):
            services.update_route(route, actor=None, **changes)


def test_a_workflow_of_another_source_cannot_be_joined(source, destination):
    other = make_source(source.tenant)
    with pytest.raises(ValidationError) as caught:
        create(source, destination, workflow=other.workflows.get())
    assert caught.value.message_dict["workflow"]


def test_a_deleted_destination_takes_no_new_route(source, destination):
    Destination.objects.filter(pk=destination.pk).update(status="revoked")
    destination.refresh_from_db()
    with pytest.raises(ValidationError):
        create(source, destination)


def test_rules_come_by_workflow_in_order_without_deleted_ones(source, destination):
    spring = Workflow.objects.create(tenant=source.tenant, source=source, name="spring")
    last = create(source, destination, name="last", priority=200)
    first = create(source, destination, name="first", priority=1)
    paused = create(source, destination, name="paused", priority=50)
    services.pause_route(paused, actor=None)
    services.delete_route(create(source, destination), actor=None)
    seasonal = create(source, destination, workflow=spring)
    make_route(make_source(source.tenant), destination)

    found = rules.route_rules(source)

    default = source.workflows.get(name="default")
    assert [rule.id for rule in found[default.id]] == [first.id, paused.id, last.id]
    assert [rule.id for rule in found[spring.id]] == [seasonal.id]
    assert len(found) == 2
    assert rules.rules_for(spring)[0].id == seasonal.id
    trail = plan(FIELDS, found[default.id]).decisions
    assert [(line.took, line.why) for line in trail] == [
        (True, "state is “TX”"),
        (False, "the route is paused"),
        (False, "same person, same purpose as route first"),
    ]


def test_rules_cost_one_query(source, destination, django_assert_num_queries):
    for number in range(5):
        create(source, destination, name=f"route {number}")
    with django_assert_num_queries(1):
        rules.route_rules(source)


@pytest.mark.parametrize(
    ("template", "recipient"),
    [
        ("{{ phone }}", "+12025550100"),
        ("{{ custom_fields.office }}", "+12025550177"),
        ("{{ custom_fields.nothing }}", ""),
        ("{{ email }}", ""),
    ],
)
def test_a_recipient_is_brought_to_its_one_normal_form(source, template, recipient):
    destination = make_destination(source.tenant, recipient_template=template)
    rule = rules.rule_of(make_route(source, destination), country="US")
    fields = {
        "phone": "+12025550100",
        "email": "ann@example.com",
        "custom_fields": {"office": "(202) 555-0177"},
    }
    assert rule.recipient_template(fields) == recipient


def test_a_broken_recipient_template_fails_its_job_and_no_lead(source):
    destination = make_destination(source.tenant, recipient_template="{{ phone")
    make_route(source, destination)
    (found,) = rules.route_rules(source).values()
    with pytest.raises(TemplateError):
        found[0].recipient_template(FIELDS)
    (job,) = plan(FIELDS, found).jobs
    assert job.problem == "template_error"


def test_conditions_that_cannot_be_read_take_no_lead(source, destination):
    make_route(source, destination, conditions={"all": [{"field": "x", "op": "like"}]})
    (found,) = rules.route_rules(source).values()
    (line,) = plan(FIELDS, found).decisions
    assert not line.took
    assert "cannot be read" in line.why


def test_a_dry_run_asks_an_unsaved_route_among_the_others(source, destination):
    lead = make_lead(source)
    create(source, destination, name="All", conditions={}, priority=1)
    draft = Route(
        tenant=source.tenant,
        source=source,
        workflow=source.workflows.get(),
        destination=destination,
        name="Draft",
        conditions={},
        status="paused",
    )
    (rehearsed,) = services.dry_run(draft, [lead])
    assert rehearsed.lead == lead
    assert rehearsed.decision.why == "same person, same purpose as route All"
    draft.is_additional = True
    (rehearsed,) = services.dry_run(draft, [lead])
    assert rehearsed.decision.took
    assert not Route.objects.filter(name="Draft").exists()


def test_a_dry_run_knows_what_the_destination_would_not_send(source, destination):
    destination.allowed_countries = ["US"]
    destination.save()
    suppress(tenant_id=source.tenant_id, phone="+12025550107", reason="opted_out")
    route = create(source, destination, name="All", conditions={})
    phones = ["+12025550106", "+12025550107", "+447700900106", ""]
    leads = [make_lead(source, phone=phone) for phone in phones]

    found = [line.obstacle for line in services.dry_run(route, leads)]

    reasons = ["", Reason.OPTED_OUT, Reason.COUNTRY_NOT_ALLOWED, Reason.NO_USABLE_PHONE]
    assert found == [REASONS.get(reason, "") for reason in reasons]
