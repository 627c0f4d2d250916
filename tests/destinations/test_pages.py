"""Pages of destinations: made without typing, checked, paused, never leaking."""

from html import unescape

import pytest
from django.conf import settings as product
from django.test import Client
from django.urls import reverse

from destinations import credentials
from destinations.models import Destination
from destinations.providers import simulated
from leadrails.tenants.models import AuditEntry, Role
from tests.make import (
    make_destination,
    make_job,
    make_lead,
    make_route,
    make_source,
    make_tenant,
    make_user,
)

pytestmark = pytest.mark.django_db

LIVE_SID = "AC" + "0a" * 16
TOKEN = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
READS = ["list", "detail", "advanced", "troubleshooting"]


@pytest.fixture(autouse=True)
def simulator_url(settings, request):
    has_one = "simulator" in request.fixturenames
    url = request.getfixturevalue("simulator").url if has_one else "http://127.0.0.1:9"
    settings.LEADRAILS_SIMULATOR_URL = url


@pytest.fixture
def tenant():
    return make_tenant()


def enter(tenant, role=Role.OWNER):
    client = Client()
    client.force_login(make_user(tenant, role))
    return client


def address(tenant, view, destination=None, **kwargs):
    if destination:
        kwargs["destination"] = destination.public_id
    return reverse(f"destinations:{view}", kwargs={"tenant": tenant.slug, **kwargs})


def text(answer):
    return unescape(answer.content.decode())


def filled(answer, **changes):
    """What a browser posts of the form on a page, with some boxes filled anew."""
    form = answer.context["form"]
    data = {bound.name: bound.value() or "" for bound in form}
    data["allowed_countries"] = "United States, GB"
    return {name: str(value) for name, value in {**data, **changes}.items() if value}


def create(client, tenant, mode="simulated", **changes):
    url = address(tenant, "create", kind="twilio_sms", mode=mode)
    return client.post(url, filled(client.get(url), **changes))


def token_of(tenant):
    sid = simulated.account_sid(tenant.id)
    return simulated.auth_token(product.LEADRAILS_SIMULATOR_SECRET, sid)


# Making ----------------------------------------------------------------------


def test_an_empty_list_offers_the_first_step(tenant):
    page = text(enter(tenant).get(address(tenant, "list")))
    assert "No destination yet" in page
    assert address(tenant, "new") in page
    assert address(tenant, "new") not in text(
        enter(tenant, Role.VIEWER).get(address(tenant, "list"))
    )


def test_the_adapters_are_offered_simulated_and_live(tenant, settings):
    client = enter(tenant)
    page = text(client.get(address(tenant, "new")))
    for mode in ("simulated", "live"):
        assert address(tenant, "create", kind="twilio_sms", mode=mode) in page
    settings.LEADRAILS_SIMULATOR_URL = ""
    url = address(tenant, "create", kind="twilio_sms", mode="simulated")
    assert url not in text(client.get(address(tenant, "new")))
    assert client.get(url).status_code == 404


@pytest.mark.parametrize(("kind", "mode"), [("pigeon", "live"), ("twilio_sms", "both")])
def test_there_is_no_other_adapter(tenant, kind, mode):
    url = address(tenant, "create", kind=kind, mode=mode)
    assert enter(tenant).get(url).status_code == 404


def test_the_form_reads_as_the_guide_says(tenant):
    url = address(tenant, "create", kind="twilio_sms", mode="live")
    page = text(enter(tenant).get(url))
    labels = [
        "Adapter type",
        "SMS — Twilio",
        "Account SID",
        "Auth token",
        "From number",
        "Recipient template",
        "Message body template",
        "Messaging Service SID",
        "Create",
    ]
    places = [page.index(f">{label}<") for label in labels[:2]]
    places += [page.index(f">{label}", places[-1]) for label in labels[2:]]
    assert places == sorted(places)


