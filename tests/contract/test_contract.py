"""The promises of every provider, kept against samples and the real simulator."""

import asyncio
import json
import logging
import subprocess
import sys
import time
import traceback
from dataclasses import MISSING, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from aiohttp import web

from destinations.providers.base import (
    Capability,
    Message,
    SignatureCheck,
    StatusUpdate,
)
from destinations.providers.http import ProviderSession
from leadrails.core.delivery import (
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Receipt,
    Refused,
    SendError,
)
from leadrails.core.states import State
from tests.contract.canned import canned, free_port, reply
from tests.contract.contracts import CALLBACKS, CONTRACTS, KINDS


def samples(pattern):
    return [
        pytest.param(contract, path, id=f"{contract.kind}-{path.stem}")
        for contract in CONTRACTS
        for path in contract.samples(pattern)
    ]


def call(act, **settings):
    """Run `act(http)` over a session of its own."""

    async def run():
        async with ProviderSession(**settings) as http:
            return await act(http)

    return asyncio.run(run())


def send(provider, to, **settings):
    message = Message(to=to, body="Hi Ann, a test é", validity_seconds=14_400)
    return call(lambda http: provider.send(message, http), **settings)


def a_minute_ago():
    return datetime.now(UTC) - timedelta(seconds=60)


def test_every_provider_has_a_contract_and_samples():
    assert {contract.kind for contract in CONTRACTS} == set(KINDS)
    for contract in CONTRACTS:
        assert len(contract.samples(CALLBACKS)) >= 5
        assert len(contract.samples("answer_*.json")) >= 5


def test_a_provider_says_what_it_needs(contract):
    provider = KINDS[contract.kind]
    names = [field.name for field in provider.fields]

    assert provider.kind == contract.kind
    assert len(names) == len(set(names))
    assert all(field.label and field.help for field in provider.fields)
    assert {f.name for f in provider.fields if f.secret} >= set(contract.secret_fields)


def test_settings_of_a_simulated_account_are_valid_only_when_simulated(
    contract, backend
):
    config, credentials = contract.settings(backend)
    provider = KINDS[contract.kind]

    assert provider.validate(config, credentials, simulated=True) == {}
    assert provider.validate(config, credentials, simulated=False)
    assert provider.validate({}, {}, simulated=True)


def test_a_message_is_sent_once_and_has_a_receipt(contract, provider, backend):
    to = contract.recipients["good"]

    receipt = send(provider, to)

    assert isinstance(receipt, Receipt)
    (row,) = backend.ledger(account=contract.account_of(provider))
    assert (row["sid"], row["to"]) == (receipt.provider_id, to)
    assert row["body"] == "Hi Ann, a test é"


def test_a_receipt_can_be_asked_after(contract, provider, backend):
    receipt = send(provider, contract.recipients["good"])
    backend.wait(account=contract.account_of(provider))

    update = call(lambda http: provider.fetch(receipt.provider_id, http))

    assert update.provider_id == receipt.provider_id
    assert update.status is State.DELIVERED
    assert update.occurred_at.tzinfo


def test_a_failure_can_be_asked_after(contract, provider, backend):
    receipt = send(provider, contract.recipients["filtered"])
    backend.wait(account=contract.account_of(provider))

    update = call(lambda http: provider.fetch(receipt.provider_id, http))

    assert update.status is State.UNDELIVERED
    assert update.error_class == "carrier_filtered"


def test_a_refusal_names_code_class_and_scope(contract, provider):
    with pytest.raises(Refused) as caught:
        send(provider, contract.recipients["refused"])

    assert caught.value.scope in {"number", "recipient"}
    assert caught.value.error_class == "recipient_permanent"
    assert contract.recipients["refused"] not in str(caught.value)


def test_a_rate_limit_is_not_sent_and_says_how_long(contract, provider, backend):
    with pytest.raises(RateLimited) as caught:
        send(provider, contract.recipients["rate_limited"])

    assert caught.value.retry_after == 1
    assert backend.ledger(account=contract.account_of(provider)) == []


