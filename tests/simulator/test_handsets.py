"""The page of virtual phones, as a browser without scripts uses it."""

import re
import time

import pytest
import requests

from destinations.providers.simulated import handsets_path, sibling_sid
from destinations.simulator.picture import sunrise
from tests.simulator.test_client import SENDER, send
from tests.simulator.test_documents import Template

PHONE = "+12125550142"
CHAT = f"whatsapp:{PHONE}"


@pytest.fixture
def base(simulator, account):
    return simulator.url + handsets_path(simulator.secret, account.sid)


@pytest.fixture
def look(base):
    def look(path=PHONE, **more):
        answer = requests.get(f"{base}{path}", timeout=20, **more)
        answer.raise_for_status()
        return answer.text

    return look


@pytest.fixture
def post(base):
    def post(what, *, files=None, sender=SENDER, **fields):
        url = f"{base}{PHONE}/{what}"
        data = {"with": sender, **fields}
        return requests.post(url, data=data, files=files, timeout=20)

    return post


def bubbles(page):
    found = re.findall(
        r'<div class="bubble( mine)?">(.*?)<span class="when">', page, re.DOTALL
    )
    return [(bool(mine), " ".join(text.split())) for mine, text in found]


def wait_for(look, word):
    deadline = time.monotonic() + 30
    while word not in (page := look()):
        assert time.monotonic() < deadline, page
        time.sleep(0.02)
    return page


def test_a_phone_shows_what_was_delivered_and_escapes_it(client, look):
    send(
        client, to=PHONE, body="<script>alert(1)</script> see https://a.example/?b=1&c"
    )

    page = wait_for(look, 'class="bubble"')

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert 'href="https://a.example/?b=1&amp;c"' in page


def test_what_is_not_delivered_is_only_in_the_record(simulator, client, account, look):
    send(client, to="+12125550151", body="Lost")
    simulator.wait(account=account.sid)

    page = look("+12125550151")

    assert bubbles(page) == []
    assert "undelivered 30003" in page
    assert "Nothing has come yet" in page


def test_a_reply_becomes_an_inbound_message(simulator, account, post, look):
    post("reply", body="Yes <b>please</b>")

    (entry,) = simulator.ledger(account=account.sid)
    assert (entry["direction"], entry["from"], entry["to"]) == (
        "inbound",
        PHONE,
        SENDER,
    )
    assert bubbles(look()) == [(True, "<p>Yes &lt;b&gt;please&lt;/b&gt;</p>")]
    post("reply", body="  ")
    assert len(simulator.ledger(account=account.sid)) == 1


def test_stop_is_confirmed_on_the_phone(post, look):
    post("reply", body="STOP")

    page = wait_for(look, "successfully been unsubscribed")

    assert "You told this sender to stop" in page


def test_a_picture_goes_both_ways(simulator, client, account, post, look, base):
    roof = ["https://example.org/roof.png"]
    send(client, to=PHONE, from_=SENDER, media_url=roof)
    post("reply", picture="sample")

    page = wait_for(look, "roof.png")
    written = simulator.ledger(account=account.sid)[-1]
    (media,) = client.messages(written["sid"]).media.list()

    assert 'src="https://example.org/roof.png"' in page
    assert written["media"] == [media.content_type] == ["image/png"]
    url = simulator.url + media.uri.removesuffix(".json")
    for link in (url, f"{base}media/{media.sid}"):
        found = requests.get(link, timeout=20)
        assert found.content == sunrise()
        assert found.headers["Content-Type"] == "image/png"


def test_what_a_browser_could_run_is_only_offered_for_saving(
    simulator, account, post, base
):
    post("reply", files={"file": ("a.html", b"<script>", "text/html")})

    (written,) = simulator.ledger(account=account.sid)
    page = requests.get(f"{base}{PHONE}", timeout=20).text
    (path,) = re.findall(r'class="file" href="([^"]+)"', page)
    answer = requests.get(simulator.url + path, timeout=20)

    assert written["media"] == ["application/octet-stream"]
    assert answer.headers["Content-Disposition"] == "attachment"