def test_a_simulated_one_is_made_without_typing(tenant):
    answer = create(enter(tenant), tenant)
    made = Destination.objects.for_tenant(tenant).get()
    assert answer.status_code == 302
    assert answer.url == address(tenant, "detail", made)
    assert made.is_simulated
    assert made.config["account_sid"] == simulated.account_sid(tenant.id)
    assert credentials.open_credentials(made) == {"auth_token": token_of(tenant)}
    assert made.allowed_countries == ["GB", "US"]


def test_a_form_sent_twice_makes_one(tenant):
    client = enter(tenant)
    url = address(tenant, "create", kind="twilio_sms", mode="simulated")
    data = filled(client.get(url))
    assert client.post(url, data).url == client.post(url, data).url
    assert Destination.objects.for_tenant(tenant).count() == 1


def test_another_tenants_id_is_not_taken_over(tenant):
    foreign = make_destination()
    answer = create(enter(tenant), tenant, once=str(foreign.id))
    assert answer.status_code == 422
    foreign.refresh_from_db()
    assert foreign.tenant_id != tenant.id


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"account_sid": "AC12"}, "The Account SID is AC followed by 32 hex"),
        ({"account_sid": ""}, "Enter the Account SID"),
        ({"auth_token": ""}, "Enter the Auth token, or an API key SID"),
        ({"from_number": "555 0100"}, "Write the number in E.164 format"),
        ({"body_template": "Hi {{ name"}, "Line 1:"),
        ({"allowed_countries": "Germny"}, "Did you mean Germany?"),
        ({"time_to_live": "0"}, "greater than or equal to 0.02"),
        ({"max_attempts": "99"}, "less than or equal to 50"),
    ],
)
def test_a_mistake_is_told_beside_its_field(tenant, changes, sentence):
    given = {
        "account_sid": LIVE_SID,
        "auth_token": TOKEN,
        "from_number": "+15555550111",
    }
    answer = create(enter(tenant), tenant, "live", **{**given, **changes})
    assert answer.status_code == 422
    (field,) = changes
    assert any(sentence in problem for problem in answer.context["form"].errors[field])
    assert f'id="id_{field}_error"' in text(answer)
    assert TOKEN not in text(answer)
    assert not Destination.objects.exists()


def test_real_accounts_and_the_simulator_do_not_mix(tenant):
    client = enter(tenant)
    answer = create(client, tenant, account_sid=LIVE_SID, auth_token=TOKEN)
    assert "This destination is simulated" in text(answer)
    sid = simulated.account_sid(tenant.id)
    answer = create(
        client,
        tenant,
        "live",
        account_sid=sid,
        auth_token=TOKEN,
        from_number="+15555550111",
    )
    assert "This SID belongs to the simulator" in text(answer)
    assert not Destination.objects.exists()


def test_line_ends_of_browsers_cost_nothing(tenant):
    create(enter(tenant), tenant, body_template="Hi\r\nReply STOP")
    assert Destination.objects.get().body_template == "Hi\nReply STOP"


# Changing ----------------------------------------------------------------------


def test_an_edit_without_a_secret_keeps_it(tenant):
    destination, client = make_destination(tenant), enter(tenant)
    url = address(tenant, "edit", destination)
    page = client.get(url)
    assert "Leave it empty to keep it." in text(page)
    assert client.post(url, filled(page, name="Renamed")).status_code == 302
    destination.refresh_from_db()
    assert destination.name == "Renamed"
    stored = credentials.open_credentials(destination)
    assert stored == {"auth_token": token_of(tenant)}


def test_a_time_to_live_survives_an_edit(tenant):
    destination, client = make_destination(tenant), enter(tenant)
    url = address(tenant, "edit", destination)
    client.post(url, filled(client.get(url), time_to_live="0.5"))
    page = client.get(url)
    assert page.context["form"]["time_to_live"].value() == "0.5"
    client.post(url, filled(page))
    destination.refresh_from_db()
    assert destination.time_to_live.total_seconds() == 1800


