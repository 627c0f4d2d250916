"""Pages of suppressions and of what people wrote."""

from datetime import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from destinations.models import Destination
from leadrails.alerts.models import Alert
from leadrails.contacts.models import InboundMedia, InboundMessage, Suppression
from leadrails.core import ids
from leadrails.jobs.models import Job
from leadrails.tenants.models import AuditEntry, Role, Tenant
from tests.make import make_destination, make_message, make_user
from tests.webhooks.twilio import inbound, make_sent_job, post_message
from webhooks import watch

pytestmark = pytest.mark.django_db


@pytest.fixture
def job():
    return make_sent_job()


@pytest.fixture
def client(job):
    client = Client()
    client.force_login(make_user(job.tenant, Role.ADMIN))
    return client


@pytest.fixture
def url(job):
    def url(name, **kwargs):
        return reverse(name, kwargs={"tenant": job.tenant.slug, **kwargs})

    return url


def suppress(job, **fields):
    fields = {"phone": "+12025550100", "reason": "opted_out", **fields}
    return Suppression.objects.create(tenant_id=job.tenant_id, **fields)


def text(answer):
    return " ".join(answer.content.decode().split())


# Suppressions -------------------------------------------------------------------


def test_the_list_says_who_and_why_and_from_which_message(client, job, url):
    post_message(Client(), job.destination, inbound("STOP"))
    page = text(client.get(url("suppressions:list")))

    message = InboundMessage.objects.get()
    assert "+12025550100" in page
    assert "Replied STOP" in page
    assert url("conversations:detail", message=message.public_id) in page


def test_the_list_is_narrowed_by_number_and_reason(client, job, url):
    suppress(job)
    suppress(job, phone="+12025550101", reason="manual", note="asked by mail")
    found = text(client.get(url("suppressions:list"), {"q": "202-555-0101"}))
    assert "asked by mail" in found
    assert "+12025550100" not in found
    by_reason = text(client.get(url("suppressions:list"), {"reason": "opted_out"}))
    assert "+12025550100" in by_reason
    assert "+12025550101" not in by_reason


def test_a_number_is_added_as_people_write_it(client, job, url):
    data = {"phone": "(202) 555-0177", "note": "called us"}
    for _ in range(2):
        answer = client.post(url("suppressions:new"), data, follow=True)
        assert answer.status_code == 200

    row = Suppression.objects.get()
    assert (row.phone, row.reason, row.note) == ("+12025550177", "manual", "called us")
    assert AuditEntry.objects.filter(action="suppression.added").count() == 1


def test_what_is_no_number_is_refused(client, url):
    answer = client.post(url("suppressions:new"), {"phone": "Ann"})

    assert answer.status_code == 422
    assert not Suppression.objects.exists()


def test_a_suppression_is_removed_only_with_a_reason(client, job, url):
    row = suppress(job)
    address = url("suppressions:remove", suppression=row.public_id)
    assert client.post(address, {"because": " "}).status_code == 422
    row.refresh_from_db()
    assert row.lifted_at is None

    client.post(address, {"because": "They wrote to us on 3 May"})

    row.refresh_from_db()
    assert row.lifted_because == "They wrote to us on 3 May"
    assert AuditEntry.objects.get(action="suppression.removed")
    assert client.get(address).status_code == 404
    assert "3 May" in text(client.get(url("suppressions:list"), {"lifted": ""}))


@pytest.mark.parametrize(
    "encoded",
    [
        "phone,note\n+12025550177,Zoë\n".encode(),
        "phone,note\n+12025550177,Zoë\n".encode("utf-8-sig"),
        "phone,note\n+12025550177,Zoë\n".encode("utf-16"),
        "phone,note\n+12025550177,Zoë\n".encode("cp1252"),
    ],
    ids=["utf-8", "with a mark", "utf-16", "western"],
)
def test_a_file_is_imported_whatever_program_wrote_it(client, url, encoded):
    file = SimpleUploadedFile("list.csv", encoded)
    page = text(client.post(url("suppressions:import"), {"file": file}))

    assert "1 number was added." in page
    assert Suppression.objects.get().note == "Zoë"


def test_nothing_to_import_is_refused(client, url):
    assert client.post(url("suppressions:import"), {"text": " "}).status_code == 422


def test_the_list_is_given_out_as_a_file(client, job, url):
    suppress(job)
    answer = client.get(url("suppressions:export"))

    assert answer["Content-Type"].startswith("text/csv")
    assert "attachment" in answer["Content-Disposition"]
    assert b"+12025550100,opted_out" in b"".join(answer.streaming_content)
    assert AuditEntry.objects.filter(action="suppressions.exported").exists()