def test_too_large_a_file_is_refused(simulator, account, post):
    big = {"file": ("a.png", b"x" * (5 * 1024 * 1024 + 1), "image/png")}

    assert post("reply", files=big).status_code == 413
    assert simulator.ledger(account=account.sid) == []


def test_in_airplane_mode_messages_wait_until_it_ends(
    simulator, client, account, post, look, receiver
):
    post("airplane")
    assert post("reply", body="Hi").status_code == 409
    sent = send(
        client,
        to=PHONE,
        from_=SENDER,
        body="Are you there?",
        status_callback=receiver.url,
    )
    receiver.wait(sent.sid, 1)
    time.sleep(0.3)
    assert [r.status for r in receiver.received] == ["sent"]
    assert bubbles(look()) == []

    post("airplane")

    assert receiver.wait(sent.sid, 2)[-1].status == "delivered"
    assert len(bubbles(look())) == 1


def test_a_carrier_gives_up_on_a_phone_that_stays_away(
    simulator, client, account, post
):
    simulator.faults(account=account.sid, delays={"offline": 0.1})
    try:
        post("airplane")
        send(client, to=PHONE)
        (entry,) = simulator.wait(account=account.sid)
    finally:
        simulator.clear_faults()

    assert (entry["status"], entry["error_code"]) == ("undelivered", 30003)


def test_reading_a_chat_is_told_and_reading_a_text_is_not(
    simulator, client, account, post, receiver
):
    chat = send(
        client, to=CHAT, from_=f"whatsapp:{SENDER}", status_callback=receiver.url
    )
    text = send(client, to=PHONE, from_=SENDER, status_callback=receiver.url)
    simulator.wait(account=account.sid, count=2)

    post("read")

    read = receiver.wait(chat.sid, 3)[-1].form
    assert (read["MessageStatus"], read["EventType"]) == ("read", "READ")
    assert (read["ChannelPrefix"], read["To"]) == ("whatsapp", CHAT)
    assert client.messages(chat.sid).fetch().status == "read"
    assert client.messages(text.sid).fetch().status == "delivered"


def test_a_place_and_a_button_are_told(simulator, account, post, look):
    post("reply", place="park")
    post("reply", button="Call me", payload="call_me")

    place, button = simulator.ledger(account=account.sid)
    assert (place["fields"]["Latitude"], place["body"]) == ("51.5073", "")
    assert button["fields"]["ButtonPayload"] == "call_me"
    assert "Hyde Park" in look()


def test_any_number_has_a_phone_and_nonsense_has_none(base, look):
    assert "It is quiet here" in look("?number=%2B44+7700+900123")
    assert "Begin with +" in look("?number=12")
    assert requests.get(f"{base}nonsense", timeout=20).status_code == 404


def test_the_address_is_a_key(simulator, account, base):
    wrong = base.replace(handsets_path(simulator.secret, account.sid), "")
    stranger = f"{wrong}/handsets/{account.sid}/{'0' * 32}/"

    for method, path in (("GET", ""), ("GET", PHONE), ("POST", f"{PHONE}/reply")):
        answer = requests.request(method, stranger + path, timeout=20)
        assert answer.status_code == 404
    door = requests.get(f"{simulator.url}/handsets", timeout=20)
    assert door.status_code == 401
    own = (account.sid, account.auth_token)
    assert requests.get(f"{simulator.url}/handsets", auth=own, timeout=20).url == base


def test_pages_allow_no_foreign_scripts_and_no_frames(base):
    headers = requests.get(base, timeout=20).headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["Referrer-Policy"] == "no-referrer"