def test_a_stored_key_can_be_removed(tenant):
    key_sid = simulated.sibling_sid("SK", simulated.account_sid(tenant.id))
    destination, client = make_destination(tenant), enter(tenant)
    url = address(tenant, "edit", destination)
    client.post(url, filled(client.get(url), api_key_sid=key_sid, api_key_secret=TOKEN))
    destination.refresh_from_db()
    assert credentials.open_credentials(destination)["api_key_secret"] == TOKEN
    page = client.get(url)
    client.post(url, filled(page, api_key_sid="", remove_api_key_secret="on"))
    destination.refresh_from_db()
    assert "api_key_secret" not in credentials.open_credentials(destination)


# Looking -----------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_no_page_holds_a_character_of_a_secret(tenant, role):
    destination = make_destination(tenant, credentials={"auth_token": TOKEN})
    client = enter(tenant, role)
    views = [*READS, *(["edit"] if role.covers(Role.ADMIN) else [])]
    for view in views:
        answer = client.get(
            address(tenant, view, None if view == "list" else destination)
        )
        assert answer.status_code == 200
        assert TOKEN not in text(answer)
        assert TOKEN[-4:] not in text(answer)
    assert destination.inbound_secret not in text(answer)


def test_the_list_counts_the_last_day(tenant, django_assert_max_num_queries):
    destination = make_destination(tenant)
    lead = make_lead(make_source(tenant))
    for state in ("delivered", "read", "undelivered", "queued"):
        make_job(lead, destination, state=state)
    make_job(lead, destination, state="dead", reason="expired")
    client = enter(tenant)
    for number in range(5):
        make_destination(tenant, name=f"Number {number}")
    with django_assert_max_num_queries(12):
        rows = client.get(address(tenant, "list")).context["rows"]
    recent = next(r["recent"] for r in rows if r["destination"] == destination)
    assert (recent.delivered, recent.failed, recent.others) == (2, 2, 1)


def test_a_paused_one_says_why_in_words(tenant):
    destination = make_destination(tenant, status="paused", pause_reason="20003")
    page = text(enter(tenant).get(address(tenant, "detail", destination)))
    assert "Twilio did not accept the credentials" in page
    assert "https://www.twilio.com/docs/api/errors/20003" in page
    assert address(tenant, "resume", destination) in page


def test_a_shared_sender_is_warned_of_without_naming_anybody(tenant):
    config = {"account_sid": LIVE_SID, "from_number": "+15555550111"}
    mark = credentials.fingerprint("twilio_sms", config, is_simulated=False)
    fields = {"is_simulated": False, "config": config, "fingerprint": mark}
    ours = make_destination(tenant, **fields)
    url, client = address(tenant, "detail", ours), enter(tenant)
    assert "used by another workspace" not in text(client.get(url))
    theirs = make_destination(make_tenant(name="Rivals Inc."), name="Hush", **fields)
    page = text(client.get(url))
    assert "used by another workspace" in page
    for word in ("Rivals", "Hush", theirs.public_id):
        assert word not in page


def test_without_a_public_address_the_page_says_so(tenant, settings):
    settings.LEADRAILS_PUBLIC_URL = ""
    url = address(tenant, "advanced", make_destination(tenant))
    assert "This server has no public address" in text(enter(tenant).get(url))


def test_a_lost_key_is_told_and_breaks_no_page(tenant):
    destination = make_destination(tenant)
    Destination.objects.filter(pk=destination.pk).update(
        credentials=make_destination().credentials
    )
    client = enter(tenant)
    assert "cannot be decrypted" in text(
        client.get(address(tenant, "advanced", destination))
    )
    assert client.get(address(tenant, "detail", destination)).status_code == 200
    url = address(tenant, "edit", destination)
    answer = client.post(url, filled(client.get(url), auth_token=token_of(tenant)))
    assert answer.status_code == 302
    destination.refresh_from_db()
    assert credentials.open_credentials(destination)["auth_token"] == token_of(tenant)


