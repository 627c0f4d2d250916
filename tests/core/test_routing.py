from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core.reasons import REASONS
from leadrails.core.routing import (
    MAX_JOBS,
    Decision,
    PlannedJob,
    RouteRule,
    parse_conditions,
    plan,
)

LEAD = {"location": {"state": "CA"}, "phone": "+15555550100"}
OTHER = "+447700900100"


def make_id(number):
    return UUID(int=number)


def make_route(number, **changes):
    recipient = changes.pop("recipient", LEAD["phone"])
    conditions = parse_conditions(changes.pop("conditions", None))
    defaults = {
        "id": make_id(number),
        "name": f"Route {number}",
        "destination_id": make_id(900 + number),
        "recipient_template": lambda fields: recipient,
        "purpose": "reply",
        "conditions": conditions,
    }
    return RouteRule(**(defaults | changes))


def wants(state):
    return {"all": [{"field": "location.state", "op": "equals", "value": state}]}


def routes_of(result):
    return [job.route_id.int for job in result.jobs]


def test_a_route_that_fits_makes_a_job_and_one_that_does_not_says_why():
    result = plan(
        LEAD,
        [
            make_route(1, conditions=wants("CA")),
            make_route(2, conditions=wants("TX"), recipient=OTHER),
        ],
    )

    assert result.decisions == (
        Decision(make_id(1), "Route 1", True, "state is “CA”", LEAD["phone"]),
        Decision(
            make_id(2), "Route 2", False, "state is “CA”, the route wants “TX”", ""
        ),
    )
    assert result.jobs == (
        PlannedJob(make_id(1), make_id(901), "reply", LEAD["phone"]),
    )
    assert result.jobs


def test_a_lead_that_no_route_takes_is_unrouted():
    result = plan(LEAD, [make_route(1, conditions=wants("TX"))])

    assert not result.jobs
    assert not plan(LEAD, []).jobs


def test_the_recipient_is_made_from_the_leads_fields():
    route = make_route(1, recipient_template=lambda fields: fields["phone"])

    assert plan(LEAD, [route]).jobs[0].recipient == LEAD["phone"]


def test_lower_priority_goes_first_and_then_the_older_route():
    routes = [
        make_route(1, priority=200, purpose="a"),
        make_route(3, priority=100, purpose="b"),
        make_route(2, priority=100, purpose="c"),
    ]

    assert routes_of(plan(LEAD, routes)) == [2, 3, 1]


def test_two_routes_to_one_person_for_one_purpose_make_one_message():
    result = plan(LEAD, [make_route(1, priority=5), make_route(2, priority=1)])

    assert routes_of(result) == [2]
    assert result.decisions[1] == Decision(
        make_id(1),
        "Route 1",
        False,
        "same person, same purpose as route Route 2",
        LEAD["phone"],
    )


@pytest.mark.parametrize(
    "changes",
    [{"recipient": OTHER}, {"purpose": "notify"}, {"is_additional": True}],
)
@pytest.mark.parametrize("first", [1, 2])
def test_another_person_another_purpose_or_also_make_two_messages(changes, first):
    routes = [make_route(first), make_route(3 - first, **changes)]

    assert routes_of(plan(LEAD, routes)) == [1, 2]


def test_a_route_that_does_not_fit_takes_nobodys_place():
    routes = [make_route(1, conditions=wants("TX")), make_route(2)]

    assert routes_of(plan(LEAD, routes)) == [2]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"status": "paused"}, "the route is paused"),
        ({"status": "revoked"}, "the route is removed"),
        ({"status": "odd"}, "the route is not active"),
        ({"destination_status": "revoked"}, "its destination was removed"),
    ],
)
def test_a_route_out_of_use_takes_nothing(changes, why):
    result = plan(LEAD, [make_route(1, **changes), make_route(2)])

    assert routes_of(result) == [2]
    assert result.decisions[0].why == why


def test_a_paused_destination_still_gets_its_job():
    assert plan(LEAD, [make_route(1, destination_status="paused")]).jobs


def test_a_lead_without_a_usable_phone_makes_jobs_that_say_so():
    result = plan(LEAD, [make_route(1, recipient=""), make_route(2, recipient="")])

    assert [job.problem for job in result.jobs] == ["no_usable_phone"] * 2
    assert all(decision.took for decision in result.decisions)


def test_a_broken_template_costs_neither_the_lead_nor_the_other_routes():
    def broken(fields):
        return fields["nothing"].upper()

    result = plan(LEAD, [make_route(1, recipient_template=broken), make_route(2)])

    assert routes_of(result) == [1, 2]
    assert (result.jobs[0].problem, result.jobs[0].recipient) == ("template_error", "")
    assert "nothing" in result.jobs[0].detail
    assert result.jobs[1].problem == ""
    assert {"template_error", "no_usable_phone"} <= set(REASONS)


def test_one_lead_cannot_make_messages_without_end():
    routes = [make_route(n, is_additional=True) for n in range(1, MAX_JOBS + 6)]
    result = plan(LEAD, routes)

    assert len(result.jobs) == MAX_JOBS
    assert len(result.decisions) == MAX_JOBS + 5
    assert result.decisions[-1].why == "a lead makes at most 200 messages"


ROUTES = st.lists(
    st.builds(
        dict,
        priority=st.integers(0, 3),
        recipient=st.sampled_from(["", LEAD["phone"], OTHER]),
        purpose=st.sampled_from(["reply", "notify"]),
        is_additional=st.booleans(),
        status=st.sampled_from(["active", "active", "paused"]),
        conditions=st.sampled_from([None, wants("CA"), wants("TX")]),
    ),
    max_size=8,
).map(
    lambda rows: [make_route(number, **row) for number, row in enumerate(rows, start=1)]
)


@given(ROUTES, st.randoms())
def test_a_plan_does_not_depend_on_the_order_of_its_routes(routes, random):
    shuffled = random.sample(routes, len(routes))

    assert plan(LEAD, shuffled) == plan(LEAD, routes)


@given(ROUTES)
def test_every_route_answers_and_nobody_is_messaged_twice_for_one_purpose(routes):
    result = plan(LEAD, routes)
    additional = {route.id for route in routes if route.is_additional}
    shared = [
        (job.recipient, job.purpose)
        for job in result.jobs
        if job.recipient and job.route_id not in additional
    ]

    assert {d.route_id for d in result.decisions} == {route.id for route in routes}
    assert [d.route_id for d in result.decisions if d.took] == [
        job.route_id for job in result.jobs
    ]
    assert len(shared) == len(set(shared))
    for decision in result.decisions:
        assert decision.why
