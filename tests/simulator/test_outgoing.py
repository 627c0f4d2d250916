"""What a message brings along is fetched; its links may become short ones."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from tests.simulator.test_client import SENDER, send

KB = 1024
FILES = {
    "/photo.jpg": ("image/jpeg", 600 * KB),
    "/large.jpg": ("image/jpeg", 3000 * KB),
    "/card.vcf": ("text/vcard", 2 * KB),
    "/film.mp4": ("video/mp4", 501 * KB),
    "/page.html": ("text/html", 2 * KB),
}
WHATSAPP = {"to": "whatsapp:+12125550100", "from_": f"whatsapp:{SENDER}"}


class Files(BaseHTTPRequestHandler):
    def do_GET(self):
        kind, size = FILES.get(self.path, ("text/plain", 0))
        self.send_response(200 if size else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(b"x" * size)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def files():
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("names", "more", "end"),
    [
        (["photo.jpg", "card.vcf"], {}, ("delivered", None)),
        (["lost.jpg"], {}, ("failed", 63019)),
        (["photo.jpg", "page.html"], {}, ("failed", 63019)),
        (["film.mp4"], {}, ("failed", 30019)),
        (["film.mp4"], WHATSAPP, ("failed", 63034)),
        (["large.jpg", "large.jpg"], {}, ("failed", 30019)),
    ],
)
def test_media_that_cannot_be_had_fail_their_message(
    simulator, client, account, files, names, more, end
):
    more = more or {"from_": SENDER}
    send(client, media_url=[f"{files}/{name}" for name in names], **more)

    (entry,) = simulator.wait(account=account.sid)

    assert (entry["status"], entry["error_code"]) == end


def test_media_elsewhere_are_fetched_only_if_asked_for(simulator, client, account):
    nowhere = "http://nowhere.invalid/a.png"
    send(client, media_url=[nowhere], from_=SENDER)
    simulator.wait(account=account.sid)
    simulator.configure(account.sid, fetches_all_media=True)
    send(client, media_url=[nowhere], from_=SENDER)

    entries = simulator.wait(account=account.sid, count=2)

    assert [entry["error_code"] for entry in entries] == [None, 63019]


def test_short_links_lead_to_the_long_ones(simulator, client, account):
    long = "https://example.org/quotes?id=4711&ref=sms"
    body = f"Your quote: {long}. Ours: {simulator.url}/x"

    sent = send(
        client,
        messaging_service_sid=account.service_sid,
        shorten_urls=True,
        body=body,
    )

    found = re.fullmatch(
        rf"Your quote: ({simulator.url}/\w{{10}})\. Ours: {simulator.url}/x", sent.body
    )
    answer = requests.get(found[1], allow_redirects=False, timeout=20)
    assert (answer.status_code, answer.headers["Location"]) == (302, long)
    assert requests.get(f"{found[1][:-10]}{'x' * 10}", timeout=20).status_code == 404


def test_links_stay_as_they_are_unless_a_service_shortens_them(client):
    body = "https://example.org/quotes"
    assert send(client, from_=SENDER, shorten_urls=True, body=body).body == body


NO_MMS, NO_SHORT_CODE = "+12125550188", "+12125550189"


def test_where_no_mms_is_taken_a_service_sends_links_to_the_media(
    simulator, client, account, files
):
    media = [f"{files}/photo.jpg", f"{files}/card.vcf"]
    service = {"messaging_service_sid": account.service_sid}
    send(client, to=NO_MMS, body="Look:", media_url=media, **service)

    (entry,) = simulator.wait(account=account.sid)

    assert (entry["status"], entry["media"]) == ("delivered", [])
    words = entry["body"].split()
    assert words[0] == "Look:"
    for link, url in zip(words[1:], media, strict=True):
        assert re.fullmatch(rf"{simulator.url}/\w{{7}}", link)
        answer = requests.get(link, allow_redirects=False, timeout=20)
        assert (answer.status_code, answer.headers["Location"]) == (302, url)


@pytest.mark.parametrize("by", ["number", "service"])
def test_without_the_converter_no_mms_gets_there(simulator, client, account, files, by):
    client.messaging.v1.services(account.service_sid).update(mms_converter=False)
    ways = {"number": {"from_": SENDER}, "service": {"from_": account.service_sid}}
    for text in ({"media_url": [f"{files}/photo.jpg"]}, {"body": "Hi"}):
        send(client, to=NO_MMS, **text, **ways[by])

    mms, text = simulator.wait(account=account.sid, count=2)

    assert (mms["status"], mms["error_code"]) == ("failed", 30011)
    assert (text["status"], text["error_code"]) == ("delivered", None)


def test_where_a_short_code_is_not_taken_a_number_of_the_pool_sends(
    simulator, client, account
):
    for to in ("+12125550100", NO_SHORT_CODE):
        send(client, to=to, from_=account.service_sid)

    by_code, by_number = simulator.wait(account=account.sid, count=2)

    assert by_code["from"] == "55501"
    assert by_number["from"].startswith("+15555550")