# Acts --------------------------------------------------------------------------


def test_verify_answers_in_place_and_without_scripts(tenant, simulator):
    destination, client = make_destination(tenant), enter(tenant)
    url = address(tenant, "verify", destination)
    part = client.post(url, headers={"HX-Request": "true"})
    assert "The credentials work and the account is active." in text(part)
    assert "<html" not in text(part)
    page = client.post(url, follow=True)
    assert page.redirect_chain[-1][0] == address(tenant, "advanced", destination)
    assert text(page).count("The credentials work and the account is active.") == 2


def test_pause_resume_and_delete_ask_first(tenant):
    destination, client = make_destination(tenant), enter(tenant)
    make_route(make_source(tenant), destination, name="Texas")
    lead = make_lead(make_source(tenant))

    assert "Pause Sales SMS?" in text(client.get(address(tenant, "pause", destination)))
    client.post(address(tenant, "pause", destination))
    destination.refresh_from_db()
    assert (destination.status, destination.pause_reason) == ("paused", "manual")

    job = make_job(lead, destination, state="held", reason="destination_paused")
    page = text(client.get(address(tenant, "resume", destination)))
    assert "1 message is waiting; it goes out now." in page
    client.post(address(tenant, "resume", destination))
    destination.refresh_from_db()
    job.refresh_from_db()
    assert (destination.status, job.state) == ("active", "queued")

    page = text(client.get(address(tenant, "delete", destination)))
    assert "1 route leads to it" in page
    assert "Texas" in page
    client.post(address(tenant, "delete", destination))
    destination.refresh_from_db()
    assert destination.status == "revoked"
    assert client.get(address(tenant, "detail", destination)).status_code == 404


def test_a_held_country_is_released(tenant):
    destination = make_destination(tenant, held_countries=["GB"])
    client = enter(tenant, Role.OPERATOR)
    assert "United Kingdom" in text(
        client.get(address(tenant, "advanced", destination))
    )
    url = address(tenant, "release_country", destination, country="GB")
    assert "Send to United Kingdom again?" in text(client.get(url))
    client.post(url)
    client.post(url)
    destination.refresh_from_db()
    assert destination.held_countries == []
    assert client.get(url).status_code == 404


@pytest.mark.parametrize(
    ("view", "role"),
    [
        ("verify", Role.OPERATOR),
        ("pause", Role.OPERATOR),
        ("resume", Role.OPERATOR),
        ("delete", Role.ADMIN),
        ("edit", Role.ADMIN),
    ],
)
def test_an_act_needs_its_role(tenant, view, role):
    destination = make_destination(tenant)
    below = list(Role)[role.rank - 1]
    url = address(tenant, view, destination)
    assert enter(tenant, below).post(url).status_code == 403


# Template editor ------------------------------------------------------------------


def preview(client, tenant, body, **fields):
    return text(
        client.post(
            address(tenant, "preview"),
            {"body_template": body, "recipient_template": "{{ phone }}", **fields},
            headers={"HX-Request": "true"},
        )
    )


def test_a_preview_shows_a_sample_lead(tenant):
    page = preview(enter(tenant), tenant, "Hi {{ first_name }} in {{ city }}. STOP")
    assert "Hi Ann in Austin. STOP" in page
    assert "+15555550100" in page
    assert "GSM-7" in page


def test_a_preview_shows_one_of_the_tenants_leads(tenant):
    lead = make_lead(make_source(tenant))
    page = preview(
        enter(tenant), tenant, "Hi {{ name }}. STOP", preview_lead=lead.public_id
    )
    assert "Hi Ann Lee. STOP" in page
    assert "+12025550100" in page