# What people wrote --------------------------------------------------------------


def test_replies_stand_on_the_pages_of_lead_and_job(client, job, url):
    make_message(job, "Call me <b>now</b>")
    for page in (
        url("leads:detail", lead=job.lead.public_id),
        url("jobs:detail", job=job.public_id),
        url("conversations:list"),
    ):
        assert "Call me &lt;b&gt;now&lt;/b&gt;" in text(client.get(page)), page


def test_a_message_shows_what_it_is_and_whom_it_answers(client, job, url):
    Job.objects.filter(pk=job.pk).update(message={"body": "Hi Ann"})
    message = make_message(
        job,
        "",
        kind="location",
        content={
            "location": {"latitude": 38.2, "longitude": -85.7, "label": "Home"},
        },
        raw={"Latitude": "38.2"},
        error_code="11200",
    )
    page = text(client.get(url("conversations:detail", message=message.public_id)))

    assert "Hi Ann" in page
    assert "Home" in page
    assert "mlat=38.2&amp;mlon=-85.7" in page
    assert "11200" in page


def test_a_person_judges_what_no_word_says(client, job, url):
    post_message(Client(), job.destination, inbound("please stop texting me"))
    message = InboundMessage.objects.get()
    address = url("conversations:review", message=message.public_id)
    review = url("conversations:list") + "?review"
    assert "please stop texting me" in text(client.get(review))

    client.post(address, {"stops": "yes"})

    assert Suppression.objects.get().source == message.public_id
    assert "please stop texting me" not in text(client.get(review))
    assert AuditEntry.objects.get(action="message.reviewed").details == {"stops": True}


def test_an_alert_asks_to_read_what_may_mean_stop(client, job, url):
    message = make_message(job, "not interested", wants_review=True)
    watch.check_judged()
    page = text(client.get(url("alerts:list")))
    assert "People may have asked for no more messages" in page
    assert url("conversations:list") + "?review" in page

    address = url("conversations:review", message=message.public_id)
    client.post(address, {"stops": "no"})
    watch.check_judged()

    assert not Alert.objects.for_tenant(job.tenant).open().exists()


def test_who_is_judged_to_go_on_is_not_suppressed(client, job, url):
    message = make_message(job, "not interested today", wants_review=True)
    client.post(url("conversations:review", message=message.public_id), {"stops": "no"})

    message.refresh_from_db()
    assert message.reviewed_at
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("content_type", "shown_as", "disposition"),
    [
        ("image/png", "image/png", "inline"),
        ("video/mp4", "video/mp4", "attachment"),
        ("text/html", "application/octet-stream", "attachment"),
        ("application/pdf", "application/octet-stream", "attachment"),
    ],
)
def test_files_cannot_run_in_our_pages(
    client, job, url, content_type, shown_as, disposition
):
    file = InboundMedia.objects.create(
        tenant_id=job.tenant_id,
        message=make_message(job),
        position=0,
        state="kept",
        content_type=content_type,
        data=b"bytes",
    )
    answer = client.get(url("conversations:file", media=file.public_id))

    assert (answer.content, answer["Content-Type"]) == (b"bytes", shown_as)
    assert answer["Content-Disposition"].startswith(disposition)
    assert "sandbox" in answer["Content-Security-Policy"]


def test_a_file_that_is_not_kept_is_not_found(client, job, url):
    file = InboundMedia.objects.create(
        tenant_id=job.tenant_id, message=make_message(job), position=0, state="link"
    )
    answer = client.get(url("conversations:file", media=file.public_id))
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("address", "is_link"),
    [("https://h.example/a.pdf", True), ("javascript:alert(1)", False)],
)
def test_only_addresses_of_the_web_are_links(client, job, url, address, is_link):
    said = make_message(job, "", kind="media")
    InboundMedia.objects.create(
        tenant=job.tenant, message=said, position=0, state="link", url=address
    )
    page = text(client.get(url("conversations:detail", message=said.public_id)))
    assert address in page
    assert (f'href="{address}"' in page) == is_link


# The address at the provider ----------------------------------------------------


def test_a_person_is_answered_once_in_words_of_ones_own(client, job, url):
    message = make_message(job)
    page = url("conversations:detail", message=message.public_id)
    target = url("conversations:answer", message=message.public_id)
    once = client.get(page).context["form"]["once"].value()
    looked = text(client.post(target, {"body": "Half past 5? 👍", "look": "1"}))
    assert "UCS-2" in looked
    assert Job.objects.filter(parent_id=job.id).count() == 0
    empty = client.post(target, {"once": once, "body": " "})
    assert (empty.status_code, "Write what is to be sent." in text(empty)) == (
        422,
        True,
    )

    for _click in range(2):
        answer = client.post(target, {"once": once, "body": "At half past 5."})
        assert answer["Location"] == page

    sent = Job.objects.get(parent_id=job.id)
    assert (sent.cause, sent.recipient) == ("reply", job.recipient)
    assert sent.message["body"] == "At half past 5."
    assert AuditEntry.objects.filter(action="message.answered").count() == 1
    suppress(job)
    assert "Nothing may be sent to this person any more" in text(client.get(page))
    refused = client.post(target, {"once": str(ids.uuid7()), "body": "Hello?"})
    assert refused.status_code == 422
    assert Job.objects.filter(parent_id=job.id).count() == 1


