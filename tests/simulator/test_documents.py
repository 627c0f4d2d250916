"""The official library against every operation, each answer against the documents."""

import json
from pathlib import Path

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio.rest.messaging.v2.channels_sender import ChannelsSenderList

from destinations.providers.simulated import rcs_sender
from destinations.simulator.accounts import sender_sid
from tests.simulator import documents
from tests.simulator.test_client import SENDER, send

SPECS = Path(__file__).resolve().parents[3] / "shared/specs"


class Watched(TwilioHttpClient):
    """Remembers each operation, and what was wrong with its answer."""

    def __init__(self):
        super().__init__(timeout=10)
        self.seen = set()
        self.problems = []

    def request(self, method, url, *args, **kwargs):
        answer = super().request(method, url, *args, **kwargs)
        path = "/" + url.split("://")[-1].partition("/")[2].partition("?")[0]
        name = documents.operation_of(method, path)
        value = json.loads(answer.text) if answer.text else None
        assert name, f"no operation for {method} {path}"
        self.seen.add(name)
        if answer.status_code < 400:
            self.problems += documents.problems(name, answer.status_code, value)
        return answer


@pytest.fixture
def http():
    return Watched()


@pytest.fixture
def client(simulator, account, http):
    client = Client(account.sid, account.auth_token, http_client=http)
    client.api.base_url = client.messaging.base_url = simulator.url
    client.content.base_url = client.lookups.base_url = simulator.url
    return client


def use_messages(client, simulator, account):
    written = simulator.write(account, "Hi")
    client.messages(written["sid"]).fetch()
    sent = send(client, from_=SENDER, media_url=["https://example.org/a.png"])
    simulator.wait(account=account.sid, until=lambda m: m["status"] != "queued")
    message = client.messages(sent.sid)
    client.messages.list(limit=3)
    (media,) = message.media.list()
    message.media(media.sid).fetch()
    assert message.media(media.sid).delete() is True
    assert message.media.list() == []
    simulator.wait(account=account.sid, to="+12125550100")
    assert message.feedback.create(outcome="confirmed").outcome == "confirmed"
    assert message.update(body="").body == ""
    assert message.delete() is True


def use_account(client, simulator, account):
    (own,) = client.api.v2010.accounts.list()
    assert own.sid == client.api.v2010.accounts(account.sid).fetch().sid
    assert client.balance.fetch().balance == "100.00000"
    one = client.incoming_phone_numbers(sender_sid(account.sid, SENDER))
    changed = one.update(friendly_name="Front desk", sms_url="https://example.org/in")
    assert (one.fetch().friendly_name, changed.sms_method) == ("Front desk", "POST")
    (named,) = client.incoming_phone_numbers.list(friendly_name="Front desk")
    assert named.phone_number == SENDER
    (code,) = client.api.v2010.accounts(account.sid).short_codes.list()
    short = client.api.v2010.accounts(account.sid).short_codes(code.sid)
    assert short.update(sms_url="https://example.org/s").short_code == "55501"
    assert short.fetch().sms_url == "https://example.org/s"


def use_services(client, simulator, account):
    first = client.messaging.v1.services(account.service_sid)
    made = client.messaging.v1.services.create(friendly_name="Mine")
    service = client.messaging.v1.services(made.sid)
    assert client.messaging.v1.usecases.fetch().usecases
    assert service.update(area_code_geomatch=False).area_code_geomatch is False
    assert service.fetch().sid == made.sid
    (code,) = first.short_codes.list()
    assert first.short_codes(code.sid).delete() is True
    number = sender_sid(account.sid, "+12125550199")
    pools = [
        (service.phone_numbers, {"phone_number_sid": number}),
        (service.short_codes, {"short_code_sid": code.sid}),
        (service.alpha_senders, {"alpha_sender": "Acme"}),
        (service.channel_senders, {"sid": f"XE{number[2:]}"}),
        (
            service.destination_alpha_senders,
            {"alpha_sender": "AcmeDE", "iso_country_code": "DE"},
        ),
    ]
    for pool, member in pools:
        added = pool.create(**member)
        assert added.sid in [one.sid for one in pool.list()]
        assert pool(added.sid).fetch().sid == added.sid
        assert pool(added.sid).delete() is True
    assert len(client.messaging.v1.services.list(page_size=1)) == 2
    use_campaigns(service, CAMPAIGN)
    assert service.delete() is True


