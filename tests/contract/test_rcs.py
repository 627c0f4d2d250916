"""RCS through each vendor: what leaves, what arrives on the handset, what is told."""

import asyncio

import pytest
from twilio.rest import Client

from destinations.composing import CannotCompose, Composed, compose, thaw
from destinations.providers.http import ProviderSession
from destinations.providers.registry import PROVIDERS
from destinations.providers.simulated import rcs_sender, sibling_sid
from leadrails.core.rich import load
from tests.contract.contracts import CONTRACTS

BY_KIND = {contract.kind: contract for contract in CONTRACTS}
LEAD = {"first_name": "Ann", "phone": "+12125550100", "ref": "q7", "note": "a\nb"}
GOOD, NO_RCS = "+12125550142", "+12125550183"
PICTURE = {"url": "https://h.example/roof.png"}
REPLY = {"kind": "reply", "label": "Call {{ first_name }}", "postback": "call_me"}
LINK = {
    "kind": "open_url",
    "label": "See it",
    "url": "https://h.example/q/{{ ref }}",
    "postback": "seen",
}
DIAL = {"kind": "dial", "label": "Call us", "phone": "+15125550100"}
MAP = {
    "kind": "view_location",
    "label": "Where",
    "latitude": 30.25,
    "longitude": -97.75,
    "place": "Office",
}
SHARE = {"kind": "share_location", "label": "Where are you?"}
EVENT = {
    "kind": "calendar",
    "label": "Save it",
    "title": "Visit",
    "starts_at": "2026-12-01T15:00:00Z",
    "ends_at": "2026-12-01T16:00:00Z",
}
CARD = {
    "title": "Hello {{ first_name }}",
    "description": "Your quote is ready.\nRef {{ ref }}, {{ note }}",
    "media": PICTURE,
    "suggestions": [REPLY, LINK, DIAL],
}
SECOND = {"title": "Two", "media": PICTURE, "suggestions": [REPLY]}
KINDS = {
    "text": {"text": "Hi {{ first_name }}"},
    "chips": {"text": "Hi {{ first_name }}", "suggestions": [REPLY, LINK, DIAL]},
    "card": {"cards": [CARD]},
    "carousel": {"cards": [{**CARD, "suggestions": [REPLY, LINK]}, SECOND]},
    "file": {"file": {"url": "https://h.example/{{ ref }}.pdf"}},
    "plain": {},
}
BODY = "By text for {{ first_name }}\n{{ missing }}\nReply STOP"


@pytest.fixture(params=["twilio_sms", "telnyx_sms"])
def vendor(request, simulator):
    return Vendor(BY_KIND[request.param], simulator)


class Vendor:
    """An account whose RCS sender is ready, and a destination's settings of it."""

    def __init__(self, contract, simulator, *, has_agent=True):
        self.contract, self.simulator = contract, simulator
        self.config, self.credentials = contract.settings(simulator)
        self.kind = contract.kind
        if self.kind == "twilio_sms":
            sid = self.config["account_sid"]
            self.config |= {
                "messaging_service_sid": sibling_sid("MG", sid),
                "rcs_agent": rcs_sender(sid),
            }
            if has_agent:
                self.add_agent(sid)
        else:
            account = contract.account_of(self.make())
            self.config["rcs_agent"] = f"agent_{account[-16:]}"

    def add_agent(self, sid):
        client = Client(sid, self.credentials["auth_token"])
        client.messaging.base_url = self.simulator.url
        pool = client.messaging.v1.services(sibling_sid("MG", sid)).channel_senders
        with client.http_client.session:
            pool.create(sid=sibling_sid("XE", sid))

    def make(self, **config):
        return PROVIDERS[self.kind].from_config(
            {**self.config, **config}, self.credentials, base_url=self.simulator.url
        )

    def compose(self, rich, body=BODY, **config):
        """What a destination makes of the lead, its content kept at the provider."""
        config = {**self.config, "channel": "rcs", **config}
        given = {"kind": self.kind, "rich": rich}
        composed = compose(body, config, LEAD, **given)
        if composed.content is None:
            return composed
        assert composed.content.template == ""
        kept = PROVIDERS[self.kind].kept_content(load(rich), body, config)
        sid = self.call(
            lambda http: self.make(**config).create_content("x", kept, str, http)
        )
        return compose(body, config, LEAD, content_sid=sid, **given)

    def send(self, composed, to=GOOD, **config):
        provider = self.make(**{"channel": "rcs", **config})
        message = thaw({"to": to, **composed.frozen()}, validity_seconds=3600)
        return self.call(lambda http: provider.send(message, http))

    def call(self, act):
        async def run():
            async with ProviderSession() as http:
                return await act(http)

        return asyncio.run(run())

    def shown(self):
        """The one message of the account, once it came to its end."""
        account = self.contract.account_of(self.make())
        (row,) = self.simulator.wait(account=account)
        return row


def tapped(chips):
    return [(chip["kind"], chip["text"], chip["payload"]) for chip in chips]


