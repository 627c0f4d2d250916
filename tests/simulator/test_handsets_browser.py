"""A phone in a real browser: what one types, taps and sees without a reload."""

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from destinations.providers.simulated import handsets_path
from leadrails.embedded.browser import NAMES
from tests.browser import ARGS
from tests.simulator.test_client import SENDER, send
from tests.simulator.test_handsets import rich_by_telnyx

pytestmark = pytest.mark.browser
PHONE = "+12125550142"


@pytest.fixture
def phone(simulator, account):
    """The phone's page; what the browser complains of fails the test."""
    complaints = []
    base = simulator.url + handsets_path(simulator.secret, account.sid)
    path = next(filter(None, map(shutil.which, NAMES)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        page = browser.new_page(viewport={"width": 375, "height": 700})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text))
        page.goto(base + PHONE)
        yield page
        browser.close()
    assert complaints == []


def test_a_message_comes_in_and_is_answered_by_keyboard(
    simulator, client, account, phone
):
    bubbles = phone.locator(".bubble p")
    send(client, to=PHONE, from_=SENDER, body="Shall we call <you>?")
    expect(bubbles).to_have_text(["Shall we call <you>?"])

    phone.get_by_label("Message", exact=True).fill("Yes <b>please</b>")
    phone.keyboard.press("Enter")

    expect(bubbles).to_have_text(["Shall we call <you>?", "Yes <b>please</b>"])
    expect(phone.get_by_label("Message", exact=True)).to_be_focused()
    entry = simulator.ledger(account=account.sid)[-1]
    assert (entry["direction"], entry["body"]) == ("inbound", "Yes <b>please</b>")

    switch = phone.get_by_role("switch", name="Airplane mode")
    switch.focus()
    phone.keyboard.press("Space")
    expect(switch).to_be_checked()
    expect(switch).to_be_focused()
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert phone.evaluate(wide) is False


def test_a_suggestion_is_tapped_and_the_switch_keeps_the_focus(
    simulator, account, phone
):
    yes = {"reply": {"text": "Yes", "postback_data": "yes_1"}}
    rich_by_telnyx(simulator, account, {"text": "Call you?", "suggestions": [yes]})
    pill = phone.get_by_role("button", name="Yes", exact=True)
    expect(pill).to_be_visible()

    pill.click()

    expect(phone.locator(".bubble.mine p")).to_have_text(["Yes"])
    expect(pill).to_have_count(0)
    entry = simulator.ledger(account=account.sid)[-1]
    assert entry["fields"]["ButtonPayload"] == "yes_1"
    switch = phone.get_by_role("switch", name="RCS chats")
    expect(switch).to_be_checked()
    switch.click()
    expect(switch).not_to_be_checked()
