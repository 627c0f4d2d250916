"""Pages of rules, and of what they did."""

import pytest
from django.test import Client
from django.urls import reverse

from leadrails.alerts.models import Channel
from leadrails.contacts.models import InboundMessage
from leadrails.core import ids
from leadrails.leads.models import Lead
from leadrails.rules.models import Pending, Rule, Run
from leadrails.rules.running import run_waiting
from leadrails.tenants.models import AuditEntry, Role
from tests.make import make_destination, make_tenant, make_user

pytestmark = pytest.mark.django_db
RICH = {
    "cards": [
        {
            "title": "Hi {{ first_name }}",
            "suggestions": [
                {"kind": "reply", "label": "Yes, please", "postback": "yes_1"},
                {"kind": "reply", "label": "Book", "postback": "book:{{ lead_id }}"},
            ],
        }
    ],
    "suggestions": [{"kind": "reply", "label": "Call me"}],
}


@pytest.fixture
def person(job):
    client = Client()
    client.force_login(make_user(job.tenant, Role.OPERATOR))
    return client


@pytest.fixture
def url(job):
    def url(name, **kwargs):
        return reverse(name, kwargs={"tenant": job.tenant.slug, **kwargs})

    return url


def text(answer):
    return " ".join(answer.content.decode().split())


def form(**fields):
    return {"once": ids.uuid7(), "words": "Yes\n yes  please ", "tag": "warm", **fields}


def test_a_rule_is_made_once_however_often_the_form_is_sent(person, url):
    data = form()
    for _ in range(2):
        answer = person.post(url("rules:new"), data, follow=True)
        assert answer.status_code == 200

    rule = Rule.objects.get()
    assert (rule.name, rule.words, rule.tag) == ("Yes", ["Yes", "yes please"], "warm")
    assert AuditEntry.objects.filter(action="rule.created").count() == 1
    page = text(person.get(url("rules:list")))
    assert "“Yes” or “yes please”" in page
    assert "Tag the lead “warm”" in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"words": " "}, "Say what the rule waits for"),
        ({"tag": ""}, "Say what the rule does"),
        ({"tag": "x" * 41}, "at most 40 characters"),
        ({"words": "x" * 101}, "at most 100 characters"),
        ({"words": "\n".join(map(str, range(21)))}, "At most 20 answers"),
        ({"suppresses": "on", "send_by": "own"}, "no further message can go"),
        ({"send_by": "own", "send_text": "Hi {{ first_name"}, "line 1"),
        ({"send_by": "theirs"}, "Select a valid choice"),
        ({"channel": "theirs"}, "Select a valid choice"),
    ],
)
def test_a_rule_that_could_not_work_is_refused(person, url, job, fields, sentence):
    other = make_destination(make_tenant())
    channel = Channel.objects.create(tenant=other.tenant, kind="webhook", name="x")
    own = {"own": job.destination.public_id, "theirs": other.public_id}
    if "channel" in fields:
        own["theirs"] = channel.public_id
    data = form(**{name: own.get(value, value) for name, value in fields.items()})
    answer = person.post(url("rules:new"), data)

    assert answer.status_code == 422
    assert sentence in text(answer).replace("Line", "line")
    assert not Rule.objects.exists()


def test_a_rule_is_changed_paused_and_deleted(person, url, make_rule, job):
    rule = make_rule(tag="warm")
    place = url("rules:edit", rule=rule.public_id)
    assert "warm" in text(person.get(place))
    person.post(place, {"words": "Ja", "tag": "hot", "name": "Ja"})
    for act in ("pause", "pause", "delete"):
        page = url(f"rules:{act}", rule=rule.public_id)
        assert person.get(page).status_code == 200
        person.post(page)

    rule.refresh_from_db()
    assert (rule.words, rule.tag, rule.status) == (["Ja"], "hot", "deleted")
    done = AuditEntry.objects.filter(subject=rule.public_id).order_by("pk")
    assert list(done.values_list("action", flat=True)) == [
        f"rule.{did}" for did in ("created", "changed", "paused", "resumed", "deleted")
    ]
    assert person.get(place).status_code == 404


