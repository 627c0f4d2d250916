"""Pages of alert channels, with a receiver on a socket."""

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leadrails.alerts import outbox
from leadrails.alerts.channels import open_secret
from leadrails.alerts.models import Channel, Delivery
from leadrails.alerts.services import open_alert
from leadrails.core import ids
from leadrails.tenants.models import AuditEntry, Membership, Role
from tests.make import make_destination
from tests.simulator.receiver import Receiver

FIELDS = {"name": "CRM", "least": "warning", "tells_end": "on", "time_zone": "UTC"}


@pytest.fixture
def receiver(settings):
    server = Receiver()
    settings.LEADRAILS_WEBHOOK_HOSTS = [f"127.0.0.1:{server.server_address[1]}"]
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def admin(tenant, enter):
    return enter(tenant, Role.ADMIN)


@pytest.fixture
def post(admin, url):
    """Send the form of a kind; a second time is the same form again."""
    once = str(ids.uuid7())

    def post(kind, **fields):
        page = url("channels:create", kind=kind)
        return admin.post(page, {**FIELDS, "once": once, **fields}, follow=True)

    return post


def test_a_webhook_is_made_tested_and_heard_of(post, admin, url, receiver):
    address = f"{receiver.url}/hook/s3cret-path"
    answer = post("webhook", url=address)
    (key,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]{44}", answer.content.decode()))
    post("webhook", url=address)
    channel = Channel.objects.get()
    assert open_secret(channel) == {"url": address, "key": key}

    page = url("channels:detail", channel=channel.public_id)
    test = url("channels:test", channel=channel.public_id)
    shown = admin.post(test, headers={"HX-Request": "true"}).content.decode()
    assert "Sent: look whether it arrived" in shown
    receiver.answers = [500]
    whole = admin.post(test).content.decode()
    assert "Not sent." in whole
    assert "500" in whole
    assert [json.loads(got.body)["type"] for got in receiver.received] == [
        "alerts.test"
    ] * 2

    for text in (shown, whole, admin.get(page).content.decode()):
        assert key not in text
        assert "s3cret-path" not in text
    for entry in AuditEntry.objects.all():
        assert "s3cret" not in json.dumps(entry.details) + entry.subject_name
    assert bytes(channel.secret).find(b"s3cret") == -1


def test_an_address_stays_unless_another_is_given(post, admin, url, receiver):
    post("slack", url=f"{receiver.url}/one")
    channel = Channel.objects.get()
    edit = url("channels:edit", channel=channel.public_id)
    assert "/one" not in admin.get(edit).content.decode()
    admin.post(edit, {**FIELDS, "name": "Sales", "kinds": ["queue_age"]})
    channel.refresh_from_db()
    assert (channel.name, channel.kinds) == ("Sales", ["queue_age"])
    assert open_secret(channel)["url"].endswith("/one")
    admin.post(edit, {**FIELDS, "url": f"{receiver.url}/two"})
    channel.refresh_from_db()
    assert open_secret(channel)["url"].endswith("/two")


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("webhook", {"url": "http://example.com/"}, "url"),
        ("slack", {"url": "https://10.0.0.1/hook"}, "url"),
        ("email", {"address": "nobody"}, "address"),
        ("sms", {"address": "12"}, "address"),
        ("email", {"address": "a@b.example", "quiet_from": "22:00"}, "quiet_to"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(kind, fields, field, post, world):
    answer = post(kind, **fields)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Channel.objects.exists()


def test_a_new_key_replaces_the_old_one(post, admin, url, receiver):
    post("webhook", url=receiver.url)
    channel = Channel.objects.get()
    old = open_secret(channel)
    page = url("channels:key", channel=channel.public_id)
    answer = admin.post(page).content.decode()
    channel.refresh_from_db()
    new = open_secret(channel)
    assert new["key"] in answer
    assert new["url"] == old["url"]
    assert new["key"] != old["key"]


def test_a_channel_is_paused_resumed_and_removed(post, admin, url):
    post("email", address="ops@acme.example")
    channel = Channel.objects.get()
    pause = url("channels:pause", channel=channel.public_id)
    for status in ("paused", "active"):
        admin.post(pause)
        channel.refresh_from_db()
        assert channel.status == status
    admin.post(url("channels:remove", channel=channel.public_id))
    detail = url("channels:detail", channel=channel.public_id)
    assert admin.get(detail).status_code == 404
    assert "ops@acme.example" not in admin.get(url("channels:list")).content.decode()


def test_a_member_chooses_what_reaches_her(tenant, enter, url, mailoutbox):
    owner, viewer = enter(tenant), enter(tenant, Role.VIEWER)
    Membership.objects.update(created_at=timezone.now() - timedelta(hours=1))
    page = url("channels:mine")
    assert page in owner.get(reverse("tenants:profile")).content.decode()
    assert owner.get(page).context["form"]["mail"].value() == "severe"
    assert viewer.get(page).context["form"]["mail"].value() == ""

    owner.post(page, {"mail": "", "time_zone": "UTC"})
    viewer.post(page, {"mail": "notice", "time_zone": "UTC"})
    Channel.objects.update(created_at=timezone.now() - timedelta(hours=1))
    open_alert(tenant_id=tenant.pk, kind="dead_letters", scope="workspace")
    outbox.run()

    (mail,) = mailoutbox
    person = viewer.get(page).wsgi_request.user
    assert mail.to == [person.email]
    (line,) = viewer.get(page).context["log"]
    assert line.delivery.state == "sent"
    own = Channel.objects.get(user=person)
    foreign = url("channels:detail", channel=own.public_id)
    assert owner.get(foreign).status_code == 404


def test_sms_is_for_those_with_a_phone_and_the_right_to_send(tenant, enter, url):
    destination = make_destination(tenant)
    operator = enter(tenant, Role.OPERATOR)
    page = url("channels:mine")
    assert "sms" not in operator.get(page).context["form"].fields
    person = operator.get(page).wsgi_request.user
    person.phone, person.phone_confirmed_at = "+12025550147", timezone.now()
    person.save(update_fields=["phone", "phone_confirmed_at"])
    chosen = {"mail": "", "sms": "severe", "time_zone": "UTC"}
    assert operator.post(page, chosen).status_code == 422
    operator.post(page, {**chosen, "destination": destination.public_id})
    channel = Channel.objects.get(user=person, kind="sms")
    assert (channel.destination_id, channel.status) == (destination.pk, "active")
    Membership.objects.filter(user=person).update(role=Role.VIEWER)
    assert "sms" not in operator.get(page).context["form"].fields


def test_what_does_not_get_through_is_told_on_the_page_of_alerts(
    tenant, post, admin, url, receiver
):
    post("slack", url=receiver.url, name="Chat")
    Channel.objects.update(created_at=timezone.now() - timedelta(hours=1))
    receiver.answers = [404]
    open_alert(tenant_id=tenant.pk, kind="dead_letters", scope="workspace")
    outbox.run()
    text = admin.get(url("alerts:list")).content.decode()
    assert "Alerts do not get through to Chat" in text
    alert = Delivery.objects.get(channel__kind="slack").alert
    page = admin.get(url("alerts:detail", alert=alert.public_id)).content.decode()
    assert "Given up" in page


def test_kinds_to_choose_from_are_told_apart(post):
    form = post("email", address="").context["form"]
    titles = [title for _kind, title in form.fields["kinds"].choices]
    assert len(set(titles)) == len(titles)
    assert "A source reached its ceiling of messages" in titles