def test_another_tenants_lead_is_not_shown(tenant):
    event = {"lead": {"full_name": "Secret Person", "phone": "+12025550199"}}
    foreign = make_lead(make_source(), event=event, name="Secret Person")
    page = preview(
        enter(tenant), tenant, "Hi {{ name }}", preview_lead=foreign.public_id
    )
    assert "Secret Person" not in page


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("Hi ☎. STOP", "is not in the GSM alphabet"),
        ("Hi {{ first_nam }}. STOP", "Did you mean “first_name”?"),
        ("Hi", "does not say how to stop messages"),
        ("Hi {{ name", "This template cannot be used yet"),
        ("x" * 1601 + " STOP", "at most 1,600 characters"),
        ("<script>alert(1)</script> STOP", "<script>alert(1)</script>"),
    ],
)
def test_a_preview_says_what_is_unwise(tenant, body, sentence):
    assert sentence in preview(enter(tenant), tenant, body)


def test_a_preview_escapes_what_leads_say(tenant):
    answer = enter(tenant).post(
        address(tenant, "preview"), {"body_template": "<script>x</script> STOP"}
    )
    assert b"<script>x" not in answer.content
    assert b"Nothing was saved or sent" in answer.content


def test_a_recipient_that_is_no_number_is_told(tenant):
    page = preview(enter(tenant), tenant, "Hi", recipient_template="{{ email }}")
    assert "Nobody to send to" in page


# In doubt ----------------------------------------------------------------------


def test_sending_again_in_doubt_is_chosen_with_its_risk_in_view(tenant):
    row, client = make_destination(tenant), enter(tenant, Role.ADMIN)
    page = address(tenant, "unknown", row)
    assert "Wait for a person" in text(client.get(address(tenant, "advanced", row)))
    assert "get the same message twice" in text(client.get(page))

    answer = client.post(page, {"when_unknown": "resend"}, follow=True)

    row.refresh_from_db()
    assert row.when_unknown == "resend"
    assert "People may get a message twice" in text(answer)
    entry = AuditEntry.objects.for_tenant(tenant).get(action="destination.updated")
    assert entry.details == {"fields": ["when_unknown"], "when_unknown": "resend"}
    assert "Wait for a person in doubt?" in text(client.get(page))


def test_a_doubt_policy_that_does_not_exist_is_refused(tenant):
    row, client = make_destination(tenant), enter(tenant, Role.ADMIN)
    client.post(address(tenant, "unknown", row), {"when_unknown": "hope"})
    row.refresh_from_db()
    assert row.when_unknown == "hold"


def test_an_operator_may_not_choose_to_send_again_in_doubt(tenant):
    row, client = make_destination(tenant), enter(tenant, Role.OPERATOR)
    answer = client.post(address(tenant, "unknown", row), {"when_unknown": "resend"})
    row.refresh_from_db()
    assert (answer.status_code, row.when_unknown) == (403, "hold")


# Pictures, options and purpose ---------------------------------------------------


def test_options_are_folded_until_one_is_set(tenant):
    client = enter(tenant)
    url = address(tenant, "create", kind="twilio_sms", mode="simulated")
    page = text(client.get(url))
    fold = page[page.index("More options") - 200 : page.index("More options")]
    assert '<details class="fold">' in fold

    create(client, tenant, smart_encoded="true", risk_check="disable")

    row = Destination.objects.get(tenant=tenant)
    assert (row.config["smart_encoded"], row.config["risk_check"]) == (
        "true",
        "disable",
    )
    assert '<details class="fold" open>' in text(
        client.get(address(tenant, "edit", row))
    )
    detail = text(client.get(address(tenant, "detail", row)))
    assert "Off for this destination" in detail


def test_options_at_fault_are_said_beside_them(tenant):
    client = enter(tenant)

    page = text(create(client, tenant, send_after="5", content_variables="Ann"))

    assert "works only with a Messaging Service" in page
    assert "Enter the template that these variables are of." in page
    assert not Destination.objects.filter(tenant=tenant).exists()


@pytest.mark.parametrize(
    "field", [{"media_urls": "https://h.example/{{ x"}, {"media_urls": "{% for %}"}]
)
def test_a_wrong_template_of_a_picture_is_refused(tenant, field):
    client = enter(tenant)

    answer = create(client, tenant, **field)

    assert list(answer.context["form"].errors) == ["media_urls"]