@pytest.mark.parametrize("kind", [*KINDS])
def test_what_is_composed_arrives_on_the_handset(vendor, kind):
    only = {"channel": "rcs_only"} if kind == "text" else {}
    composed = vendor.compose(KINDS[kind], **only)

    receipt = vendor.send(composed, **only)

    row = vendor.shown()
    shown = row["rich"]
    assert (row["sid"], row["status"]) == (receipt.provider_id, "delivered")
    chips = [("reply", "Call Ann", "call_me"), ("link", "See it", "seen")]
    match kind:
        case "text":
            assert shown["text"] == "Hi Ann"
        case "plain":
            assert shown["text"] == "By text for Ann\n\nReply STOP"
        case "chips":
            assert shown["text"] == "Hi Ann"
            assert tapped(shown["chips"]) == [*chips, ("call", "Call us", "Call us")]
            assert shown["chips"][1]["url"] == "https://h.example/q/q7"
        case "card" | "carousel":
            first, *others = shown["cards"]
            assert (first["title"], first["media"]) == ("Hello Ann", PICTURE["url"])
            assert first["text"].startswith("Your quote is ready.\nRef q7, a")
            assert tapped(first["chips"])[:2] == chips
            assert [card["title"] or card["text"] for card in others] == (
                ["Two"] if kind == "carousel" else []
            )
        case "file":
            assert shown["file"] == "https://h.example/q7.pdf"


@pytest.mark.parametrize("kind", ["card", "plain", "chips"])
def test_the_text_in_reserve_arrives_where_rcs_does_not(vendor, kind):
    vendor.send(vendor.compose(KINDS[kind]), to=NO_RCS)

    row = vendor.shown()
    assert (row["status"], row["rich"]) == ("delivered", None)
    assert row["body"] in {
        "By text for Ann\n\nReply STOP",
        "By text for Ann\nReply STOP",
    }


def test_rcs_alone_has_nothing_in_reserve(vendor):
    composed = vendor.compose(KINDS["card"], channel="rcs_only")

    vendor.send(composed, to=NO_RCS, channel="rcs_only")

    row = vendor.shown()
    assert row["status"] in {"failed", "sending_failed"}


def test_a_plain_message_of_a_destination_by_rcs_is_a_text(vendor):
    """What LeadRails falls back to must not go by RCS once more."""
    vendor.send(compose("Plain", {}, LEAD), fallback="leadrails")

    row = vendor.shown()
    assert (row["status"], row["body"]) == ("delivered", "Plain")
    assert not row["from"].startswith("rcs:")


def test_what_stands_in_the_way_of_rcs_is_a_hint(vendor, simulator):
    wrong = {"twilio_sms": "rcs:nobody", "telnyx_sms": "nobody"}[vendor.kind]
    by_rcs = vendor.make(channel="rcs")
    vendor.call(lambda http: by_rcs.connect_replies("https://h.example/in", http))

    good = vendor.call(by_rcs.verify_credentials)
    lost = vendor.call(vendor.make(channel="rcs", rcs_agent=wrong).verify_credentials)

    assert (good.ok, good.hints) == (True, ())
    (hint,) = lost.hints
    assert "was not found in this account; messages by RCS will fail" in hint


def test_a_pool_without_an_rcs_sender_and_a_deaf_agent_are_hints(simulator):
    twilio = Vendor(BY_KIND["twilio_sms"], simulator, has_agent=False)
    telnyx = Vendor(BY_KIND["telnyx_sms"], simulator)

    (unpooled,) = twilio.call(twilio.make(channel="rcs").verify_credentials).hints
    alone = telnyx.make(channel="rcs_only")
    deaf = telnyx.call(alone.verify_credentials).hints

    assert "has no RCS sender in its pool" in unpooled
    assert "The RCS agent has no webhook address" in deaf[-1]


def test_telnyx_takes_every_suggestion(simulator):
    vendor = Vendor(BY_KIND["telnyx_sms"], simulator)
    suggestions = [REPLY, LINK, DIAL, MAP, SHARE, EVENT]
    rich = {"text": "Hi", "suggestions": suggestions}

    vendor.send(vendor.compose(rich))

    chips = vendor.shown()["rich"]["chips"]
    kinds = ["reply", "link", "call", "place", "share", "event"]
    assert [chip["kind"] for chip in chips] == kinds


@pytest.mark.parametrize(
    ("rich", "sentence"),
    [
        (
            {"text": "Hi", "suggestions": [{**REPLY, "label": "{{ long }}"}]},
            (
                "Suggestion 1, label: 30 characters; at most 25 are possible. It is at"
                " fault from “c” on, after “bbbbbbbbbbbbbbbbbbbb”."
            ),
        ),
        (
            {"cards": [{**CARD, "suggestions": [{**LINK, "url": "{{ missing }}"}]}]},
            "Card 1, suggestion 1, address: Give its address.",
        ),
    ],
)
def test_what_comes_out_too_long_is_said_with_its_place(vendor, rich, sentence):
    """The text message goes in its place, where there is one."""
    config = {**vendor.config, "channel": "rcs_only"}
    lead = {**LEAD, "long": "b" * 25 + "c" * 5}
    with pytest.raises(CannotCompose) as caught:
        compose(BODY, config, lead, kind=vendor.kind, rich=rich)
    assert str(caught.value) == sentence

    config["channel"] = "rcs"
    composed = compose(BODY, config, lead, kind=vendor.kind, rich=rich)

    assert composed == Composed(compose(BODY, {}, lead).body, unfit=sentence)
    with pytest.raises(CannotCompose, match="empty message"):
        compose("", config, lead, kind=vendor.kind, rich=rich)
