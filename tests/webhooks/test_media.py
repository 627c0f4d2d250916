"""Files that people sent: fetched with guards, or left as links."""

import asyncio
import socket
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

import pytest
from aiohttp import web
from django.utils import timezone

from destinations.providers import download
from destinations.providers.answers import Auth
from destinations.providers.download import Downloads, NotKept, NotNow, is_public
from leadrails.contacts.models import InboundMedia
from tests.make import make_message
from tests.webhooks.twilio import make_sent_job
from webhooks import media
from webhooks.media import MAX_TRIES, fetch_waiting

PNG = b"\x89PNG\r\n"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("no address", False),
    ],
)
def test_only_addresses_of_the_internet_are_public(address, expected):
    assert is_public(address) is expected


@asynccontextmanager
async def server(handler):
    app = web.Application()
    app.router.add_get("/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


def fetch(path, handler, *, base="", **options):
    """Fetch from a server whose address, with `base`, is the provider's."""

    async def run():
        async with server(handler) as url:
            own = f"{url}{base}"

            def auth(asked):
                return Auth("Basic x") if asked.startswith(own) else None

            async with Downloads(own, auth, **options) as downloads:
                return await downloads.fetch(path if "://" in path else f"{url}{path}")

    return asyncio.run(run())


def answering(body=PNG, content_type="image/png", status=200, **headers):
    async def handler(_):
        if content_type:
            headers["Content-Type"] = content_type
        return web.Response(status=status, body=body, headers=headers)

    return handler


def test_a_file_of_the_provider_is_fetched_with_its_key():
    seen = []

    async def handler(request):
        seen.append(request.headers.get("Authorization"))
        return web.Response(body=PNG, content_type="image/png")

    file = fetch("/Media/ME1", handler)

    assert (file.content_type, file.data, seen) == ("image/png", PNG, ["Basic x"])


@pytest.mark.parametrize(
    "url",
    [
        "http://8.8.8.8/a.png",
        "https://127.0.0.1/a.png",
        "https://[::1]/a.png",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/a.png",
        "https://2130706433/a.png",
        "https://127.1/a.png",
        "ftp://example.com/a.png",
        "file:///etc/passwd",
        "https:///a.png",
        "https://[/a.png",
    ],
)
def test_addresses_that_are_not_public_are_not_asked(url):
    with pytest.raises(NotKept):
        fetch(url, answering())


def test_a_name_that_leads_inside_is_not_asked(monkeypatch):
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)
    with pytest.raises(NotKept, match="public"):
        fetch("https://files.example.com/a.png", answering())


def test_a_redirect_may_not_lead_inside():
    handler = answering(status=307, Location="http://127.0.0.1:1/secret")
    with pytest.raises(NotKept, match="https"):
        fetch("/own/a", handler, base="/own")


def test_a_redirect_within_the_provider_is_followed():
    async def handler(request):
        if request.path == "/a":
            raise web.HTTPFound("/b")
        return web.Response(body=PNG, content_type="image/png")

    assert fetch("/a", handler).data == PNG


def test_a_redirect_without_end_is_given_up():
    with pytest.raises(NotKept, match="on and on"):
        fetch("/a", answering(status=302, Location="/a"))


@pytest.mark.parametrize(
    "content_type",
    ["text/html", "image/svg+xml", "application/x-msdownload", "x" * 200],
)
def test_kinds_that_could_run_are_not_kept(content_type):
    with pytest.raises(NotKept, match="kind"):
        fetch("/a", answering(content_type=content_type))


@pytest.mark.parametrize("is_told", [True, False])
def test_what_is_too_large_is_not_kept(is_told):
    async def handler(request):
        if is_told:
            return web.Response(body=b"x" * 2_000, content_type="image/png")
        response = web.StreamResponse(headers={"Content-Type": "image/png"})
        await response.prepare(request)
        for _ in range(20):
            await response.write(b"x" * 100)
        return response

    with pytest.raises(NotKept, match="larger"):
        fetch("/a", handler, max_bytes=1_000)


@pytest.mark.parametrize(
    ("status", "error"), [(404, NotKept), (401, NotKept), (503, NotNow), (429, NotNow)]
)
def test_answers_without_a_file(status, error):
    with pytest.raises(error):
        fetch("/a", answering(status=status))


# Rows ---------------------------------------------------------------------------


@pytest.fixture
def row(db):
    return InboundMedia.objects.create(
        tenant_id=(message := make_message(make_sent_job())).tenant_id,
        message=message,
        position=0,
        url="https://example.com/a",
        content_type="image/png",
        state="waiting",
        due_at=timezone.now(),
    )


@contextmanager
def giving(monkeypatch, result):
    async def fetched(*_, **__):
        if isinstance(result, Exception):
            raise result
        return result

    with monkeypatch.context() as patched:
        patched.setattr(media.Downloads, "fetch", fetched)
        yield


def test_a_file_is_kept_with_its_message(row, monkeypatch):
    with giving(monkeypatch, download.File("image/jpeg", PNG)):
        assert fetch_waiting() == 1
        assert fetch_waiting() == 0

    row.refresh_from_db()
    assert (row.state, row.content_type, row.size) == ("kept", "image/jpeg", len(PNG))
    assert bytes(row.data) == PNG


def test_a_file_that_is_not_kept_says_why(row, monkeypatch):
    with giving(monkeypatch, NotKept("It is gone.")):
        fetch_waiting()

    row.refresh_from_db()
    assert (row.state, row.problem, row.data) == ("refused", "It is gone.", None)


def test_a_file_that_is_not_there_yet_is_asked_for_again(row, monkeypatch):
    with giving(monkeypatch, NotNow("503")):
        for number in range(1, MAX_TRIES + 1):
            row.refresh_from_db()
            assert (row.state, row.tries) == ("waiting", number - 1)
            assert fetch_waiting() == 1
            assert fetch_waiting() == 0
            InboundMedia.objects.filter(state="waiting").update(
                due_at=timezone.now() - timedelta(seconds=1)
            )

    row.refresh_from_db()
    assert (row.state, row.problem) == ("refused", "It could not be fetched.")


def test_a_worker_that_died_leaves_the_file_to_the_next(row):
    (taken,) = media._take()
    assert media._take() == []
    InboundMedia.objects.update(due_at=taken.due_at - timedelta(minutes=3))
    assert [again.tries for again in media._take()] == [2]