def test_no_listener_means_not_sent(contract, backend):
    provider = contract.make(backend, base_url=f"http://127.0.0.1:{free_port()}")

    with pytest.raises(NotSent):
        send(provider, contract.recipients["good"])


@pytest.mark.parametrize("trouble", ["answer_lost", "error_after"])
def test_a_lost_answer_is_unknown_until_it_is_found(
    contract, provider, backend, trouble
):
    to = contract.recipients[trouble]
    with pytest.raises(OutcomeUnknown):
        send(provider, to)

    assert len(backend.requests(to=to, account=contract.account_of(provider))) == 1
    if provider.can(Capability.LIST):
        found = call(lambda http: provider.find(to, a_minute_ago(), http))
        (row,) = backend.ledger(account=contract.account_of(provider))
        assert [message.provider_id for message in found] == [row["sid"]]
        assert found[0].to == to
        assert found[0].created_at > a_minute_ago()


@pytest.mark.parametrize("trouble", ["reset", "html_502", "unavailable"])
def test_an_answer_that_says_nothing_is_unknown_and_absence_can_be_seen(
    contract, provider, backend, trouble
):
    to = contract.recipients[trouble]
    with pytest.raises(OutcomeUnknown):
        send(provider, to)

    assert len(backend.requests(to=to, account=contract.account_of(provider))) == 1
    if provider.can(Capability.LIST):
        assert call(lambda http: provider.find(to, a_minute_ago(), http)) == []


def test_only_this_recipients_recent_messages_are_found(contract, provider):
    if not provider.can(Capability.LIST):
        return
    first = send(provider, contract.recipients["good"])
    second = send(provider, contract.recipients["good"])
    other = send(provider, contract.recipients["filtered"])
    in_a_minute = datetime.now(UTC) + timedelta(seconds=60)

    def found(to, since):
        messages = call(lambda http: provider.find(to, since, http))
        return {message.provider_id for message in messages}

    mine = {first.provider_id, second.provider_id}
    assert found(contract.recipients["good"], a_minute_ago()) == mine
    assert found(None, a_minute_ago()) == {*mine, other.provider_id}
    assert found(contract.recipients["good"], in_a_minute) == set()


def test_credentials_that_work_are_verified(provider):
    if provider.can(Capability.REPLIES):
        call(lambda http: provider.connect_replies("https://h.example/in", http))

    result = call(provider.verify_credentials)

    assert (result.ok, result.code) == (True, "good")
    assert result.hints == ()


def test_wrong_credentials_are_verified_as_such_and_refused(contract, backend):
    wrong = contract.make(backend, **dict.fromkeys(contract.secret_fields, "0" * 32))

    result = call(wrong.verify_credentials)
    with pytest.raises(Refused) as caught:
        send(wrong, contract.recipients["good"])

    assert (result.ok, result.code) == (False, "wrong_secret")
    assert caught.value.code == contract.wrong_secret_code
    assert caught.value.scope == "account"


def test_an_unreachable_provider_says_nothing_of_the_credentials(contract, backend):
    provider = contract.make(backend, base_url=f"http://127.0.0.1:{free_port()}")

    result = call(provider.verify_credentials)

    assert (result.ok, result.code) == (False, "unreachable")


