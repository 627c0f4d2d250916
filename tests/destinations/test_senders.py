"""Senders by what the provider says of them, and the sheet of an RCS agent."""

import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from destinations.images import Picture, contrast_with_white, read_picture
from destinations.models import RcsSheet
from destinations.rcs_sheet import ENTRIES, lines_of
from destinations.senders import senders_of
from leadrails.tenants.models import Role
from tests.make import make_destination, make_tenant, make_user


def png(width, height, size=0):
    head = struct.pack(">4sIIBBBBB", b"IHDR", width, height, 8, 2, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(head))
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + crc
    return data.ljust(size, b"\0")


def jpeg(width, height):
    before = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF".ljust(14, b"\0")
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 17, 8, height, width, 3)
    return b"\xff\xd8" + before + frame + bytes(20)


@pytest.mark.parametrize(
    ("data", "picture"),
    [
        (png(224, 224, 900), Picture("PNG", 224, 224, 900)),
        (jpeg(1440, 448), Picture("JPEG", 1440, 448, len(jpeg(1440, 448)))),
        (b"GIF89a", None),
        (png(1, 1)[:18], None),
        (b"\xff\xd8\xff", None),
        (b"\xff\xd8" + bytes(40), None),
        (b"", None),
    ],
)
def test_a_picture_is_measured_by_its_first_bytes(data, picture):
    assert read_picture(data) == picture


@pytest.mark.parametrize(
    ("colour", "contrast"), [("#ffffff", 1), ("#000000", 21), ("#E91B0C", 4.55)]
)
def test_contrast_is_that_of_the_guidelines(colour, contrast):
    assert contrast_with_white(colour) == pytest.approx(contrast, abs=0.05)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("display_name", "Acme", "A" * 41),
        ("display_name", "Acme & Sons", "Acme {{ name }}"),
        ("colour", "#4F46E5", "#ffff00"),
        ("colour", "#000000", "red"),
        ("logo_url", "https://acme.example/l.png", "http://acme.example/l.png"),
        ("phone", "+15555550100", "555-0100"),
        ("sender_id", "rcs:acme_agent", "acme"),
        ("account", "AC" + "0" * 32, "SK" + "0" * 32),
    ],
)
def test_the_sheet_finds_what_would_be_refused(name, good, bad):
    problems = {
        value: line.problem
        for value in (good, bad)
        for line in lines_of({name: value})
        if line.entry.name == name
    }
    assert problems[good] == ""
    assert problems[bad]


def test_an_empty_sheet_lacks_all_that_is_needed():
    lines = lines_of({})
    assert [line.is_missing for line in lines] == [e.is_needed for e in ENTRIES]


@pytest.fixture
def tenant(db):
    return make_tenant()


@pytest.fixture
def enter(tenant):
    def enter(role=Role.ADMIN):
        client = Client()
        client.force_login(make_user(tenant, role))
        return client

    return enter


def make(tenant, sender, **verification):
    config = {"account_sid": "AC" + "0" * 32, **sender}
    verified_at = timezone.now() if verification else None
    return make_destination(
        tenant, config=config, verified_at=verified_at, verification=verification
    )


def test_a_sender_stands_once_with_its_kind_and_what_was_found(tenant):
    numbers = ["+15555550100", "+18005550100", "55555", "ACME"]
    places = [make(tenant, {"from_number": number}) for number in numbers]
    places.append(make(tenant, {"messaging_service_sid": "MG" + "0" * 32}))
    agent = {"channel": "rcs", "rcs_agent": "rcs:acme_agent"}
    places.append(make(tenant, {"from_number": numbers[0], **agent}))
    doubt = {"ok": True, "sentence": "Fine.", "hints": ["No campaign."]}
    places.append(make(tenant, {"from_number": numbers[0]}, **doubt))
    rows = {row.shown: row for row in senders_of(places)}
    assert len(rows) == 6
    assert rows["RCS acme_agent"].kind == "RCS agent"
    assert rows[numbers[0]].state == "doubtful"
    assert len(rows[numbers[0]].destinations) == 2
    kinds = [str(rows[number].kind).split(";")[0] for number in numbers]
    assert kinds == ["Number", "Toll-free number", "Short code", "Sender name"]
    assert {row.kind for row in rows.values()} > {"Pool of senders"}


def test_the_page_says_what_needs_a_look(tenant, enter):
    make(tenant, {"from_number": "+15555550100"}, ok=False, sentence="Refused it.")
    make(tenant, {"from_number": "+15555550101"})
    page = enter(Role.VIEWER).get(reverse("senders:list", args=[tenant.slug])).text
    assert page.index("Refused it.") < page.index("Verify the connection to find out")
    assert "Begin the sheet" not in page


def test_the_sheet_is_kept_checked_and_exported(tenant, enter):
    client, page = enter(), reverse("senders:sheet", args=[tenant.slug])
    assert "missing" in client.get(page).text
    posted = {
        "display_name": "Acme Plumbing",
        "colour": "#ffff00",
        "step_created": "on",
        "logo_file": SimpleUploadedFile("logo.png", png(224, 224)),
        "banner_file": SimpleUploadedFile("banner.png", png(900, 300)),
    }
    shown = client.post(page, posted, follow=True).text
    assert "Contrast with white" in shown
    assert "PNG 900 × 300" in shown
    assert "it must be 1440 × 448" in shown
    sheet = RcsSheet.objects.get()
    assert sheet.pictures["logo"]["problem"] == ""
    assert sheet.steps == {**dict.fromkeys(sheet.steps, False), "created": True}
    client.post(page, {"display_name": "Acme"})
    assert RcsSheet.objects.get().pictures == sheet.pictures
    export = client.get(reverse("senders:export", args=[tenant.slug]))
    assert "Display name: Acme\n" in export.text
    assert "attachment" in export["Content-Disposition"]