CAMPAIGN = {
    "brand_registration_sid": "BN" + "1" * 32,
    "description": "Answers to people who asked for a quote on the web.",
    "message_flow": "People tick a box below the form on www.example.com.",
    "message_samples": ["Hi Ann, thanks for asking us."] * 2,
    "us_app_to_person_usecase": "LOW_VOLUME",
    "has_embedded_links": True,
    "has_embedded_phone": False,
}


def use_campaigns(service, fields):
    brand = fields["brand_registration_sid"]
    known = service.us_app_to_person_usecases.fetch(brand_registration_sid=brand)
    codes = [case["code"] for case in known.us_app_to_person_usecases]
    assert fields["us_app_to_person_usecase"] in codes
    made = service.us_app_to_person.create(**fields)
    campaign = service.us_app_to_person(made.sid)
    kept = ("brand_registration_sid", "us_app_to_person_usecase")
    changes = {name: value for name, value in fields.items() if name not in kept}
    changes |= {"age_gated": True, "direct_lending": False}
    assert campaign.update(**changes).age_gated is True
    assert [one.sid for one in service.us_app_to_person.list()] == [
        campaign.fetch().sid
    ]
    assert campaign.delete() is True


class Template:
    """Of the library's own classes, some drop fields that the provider has."""

    def __init__(self, **fields):
        self.fields = fields

    def to_dict(self):
        return self.fields


def use_content(client, simulator, account):
    card = {
        "title": "Hello {{1}}",
        "body": "Your quote is ready.",
        "actions": [{"type": "QUICK_REPLY", "title": "Call me", "id": "call_me"}],
    }
    text = {"body": "Hello {{1}}, your quote is ready."}
    types = {"twilio/card": card, "twilio/text": text}
    made = client.content.v1.contents.create(
        Template(friendly_name="quote", language="en", variables={}, types=types)
    )
    content = client.content.v1.contents(made.sid)
    sent = send(
        client,
        body=None,
        from_=SENDER,
        content_sid=made.sid,
        content_variables='{"1":"Ann"}',
    )
    assert sent.body == "Hello Ann, your quote is ready."
    assert content.fetch().types == types
    assert content.approval_fetch().fetch().whatsapp["status"] == "unsubmitted"
    assert [one.sid for one in client.content.v1.contents.list()] == [made.sid]
    assert content.update(Template(types={"twilio/text": text})).types == {
        "twilio/text": text
    }
    assert content.delete() is True


def use_lookups(client, simulator, account):
    found = client.lookups.v2.phone_numbers("+12125550100").fetch(
        fields="line_type_intelligence,caller_name"
    )
    assert (found.valid, found.line_type_intelligence["type"]) == (True, "mobile")
    landline = client.lookups.v2.phone_numbers("+12125550153").fetch(
        fields="line_type_intelligence"
    )
    assert landline.line_type_intelligence["type"] == "landline"
    short = client.lookups.v2.phone_numbers("+1212").fetch()
    assert (short.valid, short.validation_errors) == (False, ["TOO_SHORT"])


def use_senders(client, simulator, account):
    senders = client.messaging.v2.channels_senders
    (own,) = senders.list(channel="rcs")
    url = "https://example.org/rcs"
    update = ChannelsSenderList.MessagingV2ChannelsSenderRequestsUpdate
    changed = senders(own.sid).update(update({"webhook": {"callback_url": url}}))
    assert changed.webhook["callback_url"] == url
    assert senders(own.sid).fetch().sender_id == rcs_sender(account.sid)


USES = (use_messages, use_senders, use_account, use_services, use_content, use_lookups)


def test_every_operation_answers_as_documented(client, simulator, account, http):
    for use in USES:
        use(client, simulator, account)

    assert http.problems == []
    assert set(documents.API["operations"]) - http.seen == set()