def test_an_unchanged_page_is_not_sent_again(base, client):
    first = requests.get(base, timeout=20)
    again = {"If-None-Match": first.headers["ETag"]}

    assert requests.get(base, headers=again, timeout=20).status_code == 304


def rich_by_telnyx(simulator, account, content, to=PHONE, **more):
    """Over plain HTTP, since loading Telnyx's library takes seconds."""
    answer = requests.post(
        f"{simulator.url}/v2/messages/rcs",
        headers={"Authorization": f"Bearer {account.telnyx_key}"},
        json={
            "agent_id": account.telnyx_agent,
            "messaging_profile_id": account.telnyx_profile,
            "to": to,
            "agent_message": {"content_message": content},
            **more,
        },
        timeout=20,
    )
    answer.raise_for_status()
    return answer.json()["data"]["id"]


def test_cards_and_suggestions_are_shown_and_can_be_tapped(
    simulator, account, post, look, base
):
    yes = {"reply": {"text": "Yes <b>", "postback_data": "yes_1"}}
    dial = {"action": {"text": "Call", "dial_action": {"phone_number": "+15555550200"}}}
    card = {"title": "Small", "description": "Six panels.", "suggestions": [dial]}
    cards = {"card_width": "SMALL", "card_contents": [card, card | {"title": "Large"}]}
    content = {"rich_card": {"carousel_card": cards}, "suggestions": [yes]}
    agent = f"rcs:{account.telnyx_agent}"

    rich_by_telnyx(simulator, account, content)
    page = wait_for(look, "Six panels.")

    assert "2 cards, side by side" in page
    assert "Yes &lt;b&gt;" in page
    post("reply", sender=agent, button="Yes <b>", payload="yes_1")
    post("reply", sender=agent, button="Call", kind="ACTION")
    post("reply", sender=agent, place="park")
    taps = [m["fields"] for m in simulator.ledger(account=account.sid)[1:]]
    assert [tap.get("ButtonType") for tap in taps] == ["REPLY", "ACTION", None]
    assert taps[2]["Latitude"] == "51.5073"
    assert 'class="pills"' not in look()  # they go once something was said


def test_a_file_that_is_no_picture_is_a_link(simulator, account, look):
    link = "https://example.org/quote.pdf"

    rich_by_telnyx(simulator, account, {"content_info": {"file_url": link}})

    page = wait_for(look, "application/pdf")
    assert f'href="{link}"' in page
    assert "<img" not in page


def test_buttons_of_a_card_stand_once(client, account, look):
    service = client.messaging.v1.services(account.service_sid)
    service.channel_senders.create(sid=sibling_sid("XE", account.sid))
    book = {"type": "QUICK_REPLY", "title": "Book it", "id": "b"}
    card = {"body": "A place is free.", "actions": [book]}
    template = Template(language="en", types={"twilio/card": card})
    sid = client.content.v1.contents.create(template).sid

    send(
        client,
        to=PHONE,
        body=None,
        messaging_service_sid=account.service_sid,
        content_sid=sid,
    )

    page = wait_for(look, 'class="pills"')
    assert page.count(">Book it</button>") == 1


def test_reading_by_rcs_is_told(simulator, account, post):
    rich_by_telnyx(simulator, account, {"text": "Hi"})
    simulator.wait(account=account.sid)

    post("read")

    (entry,) = simulator.ledger(account=account.sid)
    assert entry["status"] == "read"


def test_a_phone_whose_rcs_is_off_gets_none(simulator, account, post, look):
    assert 'aria-checked="true"' in look()
    post("rcs")

    rich_by_telnyx(simulator, account, {"text": "Hi"})

    (entry,) = simulator.wait(account=account.sid)
    assert (entry["status"], entry["error_code"]) == ("sending_failed", 40301)
    assert bubbles(look()) == []
    post("rcs")
    rich_by_telnyx(simulator, account, {"text": "Hi"})
    simulator.wait(account=account.sid, count=2)
    assert len(bubbles(look())) == 1
