"""Two workspaces with one sender: both are warned, neither learns of the other."""

from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from destinations import services
from destinations.models import Destination
from leadrails.tenants.models import Membership, Role, Tenant
from tests.make import make_tenant, make_user

pytestmark = pytest.mark.django_db

WARNING = "This sender is used by another workspace, too"
NUMBER = "+15558675309"
SERVICE = "MG" + "0c" * 16
PAGES = ["detail", "advanced", "troubleshooting"]


def create(tenant, *, digit="a", **config):
    config = {
        "account_sid": "AC" + f"0{digit}" * 16,
        "from_number": NUMBER,
        **config,
    }
    return services.create_destination(
        tenant,
        kind="twilio_sms",
        name=f"SMS of {tenant.name}",
        is_simulated=False,
        config=config,
        credentials={"auth_token": f"{digit}1b2c3d4e5f60718293a4b5c6d7e8f90"},
        body_template="Hi {{ first_name }}. Reply STOP to opt out.",
        actor=None,
    )


def page_of(destination, view="detail", role=Role.OWNER):
    client = Client()
    client.force_login(make_user(destination.tenant, role))
    kwargs = {
        "tenant": destination.tenant.slug,
        "destination": destination.public_id,
    }
    return unescape(
        client.get(reverse(f"destinations:{view}", kwargs=kwargs)).content.decode()
    )


@pytest.fixture
def ours():
    return make_tenant(name="Roofs of Austin", slug="roofs")


@pytest.fixture
def theirs():
    return make_tenant(name="Secret Rival", slug="rival-slug")


def traces(tenant: Tenant, destination: Destination):
    """All that could tell one tenant who the other is."""
    return [
        tenant.name,
        tenant.slug,
        tenant.public_id,
        str(tenant.pk),
        destination.public_id,
        str(destination.pk),
        destination.config["account_sid"],
        destination.inbound_secret,
        bytes(destination.fingerprint).hex(),
        *Membership.objects.for_tenant(tenant).values_list("user__email", flat=True),
    ]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("view", PAGES)
def test_both_are_warned_and_no_trace_of_the_other_is_shown(ours, theirs, view, role):
    one, other = create(ours, digit="a"), create(theirs, digit="b")
    make_user(theirs, Role.OWNER, email="boss@rival.example")

    for shown, hidden in ((one, other), (other, one)):
        page = page_of(shown, view, role)
        assert WARNING in page
        for trace in traces(hidden.tenant, hidden):
            assert trace not in page


def test_the_warning_says_nothing_of_how_many_there_are(ours, theirs):
    one = create(ours)
    create(theirs, digit="b")
    with_one = page_of(one)
    create(make_tenant(), digit="c")

    assert warning_in(with_one) == warning_in(page_of(one))


def warning_in(page):
    start = page.index(WARNING)
    return page[start : page.index("</div>", start)]


def test_a_shared_messaging_service_warns_too(ours, theirs):
    one = create(ours, messaging_service_sid=SERVICE)
    create(theirs, messaging_service_sid=SERVICE, from_number="+15558675308")

    assert WARNING in page_of(one)


def test_ones_own_second_destination_is_no_reason_to_warn(ours):
    create(ours)

    assert WARNING not in page_of(create(ours))


def test_the_warning_goes_when_the_other_stops_using_it(ours, theirs):
    one, other = create(ours), create(theirs, digit="b")
    services.revoke_destination(other, actor=None)

    assert WARNING not in page_of(one)


def test_the_warning_comes_when_the_other_changes_to_it(ours, theirs):
    one = create(ours)
    other = create(theirs, digit="b", from_number="+15558675308")
    assert WARNING not in page_of(one)

    services.update_destination(
        other, actor=None, config={**other.config, "from_number": NUMBER}
    )

    assert WARNING in page_of(one)
    assert WARNING in page_of(Destination.objects.get(pk=other.pk))


def test_a_shared_sender_refuses_nothing(ours, theirs):
    """A refusal would tell that the number is in use; the warning comes after."""
    create(theirs, digit="b")

    assert create(ours).status == "active"
