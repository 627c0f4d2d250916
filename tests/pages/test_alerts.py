import pytest
from django.utils import timezone

from destinations.services import revoke_destination
from leadrails.alerts import channels
from leadrails.alerts.channels import create_channel
from leadrails.alerts.models import Alert
from leadrails.alerts.words import WORDS
from leadrails.core import ids
from leadrails.rules.services import create_rule
from leadrails.rules.services import delete as delete_rule
from leadrails.tenants.models import AuditEntry, Role
from tests.make import make_job, make_lead


@pytest.fixture
def make(world):
    def make(kind="dead_letters", **fields):
        now = timezone.now()
        fields = {"scope": f"destination:{world.destination.public_id}", **fields}
        fields = {"destination_id": world.destination.id, **fields}
        return Alert.objects.create(
            tenant=world.tenant, kind=kind, opened_at=now, last_at=now, **fields
        )

    return make


OF_A_WORKSPACE = {"messages_to_judge"}


@pytest.mark.parametrize("kind", [*WORDS, "never_heard_of"])
def test_every_kind_has_a_card(kind, world, make, enter, url):
    make(kind, cause="20003", failures=42)
    (card,) = enter(world.tenant).get(url("alerts:list")).context["cards"]
    assert ("Sales SMS" in card["title"]) is (kind not in OF_A_WORKSPACE)
    assert "%(" not in card["title"]
    assert card["next_step"]
    assert "(20003)" in card["sentence"]


def test_a_slug_as_cause_is_told_in_plain_words(world, make, enter, url):
    make(cause="attempts_exhausted")
    text = enter(world.tenant).get(url("alerts:list")).content.decode()
    assert "Every attempt failed" in text


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("ceiling_reached", "7 messages waited"),
        ("recipient_ceiling", "7 messages waited"),
        ("dead_letters", "7 failures"),
    ],
)
def test_what_waits_is_not_called_a_failure(kind, words, world, make, enter, url):
    make(kind, cause="attempts_exhausted", failures=7)
    assert words in enter(world.tenant).get(url("alerts:list")).content.decode()


def test_a_country_is_named(world, make, enter, url):
    scope = f"destination:{world.destination.public_id}:GB"
    make("country_not_enabled", scope=scope, cause="country_not_enabled")
    text = enter(world.tenant).get(url("alerts:list")).content.decode()
    assert "may not send to United Kingdom" in text


def test_a_card_leads_to_an_example(world, make, enter, url):
    job = make_job(make_lead(world.source), world.destination)
    make(job_id=job.id)
    text = enter(world.tenant).get(url("alerts:list")).content.decode()
    assert url("jobs:detail", job=job.public_id) in text


def test_buttons_are_for_operators(world, make, enter, url):
    alert = make()
    resolve = url("alerts:resolve", alert=alert.public_id)
    page = url("alerts:list")
    assert resolve in enter(world.tenant, Role.OPERATOR).get(page).content.decode()
    assert resolve not in enter(world.tenant, Role.VIEWER).get(page).content.decode()


def test_acknowledging_says_who_is_on_it_once(world, make, enter, url):
    alert = make()
    client = enter(world.tenant, Role.OPERATOR)
    page = url("alerts:acknowledge", alert=alert.public_id)
    client.post(page)
    again = client.post(page, follow=True)
    alert.refresh_from_db()
    assert alert.acknowledged_at
    assert f"Acknowledged by {alert.acknowledged_by}" in again.content.decode()
    assert AuditEntry.objects.filter(action="alert.acknowledged").count() == 1


def test_a_resolved_alert_moves_to_the_second_tab(world, make, enter, url):
    alert = make()
    client, page = enter(world.tenant, Role.OPERATOR), url("alerts:list")
    client.post(url("alerts:resolve", alert=alert.public_id))
    client.post(url("alerts:resolve", alert=alert.public_id))
    assert client.get(page).context["cards"] == []
    (card,) = client.get(page, {"tab": "resolved"}).context["cards"]
    assert card["status"].startswith("Resolved by")
    assert AuditEntry.objects.filter(action="alert.resolved").count() == 1


def test_acts_refuse_a_get(world, make, enter, url):
    alert = make()
    client = enter(world.tenant)
    assert client.get(url("alerts:resolve", alert=alert.public_id)).status_code == 405


def test_filtered_messages_are_not_said_to_wait(world, make, enter, url):
    make("destination_config_failed", cause="carrier_filtered")
    text = enter(world.tenant).get(url("alerts:list")).content.decode()
    assert "Carriers drop what Sales SMS sends" in text
    assert "Jobs wait" not in text


def test_a_restored_backup_leads_to_what_waits(world, make, enter, url):
    make("restored_backup", scope="workspace", destination_id=None, failures=3)
    (card,) = enter(world.tenant).get(url("alerts:list")).context["cards"]
    assert "messages of this workspace wait" in card["title"]
    waiting = url("jobs:list") + "?state=held&reason=restored_backup"
    assert waiting in [act["url"] for act in card["acts"]]


def test_a_snoozed_alert_stays_and_is_not_counted(world, make, enter, url):
    alert = make()
    client, page = enter(world.tenant, Role.OPERATOR), url("alerts:list")
    assert client.get(page).context["nav"]["open_alerts"] == 1
    client.post(url("alerts:snooze", alert=alert.public_id))
    answer = client.get(page)
    assert answer.context["nav"]["open_alerts"] == 0
    (card,) = answer.context["cards"]
    assert card["status"].startswith("Snoozed until")
    assert AuditEntry.objects.filter(action="alert.snoozed").count() == 1

    Alert.objects.update(snoozed_until=timezone.now())
    answer = client.get(page)
    assert answer.context["nav"]["open_alerts"] == 1
    assert answer.context["cards"][0]["status"] == "Open"


