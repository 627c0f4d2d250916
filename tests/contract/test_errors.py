"""What error codes mean, for the machine and for people."""

import json
import re

import pytest

from destinations.providers import errors
from leadrails.core.delivery import ErrorClass, Scope

TABLE = json.loads((errors.DATA / "error_codes.json").read_text())
SENTENCES = json.loads((errors.DATA / "error_sentences.json").read_text())
CODES = [(row["provider"], row["code"]) for row in TABLE["codes"]]


@pytest.mark.parametrize(("vendor", "code"), CODES)
def test_every_code_of_the_table_is_known_and_explained(vendor, code):
    info = errors.lookup(f"{vendor}_sms", code)

    assert info.is_known
    assert info.code == code
    assert re.fullmatch(r"[A-Z0-9'\"].*[.]", info.sentence), info.sentence
    assert info.docs_url.startswith("https://")


def test_the_table_and_the_core_know_the_same_classes_and_scopes():
    assert set(TABLE["classes"]) == set(ErrorClass)
    assert set(TABLE["scopes"]) == set(Scope)


def test_every_sentence_belongs_to_a_code_and_ends_as_one():
    said = {
        (v, code): text
        for v in ("twilio", "telnyx")
        for code, text in SENTENCES[v].items()
    }

    assert said.keys() <= set(CODES)
    assert all(sentence.endswith(".") for sentence in said.values())


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("20003", "credentials"),
        ("21211", "E.164"),
        ("21610", "replied STOP"),
        ("21408", "Geo permissions"),
        ("21606", "From number"),
        ("21608", "trial"),
        ("30003", "switched off"),
        ("30005", "does not know this phone"),
        ("30006", "landline"),
        ("30007", "filtered"),
        ("30034", "10DLC"),
    ],
)
def test_the_codes_of_the_guide_have_plain_words(code, words):
    assert words in errors.lookup("twilio_sms", code).sentence


def test_a_code_without_a_sentence_is_explained_from_the_table():
    info = errors.lookup("twilio", "14107")

    assert info.sentence.startswith("SMS send rate limit exceeded (loop protection).")


@pytest.mark.parametrize(
    ("where", "error_class"),
    [("sync", "destination_config"), ("callback", "recipient_permanent")],
)
def test_an_unknown_code_ends_one_message_and_pauses_nothing(where, error_class):
    info = errors.lookup("twilio_sms", "98765", where=where)

    assert (info.error_class, info.scope) == (error_class, "message")
    assert not info.is_known
    assert "98765" in info.sentence
    assert info.docs_url == "https://www.twilio.com/docs/api/errors/98765"


@pytest.mark.parametrize("code", ["", "../secret", "1" * 30, "{code}"])
def test_only_codes_get_a_link(code):
    assert errors.docs_url("twilio_sms", code) is None
    assert errors.lookup("nobody", code).docs_url is None