def test_an_answer_says_what_it_waits_for_and_why_there_is_none(client, job, url):
    page = url("conversations:detail", message=make_message(job).public_id)
    Tenant.objects.update(quiet_from=time(0, 0), quiet_to=time(23, 59, 59))
    Destination.objects.update(purpose="marketing", status="paused")
    shown = text(client.get(page))
    assert "It is quiet now where this person is" in shown
    assert "is paused: your answer waits" in shown
    Destination.objects.update(status="revoked")
    assert "The destination that it came to is deleted" in text(client.get(page))
    unasked = make_message(job, job_id=None)
    page = url("conversations:detail", message=unasked.public_id)
    assert "knows no message of yours" in text(client.get(page))
    viewer = Client()
    viewer.force_login(make_user(job.tenant, Role.VIEWER))
    assert "Your answer" not in text(viewer.get(page))


def test_the_address_stands_on_the_destinations_page(client, job, url):
    place = job.destination
    address = url("destinations:advanced", destination=place.public_id)
    assert f"/webhooks/messages/{place.inbound_secret}/incoming" in text(
        client.get(address)
    )
    viewer = Client()
    viewer.force_login(make_user(job.tenant, Role.VIEWER))
    assert place.inbound_secret not in text(viewer.get(address))


def test_the_address_can_be_changed_and_the_old_one_holds_on(client, job, url):
    place = job.destination
    old = place.inbound_secret
    client.post(url("destinations:secret", destination=place.public_id))

    place.refresh_from_db()
    assert place.inbound_secret != old
    assert place.inbound_secret_previous == old
    assert AuditEntry.objects.get().action == "destination.inbound_secret_changed"


def test_without_a_public_address_the_page_says_so(client, job, url, settings):
    settings.LEADRAILS_PUBLIC_URL = ""
    place = make_destination(job.tenant)
    page = text(client.get(url("destinations:advanced", destination=place.public_id)))
    assert "replies cannot get here" in page


def test_a_conversation_shows_what_was_offered_tapped_and_read(client, job, url):
    reply = {"kind": "reply", "label": "Book", "postback": "book:17"}
    card = {"title": "A visit?", "description": "On Friday", "suggestions": [reply]}
    rich = {
        "cards": [card],
        "suggestions": [{"kind": "reply", "label": "Call me"}],
    }
    message = {"to": job.recipient, "body": "As a text", "channel": "rcs", "rich": rich}
    read = timezone.now()
    Job.objects.update(message=message, state="read", read_at=read)
    tap = {"ButtonText": "Book", "ButtonPayload": "book:17"}
    post_message(Client(), job.destination, inbound("Book", **tap))
    lead = url("leads:detail", lead=ids.encode("evt", job.lead_id))
    mine = InboundMessage.objects.get()

    for page in (lead, url("conversations:detail", message=mine.public_id)):
        shown = text(client.get(page))
        assert "A visit?" in shown
        assert shown.count("Tapped:") >= 2  # on our message, and as the answer
        assert '<span class="offered">Call me</span>' in shown
        assert "Read" in shown
        assert "As a text" not in shown

    Job.objects.update(channel="sms")  # the provider fell back
    shown = text(client.get(url("conversations:detail", message=mine.public_id)))
    assert "As a text" in shown
    assert "A visit?" not in shown


def test_a_thumbnail_shows_what_browsers_cannot(client, job, url):
    said = make_message(job, "", kind="media")
    fields = {"tenant": job.tenant, "message": said, "state": "kept", "data": b"x"}
    film, small = (
        InboundMedia.objects.create(position=place, content_type=kind, **fields, **more)
        for place, kind, more in (
            (0, "video/mp4", {"name": "film.mp4"}),
            (1, "image/jpeg", {"is_thumbnail": True}),
        )
    )
    shown = text(client.get(url("conversations:detail", message=said.public_id)))

    assert f'src="{url("conversations:file", media=small.public_id)}"' in shown
    assert shown.count(url("conversations:file", media=film.public_id)) >= 2
    assert "film.mp4" in shown
