"""Pictures are looked at before a provider has to refuse them."""

import asyncio

import pytest

from destinations.media_check import media_hints
from destinations.providers.twilio import TwilioSMS
from destinations.verification import verify_connection
from tests.contract.canned import canned, reply
from tests.make import make_destination


def hints(*lines, replies):
    async def act():
        async with canned(*replies) as server:
            text = "\n".join(line.replace("HOST", server.url) for line in lines)
            found = await media_hints(
                {"media_urls": text}, TwilioSMS.media_limits, base_url=server.url
            )
            return found, [request.line.split()[1] for request in server.requests]

    return asyncio.run(act())


def picture(size, kind="image/png"):
    return reply(200, b"x" * size, {"Content-Type": kind})


def test_pictures_that_fit_are_no_matter():
    found, asked = hints(
        "HOST/a.png", "HOST/{{ first_name }}.png", replies=[picture(100_000)]
    )

    assert (found, asked) == ((), ["/a.png"])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (picture(500_001, "application/pdf"), "may have 500 kB"),
        (picture(5_000_001), "at most 5 MB"),
        (picture(5_300_000), "larger than 5 MB"),
        (reply(404), "gone"),
        (reply(503), "does not answer"),
        (picture(5, "text/html"), "kind"),
    ],
)
def test_what_would_fail_is_said(answer, words):
    (found,), _ = hints("HOST/a", replies=[answer])

    assert words in found


def test_pictures_count_together():
    found, asked = hints("HOST/a", "HOST/b", replies=[picture(2_500_001)])

    assert len(asked) == 2
    assert "at most 5 MB are taken" in found[0]


@pytest.mark.django_db
def test_verify_looks_at_no_address_that_is_not_public(simulator, settings):
    settings.LEADRAILS_SIMULATOR_URL = simulator.url
    row = make_destination()
    row.config["media_urls"] = "https://127.0.0.1/a.png"
    row.save()

    result = verify_connection(row, actor=None)

    assert result.ok
    assert result.hints == (
        "https://127.0.0.1/a.png: The address is not a public one.",
    )