def test_an_option_leaves_the_verification_as_it_is(tenant):
    row = make_destination(tenant, verification={"ok": True})
    client = enter(tenant)
    url = address(tenant, "edit", row)

    client.post(url, filled(client.get(url), smart_encoded="true"))
    row.refresh_from_db()
    assert row.verification == {"ok": True}
    client.post(url, filled(client.get(url), from_number="+15555550101"))
    row.refresh_from_db()
    assert row.verification == {}


@pytest.mark.parametrize(
    ("fields", "shown", "absent"),
    [
        ({"body_template": "“Hi” STOP"}, "would save", "Shown as"),
        ({"body_template": "“Hi” STOP", "smart_encoded": "true"}, "Shown as", "would"),
        (
            {"body_template": "Hi", "media_urls": "https://h.example/{{ first_name }}"},
            "https://h.example/Ann",
            "segment",
        ),
        (
            {
                "body_template": "never shown",
                "content_template": "HX5111a7ed" + "0" * 24,
                "content_variables": "1 = {{ first_name }}",
            },
            "HX5111a7ed",
            "never shown",
        ),
        ({"content_template": "HX1", "content_variables": "x"}, "“x” is not", "None"),
    ],
)
def test_the_preview_shows_what_leaves(tenant, fields, shown, absent):
    fields.setdefault("body_template", "Hi")
    if "“" in fields["body_template"]:
        fields["body_template"] += "a" * 100
    answer = enter(tenant).post(address(tenant, "preview"), fields)

    page = text(answer)
    assert shown in page
    assert absent not in page


def test_the_preview_says_how_large_pictures_may_be(tenant):
    data = {"media_urls": "https://h.example/a", "preview_kind": "twilio_sms"}

    page = text(enter(tenant).post(address(tenant, "preview"), data))

    assert "jpg, png up to 5 MB together with the text" in page


def test_the_preview_counts_a_trial_s_notice(tenant):
    row = make_destination(tenant, verification={"prefix": "From a trial - "})
    data = {"body_template": "a" * 150, "preview_destination": row.public_id}

    page = text(enter(tenant).post(address(tenant, "preview"), data))

    assert "From a trial - aaa" in page
    assert "<b>165</b>" in page
    other = enter(make_tenant())
    assert other.post(address(tenant, "preview"), data).status_code == 404


@pytest.mark.parametrize(
    ("purpose", "use_case", "warns"),
    [
        ("transactional", "marketing", True),
        ("marketing", "transactional", True),
        ("marketing", "marketing", False),
        ("transactional", None, False),
    ],
)
def test_a_purpose_is_compared_with_what_the_sender_is_registered_for(
    tenant, purpose, use_case, warns
):
    verification = {"ok": True, "use_case": use_case, "use_case_word": "their word"}
    row = make_destination(tenant, purpose=purpose, verification=verification)
    client = enter(tenant)

    for view in ("detail", "advanced"):
        page = text(client.get(address(tenant, view, row)))
        assert ("The sender was registered for something else" in page) == warns
    assert "registered for: their word" in text(
        client.get(address(tenant, "detail", row))
    )


@pytest.mark.parametrize(
    ("recipient", "sentence"),
    [
        ("{{ phone }}", "Cost to United States: about $0.0166"),
        ("+447700900123", "unknown until a message there has been priced"),
    ],
)
def test_the_preview_tells_the_cost_by_recorded_prices(tenant, recipient, sentence):
    row, lead = make_destination(tenant), make_lead(make_source(tenant))
    priced = {"price": "-0.0083", "price_unit": "USD", "segments": 1}
    make_job(lead, row, state="delivered", encoding="GSM-7", **priced)
    fields = {"recipient_template": recipient, "preview_destination": row.public_id}
    page = preview(enter(tenant), tenant, "x" * 161, **fields)
    assert sentence in page