def test_the_suggestions_of_the_workspaces_messages_can_be_chosen(person, url, job):
    make_destination(job.tenant, name="Card", rich=RICH)
    make_destination(
        name="Theirs",
        rich=RICH | {"suggestions": [{"kind": "reply", "label": "Secret"}]},
    )
    page = text(person.get(url("rules:new")))

    assert '<option value="yes_1">Yes, please · Card</option>' in page
    assert "?postback=book%3A&amp;words=Book&amp;is_prefix=on" in page
    assert "?postback=Call+me&amp;words=Call+me" in page
    assert "Secret" not in page
    begun = text(person.get(url("rules:new"), {"postback": "book:", "is_prefix": "on"}))
    assert 'value="book:"' in begun


def test_a_dry_run_says_what_would_be_heard_and_does_nothing(
    person, url, answer, make_rule, job
):
    paused = make_rule(tag="cold", words=["No"])
    answer("Yes", "yes_1")
    answer("Perhaps")
    for data in (form(words="", postback="yes_1"), form(words="yes")):
        page = text(person.post(url("rules:new"), data | {"dry_run": "1"}))
        assert "would have heard 1 of the last 2 answers" in page
    changed = {"words": "Perhaps", "tag": "x", "dry_run": "1"}
    page = text(person.post(url("rules:edit", rule=paused.public_id), changed))
    assert "would have heard 1 of the last 2 answers" in page

    run_waiting()
    assert not Run.objects.exists()
    assert Rule.objects.get().words == ["No"]


def test_what_a_rule_did_stands_on_every_page_of_the_answer(
    person, url, job, make_rule, make_channel, answer
):
    rule = make_rule(tag="warm", send_by=job.destination, channel=make_channel())
    answer("Yes", "yes_1")
    run_waiting()
    message, run = InboundMessage.objects.get(), Run.objects.get()
    child = url("jobs:detail", job=ids.encode("job", run.job_id))
    for page in (
        url("conversations:detail", message=message.public_id),
        url("leads:detail", lead=ids.encode("evt", job.lead_id)),
        url("jobs:detail", job=job.public_id),
        url("rules:detail", rule=rule.public_id),
    ):
        shown = text(person.get(page))
        assert "Tag the lead “warm”" in shown, page
        assert child in shown, page
        assert "Waiting." in shown, page

    told = text(person.get(url("jobs:detail", job=job.public_id)))
    assert "Tapped “Yes”" in told
    assert "Rule “Interested”" in told
    assert not Pending.objects.exists()


def test_tags_are_shown_filtered_and_changed_by_hand(person, url, job):
    place = url("leads:tags", lead=ids.encode("evt", job.lead_id))
    for tag in ("warm", " wants,  a visit ", "warm"):
        assert person.post(place, {"add": tag}).status_code == 302
    lead = Lead.objects.get(pk=job.lead_id)
    assert lead.tags == ["warm", "wants a visit"]

    found = text(person.get(url("leads:list"), {"tag": "wants a visit"}))
    assert lead.name in found
    assert 'href="?tag=wants%20a%20visit"' in found
    assert lead.name not in text(person.get(url("leads:list"), {"tag": "cold"}))
    for tag in ("warm", "no\0ne"):
        assert person.post(place, {"remove": tag}).status_code == 302
    lead.refresh_from_db()
    assert lead.tags == ["wants a visit"]
    for tag in ("", "x" * 41):
        assert "tag" in text(person.post(place, {"add": tag}, follow=True)).lower()
    for number in range(25):
        person.post(place, {"add": str(number)})
    lead.refresh_from_db()
    assert len(lead.tags) == 20
    exported = url("leads:export", lead=lead.public_id)
    assert person.get(exported).json()["tags"] == lead.tags
    done = AuditEntry.objects.filter(action__startswith="lead.").exclude(
        action="lead.exported"
    )
    assert done.filter(action="lead.tagged").count() == 21
    assert done.filter(action="lead.untagged").count() == 1
