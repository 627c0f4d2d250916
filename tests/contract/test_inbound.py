"""What every provider makes of what people write, kept against samples."""

import json
from dataclasses import asdict
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destinations.providers.base import Provider
from destinations.providers.inbound import Inbound, NotInbound
from destinations.providers.twilio_inbound import answer, parse
from tests.contract.contracts import CALLBACKS, CONTRACTS, INBOUND, KINDS
from tests.contract.test_contract import samples


def test_every_provider_has_samples_of_what_people_write():
    for contract in CONTRACTS:
        kind = KINDS[contract.kind]
        if kind.parse_inbound is not Provider.parse_inbound:
            assert len(contract.samples(INBOUND)) >= 5


@pytest.mark.parametrize(("contract", "path"), samples(INBOUND))
def test_messages_from_people_are_read(contract, path, backend):
    expected = json.loads(path.with_suffix(".json").read_text())

    said = contract.make(backend).parse_inbound(path.read_bytes())

    read = {**asdict(said), "media": [asdict(file) for file in said.media]}
    raw = read.pop("raw")
    assert {**read, "raw_fields": len(raw)} == expected


@pytest.mark.parametrize(("contract", "path"), samples("inbound_*.form"))
def test_a_parsed_form_reads_like_its_bytes(contract, path, backend):
    provider = contract.make(backend)
    form = parse_qs(path.read_text(), keep_blank_values=True)

    assert provider.parse_inbound(form) == provider.parse_inbound(path.read_bytes())


@pytest.mark.parametrize(("contract", "path"), samples(CALLBACKS))
def test_a_status_is_no_message_from_a_person(contract, path, backend):
    with pytest.raises(NotInbound):
        contract.make(backend).parse_inbound(path.read_bytes())


@pytest.mark.parametrize("body", [b"", b"a=b", b"\xff\x00", b"{}", b"[1, 2]"])
def test_what_is_no_message_is_refused(contract, body, backend):
    with pytest.raises(ValueError):
        contract.make(backend).parse_inbound(body)


FIELDS = [
    *("MessageSid", "SmsStatus", "MessageStatus", "From", "To", "Body", "NumMedia"),
    *("MediaUrl0", "MediaUrl99", "MediaContentType0", "Latitude", "Longitude"),
    *("OptOutType", "ButtonText", "ButtonPayload", "ChannelMetadata", "ErrorCode"),
    "OriginalRepliedMessageSid",
]
SID = "SM" + "0" * 32
values = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["STOP", "rcs:+12025550100", "1e999", "nan", "received", "\0", SID]
    ),
)


@given(st.dictionaries(st.sampled_from(FIELDS), values))
def test_any_form_is_read_or_refused(form):
    try:
        said = parse({"MessageSid": SID, "From": "+12025550100", **form})
    except NotInbound:
        return
    assert isinstance(said, Inbound)
    assert "\0" not in json.dumps(asdict(said), ensure_ascii=False)
    json.dumps(asdict(said), allow_nan=False)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body):
    for prefix in (b"", f"MessageSid={SID}&From=%2B1&Body=".encode(), b'{"From":'):
        try:
            parse(prefix + body)
        except ValueError:
            continue


def test_nothing_is_answered_unless_there_is_a_text():
    empty, said = answer(), answer("Ann & Bob <3")

    assert empty.content_type.startswith("text/xml")
    assert len(ET.fromstring(empty.body)) == 0
    assert ET.fromstring(said.body).findtext("Message") == "Ann & Bob <3"
