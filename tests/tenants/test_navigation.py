"""What the shell says of a workspace: whether messages reach real phones."""

import pytest

from leadrails.tenants.models import Role
from tests.make import make_destination, make_tenant, make_user

pytestmark = pytest.mark.django_db

WHOLE = "Messages of this workspace go to the built-in simulator"


@pytest.fixture
def tenant():
    return make_tenant(slug="acme")


@pytest.fixture
def page(client, tenant):
    client.force_login(make_user(tenant, Role.VIEWER))

    def page(path=""):
        return client.get(f"/t/acme/{path}")

    return page


def make(tenant, *kinds):
    for kind in kinds:
        status = "revoked" if "deleted" in kind else "active"
        make_destination(tenant, is_simulated="simulated" in kind, status=status)


@pytest.mark.parametrize(
    ("kinds", "is_simulated", "is_mixed"),
    [
        ([], False, False),
        (["simulated"], True, False),
        (["simulated", "simulated"], True, False),
        (["live"], False, False),
        (["simulated", "live"], False, True),
        (["simulated", "deleted live"], True, False),
        (["live", "deleted simulated"], False, False),
    ],
)
def test_a_workspace_is_simulated_only_if_every_destination_is(
    tenant, page, kinds, is_simulated, is_mixed
):
    make(tenant, *kinds)

    answer = page()

    nav = answer.context["nav"]
    assert (nav["is_simulated"], nav["is_mixed"]) == (is_simulated, is_mixed)
    assert (WHOLE in answer.content.decode()) == is_simulated


def test_a_live_destination_of_another_workspace_changes_nothing(tenant, page):
    make(tenant, "simulated")
    make(make_tenant(), "live")

    assert page().context["nav"]["is_simulated"]


def test_where_kinds_are_mixed_each_destination_says_what_it_is(tenant, page):
    make(tenant, "simulated", "live")

    text = page().content.decode()

    assert text.count("Messages go to the built-in simulator, not") == 1
    assert text.count("Messages go to real phones.") == 1


def test_where_all_are_alike_the_rows_say_nothing(tenant, page):
    make(tenant, "live", "live")

    assert "Messages go to real phones." not in page().content.decode()


def test_a_paused_live_destination_is_live_all_the_same(tenant, page):
    make_destination(tenant, is_simulated=False, status="paused")
    make(tenant, "simulated")

    assert not page().context["nav"]["is_simulated"]