def test_a_card_leads_to_the_jobs_it_concerns(world, make, enter, url):
    make("failure_rate", cause="30003", details={"failed": 12, "of": 40})
    (card,) = enter(world.tenant).get(url("alerts:list")).context["cards"]
    assert card["sentence"].startswith(
        "Failed within the last hour: 12 of the latest 40."
    )
    (act,) = [act for act in card["acts"] if act["label"] == "Jobs it concerns"]
    place = world.destination.public_id
    assert act["url"].endswith(f"?state=dead&state=undelivered&destination={place}")


def test_a_card_says_what_closes_it_and_how_often_it_opened(world, make, enter, url):
    make("circuit_open", cause="no_answer", times_opened=3)
    text = enter(world.tenant).get(url("alerts:list")).content.decode()
    assert "It closes by itself when one call is answered." in text
    assert "opened 3 times" in text
    assert "no_answer" not in text


@pytest.mark.parametrize(
    ("scope", "title"),
    [
        ("provider:twilio_sms", "SMS — Twilio does not answer"),
        ("provider:twilio_sms:simulated", "The simulator does not answer"),
    ],
)
def test_an_outage_names_the_provider(scope, title, world, make, enter, url):
    make("provider_outage", scope=scope, destination_id=None)
    (card,) = enter(world.tenant).get(url("alerts:list")).context["cards"]
    assert card["title"].startswith(title)


def test_a_source_is_named_and_linked(world, make, enter, url):
    scope = f"source:{world.source.public_id}"
    place = {"destination_id": None, "source_id": world.source.id, "scope": scope}
    make("source_silent", details={"hours": 30}, **place)
    (card,) = enter(world.tenant).get(url("alerts:list")).context["cards"]
    assert card["title"] == "No lead comes from Acme form"
    assert card["sentence"].startswith("Hours without a lead: 30.")
    assert card["where_url"] == url("sources:detail", source=world.source.public_id)


def test_what_a_rule_or_a_webhook_asks_for_leads_to_it(world, make, enter, url):
    rule = create_rule(
        world.tenant, once=ids.uuid7(), name="Yes", words=["Yes"], tag="x", actor=None
    )
    channel, _key = create_channel(
        world.tenant,
        once=ids.uuid7(),
        kind="webhook",
        name="CRM",
        url="https://hooks.invalid/hook",
        actor=None,
    )
    place = url("follow_ups:list", destination=world.destination.public_id)
    make("follow_up")
    nowhere = {"destination_id": None}
    alert = make("reply_rule_failed", scope=f"rule:{rule.public_id}", **nowhere)
    make("reply_webhook_failed", scope=f"channel:{channel.public_id}", **nowhere)
    client = enter(world.tenant)

    def firsts():
        cards = client.get(url("alerts:list")).context["cards"]
        return [(card["acts"][0]["label"], card["acts"][0]["url"]) for card in cards]

    assert firsts() == [
        ("Open webhook", url("channels:detail", channel=channel.public_id)),
        ("Open rule", url("rules:detail", rule=rule.public_id)),
        ("Open follow-ups", place),
    ]
    for _label, page in firsts():
        assert client.get(page).status_code == 200
    # What is gone is linked to no more, and nothing can fail there.
    channels.remove(channel, actor=None)
    delete_rule(rule, actor=None)
    revoke_destination(world.destination, actor=None)
    assert [label for label, _page in firsts()] == ["Acknowledge"]
    old = client.get(url("alerts:detail", alert=alert.public_id)).content.decode()
    assert rule.public_id not in old


def test_the_page_of_an_alert_tells_who_did_what(world, make, enter, url):
    alert = make(cause="attempts_exhausted")
    client, page = enter(world.tenant), url("alerts:detail", alert=alert.public_id)
    said = "I asked the carrier.\n<b>They</b> look into it."
    client.post(url("alerts:comment", alert=alert.public_id), {"text": said})
    for act in ("acknowledge", "snooze", "resolve"):
        client.post(url(f"alerts:{act}", alert=alert.public_id), {"next": "detail"})
    Alert.objects.filter(pk=alert.pk).update(resolved_at=None, resolved_by=None)
    Alert.objects.filter(pk=alert.pk).update(failures=9)
    Alert.objects.filter(pk=alert.pk).update(resolved_at=timezone.now())

    answer = client.get(page)

    person = answer.wsgi_request.user
    steps = [step["title"] for step in reversed(answer.context["steps"])]
    assert steps == [
        "Opened",
        f"Comment by {person}",
        f"Acknowledged by {person}",
        f"Snoozed for a day by {person}",
        f"Resolved by {person}",
        "Opened again",
        "Cured by itself",
    ]
    assert "&lt;b&gt;They&lt;/b&gt; look" in answer.content.decode()


def test_an_empty_comment_is_refused_beside_its_field(world, make, enter, url):
    page = url("alerts:comment", alert=make().public_id)
    answer = enter(world.tenant, Role.OPERATOR).post(page, {"text": "  "})
    assert answer.status_code == 422
    assert "text" in answer.context["form"].errors


def test_what_an_alert_affected_can_be_replayed_after_a_look(world, make, enter, url):
    job = make_job(
        make_lead(world.source), world.destination, state="dead", reason="expired"
    )
    make(job_id=job.id)
    client = enter(world.tenant, Role.OPERATOR)
    (card,) = client.get(url("alerts:list")).context["cards"]
    (act,) = [act for act in card["acts"] if act["label"].startswith("Replay")]
    assert client.get(act["url"]).context["preview"].count == 1
    (card,) = enter(world.tenant, Role.VIEWER).get(url("alerts:list")).context["cards"]
    assert not [act for act in card["acts"] if act["label"].startswith("Replay")]
