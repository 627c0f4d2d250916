"""Passkeys in a real browser with an authenticator that it makes believe it has."""

import pytest
from playwright.sync_api import expect

from tests.browser import PATIENCE

pytestmark = pytest.mark.browser

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def context(browser, system):
    """Passkeys need a host name: at an address of numbers browsers refuse them."""
    url = system.web_url.replace("127.0.0.1", "localhost")
    context = browser.new_context(base_url=url)
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


def give_password(page, workspace):
    page.goto("/account/login")
    page.get_by_label("E-mail").fill(workspace.email)
    page.get_by_label("Password", exact=True).fill(workspace.password)
    page.get_by_role("button", name="Log in", exact=True).click()


def test_a_passkey_is_made_asked_for_enough_by_itself_and_removed(system, context):
    page = context.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: line.type != "debug" and complaints.append(line))
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    added = {"options": AUTHENTICATOR}
    made = devtools.send("WebAuthn.addVirtualAuthenticator", added)

    give_password(page, system.borealis)
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    page.goto("/account/security")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Recovery codes").first).to_be_visible()

    context.clear_cookies()
    give_password(page, system.borealis)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()

    context.clear_cookies()
    page.goto("/account/login?next=/account/security")
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_role("heading", name="Your account", level=1)).to_be_visible()
    keys = {"authenticatorId": made["authenticatorId"]}
    kept = devtools.send("WebAuthn.getCredentials", keys)["credentials"]
    assert len(kept) == 1
    assert kept[0]["isResidentCredential"]

    page.get_by_role("link", name="Remove… Laptop").click()
    page.get_by_role("button", name="Remove the passkey").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()
    context.clear_cookies()
    page.goto("/account/login")
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_text("That did not fit. Try again.")).to_be_visible()
    assert complaints == []


def test_a_passkey_that_does_not_answer_can_be_tried_again(system, context):
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    unwilling = AUTHENTICATOR | {"isUserVerified": False}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": unwilling})

    page.goto("/account/login")
    page.get_by_role("button", name="Log in with a passkey").click()

    expect(page.get_by_text("did not answer, or you canceled")).to_be_visible()
    button = page.get_by_role("button", name="Log in with a passkey")
    expect(button).to_be_enabled()


def test_at_an_address_of_numbers_the_login_offers_no_passkey(system, browser):
    page = browser.new_page(base_url=system.web_url)
    page.goto("/account/login")

    expect(page.get_by_role("button", name="Log in", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Log in with a passkey")).to_have_count(0)
    page.close()
