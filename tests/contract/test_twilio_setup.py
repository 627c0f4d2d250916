"""What a tenant may enter for Twilio."""

import pytest

from destinations.providers.twilio import TwilioSMS

AC = "AC" + "0123456789abcdef" * 2
SK = "SK" + "0123456789abcdef" * 2
MG = "MG" + "0123456789ABCDEF" * 2
HX = "HX" + "0123456789abcdef" * 2
TOKEN = "fedcba9876543210" * 2
KEY_SECRET = "AbCdEfGhIjKlMnOpQrStUvWxYz012345"
SIMULATED = "AC5111a7ed" + "0" * 24
GOOD = {"account_sid": AC, "from_number": "+15555550100"}


def problems(config=GOOD, *, simulated=False, **credentials):
    credentials = credentials or {"auth_token": TOKEN}
    return TwilioSMS.validate(config, credentials, simulated)


def test_the_fields_are_those_of_the_guide_in_its_order():
    labels = [field.label for field in TwilioSMS.fields if field.is_of_account]

    assert TwilioSMS.label == "SMS — Twilio"
    assert labels == [
        "Account SID",
        "Auth token",
        "API key SID",
        "API key secret",
        "From number",
        "Messaging Service SID",
        "RCS sender",
    ]
    assert [f.name for f in TwilioSMS.fields if f.secret] == [
        "auth_token",
        "api_key_secret",
    ]


@pytest.mark.parametrize(
    "credentials",
    [
        pytest.param({"auth_token": TOKEN}, id="token"),
        pytest.param({"api_key_sid": SK, "api_key_secret": KEY_SECRET}, id="key"),
        pytest.param({"api_key_sid": SK, "auth_token": KEY_SECRET}, id="as the guide"),
        pytest.param(
            {"api_key_sid": SK, "api_key_secret": KEY_SECRET, "auth_token": TOKEN},
            id="both",
        ),
    ],
)
def test_a_token_or_a_key_is_enough(credentials):
    assert problems(**credentials) == {}


@pytest.mark.parametrize(
    ("credentials", "field"),
    [
        ({"auth_token": " "}, "auth_token"),
        ({"auth_token": "short"}, "auth_token"),
        ({"auth_token": KEY_SECRET}, "auth_token"),
        ({"api_key_sid": SK, "api_key_secret": ""}, "api_key_secret"),
        ({"api_key_secret": KEY_SECRET}, "api_key_sid"),
        ({"api_key_sid": SK, "api_key_secret": "with a space in it"}, "api_key_secret"),
        ({"api_key_sid": AC, "api_key_secret": KEY_SECRET}, "api_key_sid"),
    ],
)
def test_credentials_at_fault_are_named(credentials, field):
    found = problems(**credentials)

    assert list(found) == [field]
    assert found[field].endswith(".")
    assert not any(secret in found[field] for secret in (KEY_SECRET, "short,"))


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"account_sid": ""}, "account_sid", "Enter the Account SID"),
        ({"account_sid": "AC123"}, "account_sid", "32 hex"),
        ({"account_sid": SK}, "account_sid", "This is the API key SID"),
        ({"messaging_service_sid": "MGx"}, "messaging_service_sid", "32 hex"),
        ({"messaging_service_sid": AC}, "messaging_service_sid", "starts with MG"),
        ({"from_number": ""}, "from_number", "Messaging Service SID"),
        ({"from_number": "(555) 555-0100"}, "from_number", "E.164"),
        ({"from_number": "15555550100"}, "from_number", "E.164"),
        ({"from_number": "+0155555"}, "from_number", "E.164"),
        ({"from_number": "Twelve chars"}, "from_number", "11 characters"),
        ({"from_number": "Bad!"}, "from_number", "letters"),
    ],
)
def test_settings_at_fault_are_named(changes, field, words):
    found = problems({**GOOD, **changes})

    assert list(found) == [field]
    assert words in found[field]


@pytest.mark.parametrize(
    "sender", ["+447700900100", "55501", "LeadRails", "Acme & Co", "A-1 x_y+z", MG]
)
def test_senders_of_every_form_are_taken(sender):
    assert problems({**GOOD, "from_number": sender}) == {}


def test_a_service_alone_is_enough():
    assert problems({"account_sid": AC, "messaging_service_sid": MG}) == {}


