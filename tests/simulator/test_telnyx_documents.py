"""Telnyx's own library against every operation, each answer against the document."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import telnyx

from tests.simulator import telnyx_documents as documents

SPEC = Path(__file__).resolve().parents[3] / "shared/specs/telnyx_messaging.json"
TO = "+12125550142"
REPLY = {"reply": {"text": "Yes", "postback_data": "yes_1"}}


class Watch:
    """Remembers each operation, and what was wrong with its answer."""

    def __init__(self):
        self.seen, self.problems = set(), []

    def __call__(self, response):
        response.read()
        request = response.request
        name = documents.operation_of(request.method, request.url.path)
        assert name, f"no operation for {request.method} {request.url}"
        self.seen.add(name)
        value = json.loads(response.text)
        self.problems += documents.problems(name, response.status_code, value)


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def client(simulator, account, watch):
    http = httpx.Client(event_hooks={"response": [watch]})
    with telnyx.Telnyx(
        api_key=account.telnyx_key,
        base_url=f"{simulator.url}/v2",
        max_retries=0,
        http_client=http,
    ) as client:
        yield client


def use_messages(client, simulator, account):
    profile, usual = account.telnyx_profile, {"to": TO, "text": "Hi"}
    sent = client.messages.send(from_=account.telnyx_sender, **usual).data
    client.messages.send_long_code(from_=account.telnyx_sender, **usual)
    client.messages.send_short_code(from_="55502", **usual)
    client.messages.send_number_pool(messaging_profile_id=profile, **usual)
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    planned = client.messages.schedule(
        from_=account.telnyx_sender, send_at=soon, **usual
    ).data
    client.messages.cancel_scheduled(planned.id)
    client.messages.retrieve(sent.id)
    written = simulator.write(account, "Hi", to=account.telnyx_sender)
    assert client.messages.retrieve(written["sid"]).data.direction == "inbound"


def use_profiles(client, simulator, account):
    made = client.messaging_profiles.create(
        name="Mine", whitelisted_destinations=["US", "DE"], alpha_sender="Acme"
    ).data
    one = client.messaging_profiles
    pool = {"toll_free_weight": 1, "long_code_weight": 1, "skip_unhealthy": False}
    changed = one.update(made.id, name="Ours", number_pool_settings=pool).data
    assert (changed.name, changed.number_pool_settings.geomatch) == ("Ours", None)
    assert one.retrieve(made.id).data.alpha_sender == "Acme"
    assert len(one.list().data) == 2
    numbers = client.phone_numbers.messaging
    (lone,) = numbers.list(filter_phone_number="+18885550198").data
    moved = numbers.update(lone.id, messaging_profile_id=made.id, tags=["a"]).data
    assert (moved.type, numbers.retrieve(lone.id).data.tags) == ("tollfree", ["a"])
    (mine,) = one.list_phone_numbers(made.id).data
    assert mine.phone_number == "+18885550198"
    (code,) = client.short_codes.list().data
    client.short_codes.update(code.id, messaging_profile_id=made.id)
    assert client.short_codes.retrieve(code.id).data.messaging_profile_id == made.id
    assert [c.id for c in one.list_short_codes(made.id).data] == [code.id]
    use_names(client, made)
    assert one.delete(made.id).data.id == made.id
    assert numbers.retrieve(lone.id).data.messaging_profile_id is None


def use_names(client, profile):
    names = client.alphanumeric_sender_ids
    made = names.create(
        alphanumeric_sender_id="AcmeTwo", messaging_profile_id=profile.id
    ).data
    assert names.retrieve(made.id).data.alphanumeric_sender_id == "AcmeTwo"
    assert [n.id for n in names.list().data] == [made.id]
    listed = client.messaging_profiles.list_alphanumeric_sender_ids(profile.id)
    assert [n.id for n in listed.data] == [made.id]
    sent = client.messages.send_with_alphanumeric_sender(
        from_="AcmeTwo",
        messaging_profile_id=profile.id,
        text="Hallo",
        to="+4915155550101",
    )
    assert sent.data.from_.phone_number == "AcmeTwo"
    names.delete(made.id)


def use_answers(client, simulator, account):
    profile, configs = (
        account.telnyx_profile,
        client.messaging_profiles.autoresp_configs,
    )
    given = {"op": "stop", "keywords": ["Basta"], "country_code": "*"}
    text = "Adiós, no more messages."
    made = configs.create(profile, resp_text=text, **given).data
    one = {"profile_id": profile}
    assert configs.retrieve(made.id, **one).data.keywords == ["BASTA"]
    configs.update(made.id, **one, **given)
    assert [c.id for c in configs.list(profile).data] == [made.id]
    simulator.write(account, "basta", to=account.telnyx_sender, sender="+12125550141")
    (out,) = client.messaging_optouts.list().data
    assert (out.from_, out.keyword) == ("+12125550141", "BASTA")
    configs.delete(made.id, **one)
    assert configs.list(profile).data == []


def use_account(client, simulator, account):
    assert client.balance.retrieve().data.currency == "USD"
    found = client.number_lookup.retrieve("+12125550153", type="carrier").data
    assert found.carrier.type == "fixed line"


def use_rcs(client, simulator, account):
    agent, rcs = account.telnyx_agent, client.messaging.rcs
    assert [a.agent_id for a in rcs.agents.list().data] == [agent]
    changed = rcs.agents.update(agent, webhook_url="https://example.org/in").data
    assert rcs.agents.retrieve(agent).data.webhook_url == changed.webhook_url
    able = rcs.retrieve_capabilities(TO, agent_id=agent).data
    assert "RICHCARD_CAROUSEL" in able.features
    both = [TO, "+12125550183"]
    bulk = rcs.list_bulk_capabilities(agent_id=agent, phone_numbers=both).data
    assert [one.features is None for one in bulk] == [False, True]
    assert rcs.invite_test_number(TO, id=agent).data.phone_number == TO
    link = client.messages.rcs.generate_deeplink(
        agent, phone_number=TO, body="Hi there"
    )
    assert link.data.url.endswith("%40rbm.goog&body=Hi%20there")
    sent = client.messages.rcs.send(
        agent_id=agent,
        messaging_profile_id=account.telnyx_profile,
        to=TO,
        agent_message={"content_message": {"text": "Hi", "suggestions": [REPLY]}},
    ).data
    assert (sent.type, sent.body.content_message.text) == ("RCS", "Hi")


USES = (use_messages, use_profiles, use_answers, use_account, use_rcs)


def test_every_operation_answers_as_documented(client, simulator, account, watch):
    for use in USES:
        use(client, simulator, account)

    assert watch.problems == []
    assert set(documents.API["operations"]) - watch.seen == set()


def test_errors_are_as_documented_too(client, watch):
    for call in (
        lambda: client.messages.retrieve("00000000-0000-4000-8000-000000000000"),
        lambda: client.messaging_profiles.retrieve("no"),
        lambda: client.messages.send(to="1", text="x"),
        lambda: client.messaging_profiles.create(name="x", whitelisted_destinations=1),
    ):
        with pytest.raises(telnyx.APIStatusError):
            call()
    assert watch.problems == []


def test_webhooks_are_as_documented(simulator, client, account, receiver):
    url = f"{receiver.url}/in"
    client.messaging_profiles.update(account.telnyx_profile, webhook_url=url)
    client.messages.send(from_=account.telnyx_sender, to="+12125550154", text="Hi")
    receiver.events(2)
    simulator.write(account, "Hello", to=account.telnyx_sender)

    events = receiver.events(3)

    kinds = [event["data"]["event_type"] for event in events]
    assert kinds == ["message.sent", "message.finalized", "message.received"]
    found = [documents.problems_of_webhook(event) for event in events]
    assert found == [[], [], []]


def test_what_is_out_of_the_document_is_found():
    good = {"data": {"record_type": "balance", "balance": "1.0", "currency": "USD"}}

    def found(**changes):
        changed = {"data": good["data"] | changes}
        return documents.problems("GetUserBalance", 200, changed)

    assert found() == []
    assert "is no" in found(balance=1)[0]
    assert "is not one of" in found(record_type="x")[0]
    assert "undocumented" in found(colour="red")[0]
    assert documents.problems("GetUserBalance", 299, good)


def test_what_is_kept_is_what_was_published():
    """Where the published document is at hand."""
    published = {}
    for path in [SPEC] if SPEC.exists() else []:
        published = json.loads(path.read_text())["components"]["schemas"]
    for name, schema in documents.API["schemas"].items() if published else []:
        theirs = published[name].get("properties", {})
        assert schema.get("properties", {}).keys() == theirs.keys(), name


@pytest.mark.parametrize(
    ("method", "path", "body", "answer"),
    [
        ("POST", "messages", {"to": TO}, (400, "10015", "/colour")),
        ("POST", "messages/rcs", {}, (422, "10004", "/agent_id")),
        ("POST", "messaging/rcs/bulk_capabilities", {}, (422, "10004", "/agent_id")),
        ("POST", "messaging_profiles", {"name": "x"}, (422, "10004", None)),
        ("PATCH", "messaging_profiles/{profile}", {}, (400, "10015", "/colour")),
        (
            "POST",
            "messaging_profiles/{profile}/autoresp_configs",
            {"op": "no", "keywords": ["A"], "country_code": "*"},
            (400, "10015", "/op"),
        ),
        (
            "PATCH",
            "phone_numbers/+15555550200/messaging",
            {},
            (400, "10015", "/colour"),
        ),
        ("PATCH", "messaging/rcs/agents/{agent}", {}, (400, "10015", "/colour")),
        ("GET", "nothing", {}, (404, "10005", None)),
        ("PUT", "messages", {}, (405, "10005", None)),
    ],
    ids=str,
)
def test_what_is_out_of_the_document_is_refused(
    simulator, account, method, path, body, answer
):
    path = path.format(profile=account.telnyx_profile, agent=account.telnyx_agent)

    refused = httpx.request(
        method,
        f"{simulator.url}/v2/{path}",
        json=body | {"colour": "red"},
        headers={"Authorization": f"Bearer {account.telnyx_key}"},
    )

    (error,) = refused.json()["errors"]
    where = error.get("source", {}).get("pointer")
    assert (refused.status_code, error["code"]) == answer[:2]
    assert answer[2] in {None, where}