def test_what_is_out_of_the_documents_is_found():
    good = {"account_sid": "AC" + "0" * 32, "balance": "1.0", "currency": "USD"}

    def found(**changes):
        return documents.problems("FetchBalance", 200, good | changes)

    assert found() == []
    assert "does not match" in found(account_sid="AC1")[0]
    assert "is no string" in found(balance=1)[0]
    assert "undocumented" in found(colour="red")[0]
    assert documents.problems("FetchBalance", 299, good)


@pytest.mark.parametrize(
    ("operation", "method", "path", "form"),
    [
        ("CreateService", "POST", "/v1/Services", {"FriendlyName": "x"}),
        ("UpdateService", "POST", "/v1/Services/{service}", {}),
        ("CreatePhoneNumber", "POST", "/v1/Services/{service}/PhoneNumbers", {}),
        ("CreateAlphaSender", "POST", "/v1/Services/{service}/AlphaSenders", {}),
        ("CreateUsAppToPerson", "POST", "/v1/Services/{service}/Compliance/Usa2p", {}),
        ("UpdateIncomingPhoneNumber", "POST", "{number}", {}),
        ("CreateMessage", "POST", "{messages}", {"To": "+12125550100"}),
    ],
)
def test_parameters_out_of_the_documents_are_refused(
    client, simulator, account, operation, method, path, form
):
    root = f"/2010-04-01/Accounts/{account.sid}"
    pn = sender_sid(account.sid, SENDER)
    url = simulator.url + path.format(
        service=account.service_sid,
        number=f"{root}/IncomingPhoneNumbers/{pn}.json",
        messages=f"{root}/Messages.json",
    )

    answer = client.request(method, url, data=form | {"Colour": "red"})

    assert (answer.status_code, json.loads(answer.text)["code"]) == (400, 20001)


@pytest.mark.parametrize(
    "option",
    [
        {"risk_check": "maybe"},
        {"content_retention": "forget"},
        {"address_retention": "hide"},
        {"schedule_type": "fixed", "send_at": "soon"},
        {"schedule_type": "later"},
        {"application_sid": "AP1"},
        {"force_delivery": "perhaps"},
        {"message_intent": "gossip"},
    ],
)
def test_values_out_of_the_documents_are_refused(client, account, option):
    with pytest.raises(TwilioRestException) as refused:
        send(client, messaging_service_sid=account.service_sid, **option)

    assert refused.value.status == 400


TEXT, TITLED = {"body": "Hi"}, {"title": "Hi", "subtitle": "there"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook": {"colour": "red"}},
        {"webhook": {"callback_method": "GET"}},
        {"webhook": {"callback_url": "nonsense"}},
        {"profile": {"colour": "red"}},
        {"types": {"twilio/text": TEXT}},
        {"language": "en", "types": {}},
        {"language": "en", "types": {"twilio/text": {"bdy": "Hi"}}},
        {"language": "en", "types": {"twilio/text": TEXT | {"colour": "red"}}},
        {"language": "en", "types": {"twilio/text": {"body": 5}}},
        {"language": "en", "types": {"twilio/gossip": TEXT}},
        {"language": "en", "types": {"twilio/card": {"title": "Hi"}}},
        {"language": "en", "types": {"twilio/card": TITLED | {"actions": [{}]}}},
        {"language": "en", "types": {"twilio/text": TEXT}, "variables": {"1": 2}},
        {"colour": "red", "language": "en", "types": {"twilio/text": TEXT}},
    ],
    ids=str,
)
def test_json_out_of_the_documents_is_refused(client, account, wrong):
    senders = client.messaging.v2.channels_senders
    is_content = wrong.keys() & {"language", "types"}
    act = (
        client.content.v1.contents.create
        if is_content
        else senders(f"XE{account.sid[2:]}").update
    )
    with pytest.raises(TwilioRestException) as refused:
        act(Template(**wrong))

    assert refused.value.status == 400


def test_what_is_kept_is_what_was_published():
    """Where the published documents are at hand."""
    published = {}
    for path in sorted(SPECS.glob("twilio_*.json")) if SPECS.exists() else []:
        published |= json.loads(path.read_text())["components"]["schemas"]
    for name, schema in documents.API["schemas"].items() if published else []:
        theirs = published[name].get("properties", {})
        assert schema.get("properties", {}).keys() == theirs.keys(), name