def test_secrets_appear_nowhere(contract, backend, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    nowhere = f"http://127.0.0.1:{free_port()}"
    seen = []
    for base_url in (backend.url, nowhere):
        provider = contract.make(backend, base_url=base_url)
        for to in contract.recipients.values():
            try:
                seen.append(repr(send(provider, to)))
            except SendError as error:
                seen.append("".join(traceback.format_exception(error)))
        seen.append(repr(call(provider.verify_credentials)))
        seen += [repr(provider), str(provider), caplog.text]
        output = "".join([*seen, *capfd.readouterr()])

        assert provider.secrets()
        for secret in provider.secrets():
            assert secret not in output


def test_secrets_include_all_that_is_secret(contract, backend):
    config, credentials = contract.settings(backend)
    provider = KINDS[contract.kind].from_config(
        config, credentials, base_url="http://127.0.0.1"
    )

    secret = {field.name for field in provider.fields if field.secret}
    assert set(credentials) <= secret
    assert set(credentials.values()) <= set(provider.secrets())


@pytest.mark.parametrize(("contract", "path"), samples(CALLBACKS))
def test_callbacks_are_read(contract, path, backend):
    provider = contract.make(backend)
    expected = json.loads(path.with_suffix(".json").read_text())
    defaults = {
        field.name: None if field.default is MISSING else field.default
        for field in fields(StatusUpdate)
    }
    defaults["details"] = {}

    update = provider.parse_callback(path.read_bytes())

    read = {name: written(getattr(update, name)) for name in defaults}
    assert read == {**defaults, **expected}


def written(value):
    """As a sample has it: JSON knows neither times nor exact numbers."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


@pytest.mark.parametrize(("contract", "path"), samples("callback_*.form"))
def test_a_parsed_form_reads_like_its_bytes(contract, path, backend):
    from urllib.parse import parse_qs

    provider = contract.make(backend)
    form = parse_qs(path.read_text(), keep_blank_values=True)
    flat = {name: values[-1] for name, values in form.items()}

    update = provider.parse_callback(path.read_bytes())

    assert provider.parse_callback(form) == update
    assert provider.parse_callback(flat) == update


@pytest.mark.parametrize("body", [b"", b"a=b", b"\xff\x00", b"{}", b"[1, 2]"])
def test_what_is_no_callback_is_refused(provider, body):
    with pytest.raises(ValueError):
        provider.parse_callback(body)


@pytest.mark.parametrize(("contract", "path"), samples("answer_*.json"))
def test_answers_to_a_send_are_classified(contract, path, backend):
    sample = json.loads(path.read_text())
    expected = sample["expected"]

    async def act():
        answer = reply(sample["http_status"], sample["body"])
        async with canned(answer) as server, ProviderSession() as http:
            provider = contract.make(backend, base_url=server.url)
            try:
                return await provider.send(Message(to="+12125550100", body="x"), http)
            except SendError as error:
                return error

    outcome = asyncio.run(act())

    assert type(outcome).__name__ == expected.pop("outcome")
    assert {name: getattr(outcome, name) for name in expected} == expected


def test_every_known_code_has_a_page(contract, provider):
    page = provider.error_docs_url(contract.known_code)
    assert page.startswith("https://")
    assert contract.known_code in page
    assert provider.error_docs_url("../x") is None


def test_callbacks_of_the_provider_are_genuine_and_in_order_of_truth(
    contract, provider
):
    """The provider calls back; the signature is checked over the public URL."""
    received, url = call(lambda http: receive(provider, contract, http))

    updates = [provider.parse_callback(body) for _, body, _ in received]
    assert updates[-1].status is State.DELIVERED
    for path, body, headers in received:
        assert "#" not in path
        whole = url + path.removeprefix("/back")
        check = provider.verify_callback(whole, body, headers)
        assert check is SignatureCheck.VALID
        forged = provider.verify_callback(whole, body + b"&x=1", headers)
        assert forged is SignatureCheck.INVALID


async def receive(provider, contract, http):
    received = []

    async def take(request):
        received.append(
            (str(request.rel_url), await request.read(), dict(request.headers))
        )
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/back", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/back"
    message = Message(
        to=contract.recipients["good"], body="Hi", callback_url=f"{url}?a=1&m=%7E"
    )
    try:
        await provider.send(message, http)
        deadline = time.monotonic() + 30
        while not any(is_delivered(provider, body) for _, body, _ in received):
            assert time.monotonic() < deadline, received
            await asyncio.sleep(0.02)
    finally:
        await runner.cleanup()
    return received, url


def is_delivered(provider, body):
    return provider.parse_callback(body).status is State.DELIVERED


def test_listing_the_kinds_loads_no_heavy_library():
    program = (
        "import sys; import destinations.providers.registry, tests.contract.pigeon;"
        "print([m for m in ('aiohttp', 'django', 'requests', 'twilio.rest', 'celery')"
        " if m in sys.modules])"
    )

    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert output.strip() == "[]"