def test_simulated_and_real_sids_do_not_mix():
    real, simulated = GOOD, {**GOOD, "account_sid": SIMULATED}

    assert problems(simulated, simulated=True) == {}
    assert "is simulated" in problems(real, simulated=True)["account_sid"]
    assert "the simulator" in problems(simulated)["account_sid"]
    service = "MG5111a7ed" + "0" * 24
    mixed = {**GOOD, "messaging_service_sid": service}
    assert list(problems(mixed)) == ["messaging_service_sid"]
    assert list(problems({**GOOD, "from_number": service})) == ["messaging_service_sid"]


def test_blanks_around_pasted_values_do_not_matter():
    config = {"account_sid": f" {AC}\n", "from_number": " +15555550100 "}

    assert problems(config, auth_token=f" {TOKEN} ") == {}
    built = TwilioSMS.from_config(
        config, {"auth_token": f"{TOKEN}\n"}, base_url="http://h/"
    )
    assert (built.account_sid, built.auth_tokens) == (AC, (TOKEN,))
    assert built.base_url == "http://h"


def test_secrets_are_known_and_not_printed():
    built = TwilioSMS.from_config(
        GOOD,
        {"auth_token": TOKEN, "api_key_sid": SK, "api_key_secret": KEY_SECRET},
        base_url="http://h",
    )

    assert all(secret in built.secrets() for secret in (TOKEN, KEY_SECRET))
    assert not any(secret in repr(built) for secret in built.secrets())


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"channel": "fax"}, "channel", "Choose one of: Text message, RCS"),
        ({"smart_encoded": "yes"}, "smart_encoded", "Choose one of"),
        ({"message_intent": "spam"}, "message_intent", "Choose one of"),
        ({"content_retention": "retain"}, "content_retention", "Choose one of"),
        ({"send_after": "5"}, "send_after", "from 6 to 1,440"),
        ({"send_after": "1441"}, "send_after", "from 6 to 1,440"),
        ({"send_after": "6.5"}, "send_after", "from 6 to 1,440"),
        ({"send_after": "٦٠"}, "send_after", "from 6 to 1,440"),
        ({"media_urls": "https://h.example/a\n" * 11}, "media_urls", "at most 10"),
        ({"content_template": "HX1"}, "content_template", "32 hex"),
        ({"content_variables": "1 = Ann"}, "content_template", "Enter the template"),
        (
            {"content_template": HX, "content_variables": "Ann"},
            "content_variables",
            "Ann",
        ),
        (
            {"content_template": HX, "media_urls": "https://h.example/a"},
            "media_urls",
            "brings",
        ),
        ({"from_number": "whatsapp:55501"}, "from_number", "E.164"),
        ({"from_number": "LeadRails", "channel": "whatsapp"}, "from_number", "E.164"),
    ],
)
def test_options_at_fault_are_named(changes, field, words):
    config = {**GOOD, "messaging_service_sid": MG, **changes}

    found = problems(config)

    assert list(found) == [field]
    assert words in found[field]


@pytest.mark.parametrize("option", [{"send_after": "60"}, {"shorten_urls": "true"}])
def test_some_options_need_a_service(option):
    assert "Messaging Service" in problems({**GOOD, **option})[next(iter(option))]
    assert problems({**GOOD, **option, "messaging_service_sid": MG}) == {}


def test_every_choice_of_every_option_is_taken():
    for field in TwilioSMS.fields:
        for value, _ in field.choices:
            config = {**GOOD, "messaging_service_sid": MG, field.name: value}
            assert problems(config) == {}, (field.name, value)


@pytest.mark.parametrize(
    ("config", "owned", "shown", "number"),
    [
        ({}, "+15555550100", "+15555550100", "+15555550100"),
        ({"from_number": "55501"}, "55501", "55501", ""),
        ({"from_number": "LeadRails"}, "", "LeadRails", ""),
        ({"messaging_service_sid": MG}, MG, "MG…ABCDEF", ""),
        ({"from_number": MG}, MG, "MG…ABCDEF", ""),
        (
            {"from_number": "whatsapp:+15555550100"},
            "+15555550100",
            "WhatsApp +15555550100",
            "+15555550100",
        ),
    ],
)
def test_a_sender_is_a_service_or_a_number_or_a_mere_name(config, owned, shown, number):
    sender = TwilioSMS.sender_of({**GOOD, **config})

    assert (sender.id, sender.shown, sender.number) == (owned, shown, number)
    assert sender.account == AC


def test_only_the_token_beside_a_key_checks_signatures():
    key = {"api_key_sid": SK, "auth_token": KEY_SECRET, "auth_token_previous": TOKEN}

    built = TwilioSMS.from_config(GOOD, key, base_url="http://h")

    assert (built.api_key_secret, built.auth_tokens) == (KEY_SECRET, ())
