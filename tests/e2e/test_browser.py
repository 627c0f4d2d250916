"""A person's first minutes, in a real browser on the running system."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import choose, log_in
from tests.e2e.troubles import refused_rows

pytestmark = pytest.mark.browser

NO_ANSWER = 51
"""The ending of a number whose phone is off or out of reach."""
ADD_FIELDS = """(form) => {
  const field = document.createElement("input");
  Object.assign(field, {type: "hidden", name: "more"});
  for (let count = 0; count < 1001; count++) form.append(field.cloneNode());
}"""
"""More than Django reads from one form."""


def test_a_test_event_is_followed_from_its_button_to_its_message(system, page):
    log_in(page, system.acme)
    choose(page, "Sources")
    page.get_by_role("link", name="Website form").click()
    page.get_by_role("link", name="Send test event").click()
    page.get_by_role("button", name="Send test event").click()

    result = page.locator("#test-result")
    expect(result.get_by_text("Took it")).to_be_visible()
    expect(result.get_by_text("Delivered", exact=True)).to_be_visible()
    expect(result.get_by_text("This updates by itself.")).to_be_hidden()

    result.get_by_role("link", name="Details").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("Taylor Test")
    expect(heading).to_contain_text("Delivered")
    expect(page.locator(".timeline-title")).to_have_text(
        [
            "Received from Website form",
            "Took route “Website form to Sales SMS”",
            "Attempt 1: accepted by the provider",
            "Sent",
            "Delivered",
        ]
    )
    expect(page.locator(".bubble")).to_have_text(
        "Hi Taylor, thanks for asking about plumbing. We will call you shortly. "
        "Reply STOP to opt out."
    )


def test_a_message_that_does_not_arrive_shows_and_says_why(system, page):
    phone = system.new_phone(NO_ANSWER)
    lead = system.post(system.acme, phone, first_name="Wes", last_name="Hart").lead_id
    system.wait_for_jobs([lead], "undelivered")

    log_in(page, system.acme)
    choose(page, "Jobs")
    page.get_by_role("link", name="Failed").click()
    row = page.get_by_role("row").filter(has_text=phone)
    expect(row).to_contain_text("Undelivered")
    expect(row).to_contain_text("30003")
    row.get_by_role("link", name="Wes Hart").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Undelivered")
    why = "it may be switched off, out of coverage or roaming."
    expect(page.locator(".notice", has_text="30003")).to_contain_text(why)
    expect(page.locator(".timeline-step").last).to_contain_text(why)
    expect(page.get_by_role("link", name="Replay")).to_be_visible()
    choose(page, "Alerts")  # one phone that is off is nobody's problem
    expect(page.get_by_text("No open problem")).to_be_visible()


def test_a_page_that_fails_says_what_to_do_and_leads_back(system, browser):
    context = browser.new_context(base_url=system.web_url)
    page = context.new_page()
    log_in(page, system.acme)

    answer = page.goto("/t/acme/jobs/job_00000000000000000000000000/")
    assert answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "There is nothing at this address"
    )
    page.get_by_role("link", name="Go to the overview").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Overview")

    answer = page.goto("/ui/theme")  # a button's address, opened as a page
    assert answer.status == 405
    expect(page.get_by_text("Nothing was changed.")).to_be_visible()
    page.get_by_role("link", name="Go to the overview").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Overview")

    page.goto("/t/acme/suppressions/new/")
    page.locator("main form").evaluate(ADD_FIELDS)
    page.get_by_label("Phone").fill("+1 202 555 0123")
    with page.expect_navigation() as sent:
        page.locator("main form button").first.click()
    assert sent.value.status == 400
    expect(page.get_by_text("This request could not be read")).to_be_visible()
    page.get_by_role("link", name="Go to the overview").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Overview")

    page.goto("/t/acme/suppressions/import/")
    page.locator("main textarea").evaluate("(box) => box.value = '+1'.repeat(6e5)")
    with page.expect_navigation() as sent:
        page.locator("main form button").first.click()
    assert sent.value.status == 413
    expect(page.get_by_text("Send a smaller file or a shorter text.")).to_be_visible()

    page.goto("/t/acme/suppressions/new/")
    token = page.locator("main form [name=csrfmiddlewaretoken]")
    token.evaluate("(box) => box.value = 'x'.repeat(64)")
    page.get_by_label("Phone").fill("+1 202 555 0123")
    with page.expect_navigation() as sent:
        page.locator("main form button").first.click()
    assert sent.value.status == 403
    expect(page.get_by_text("reload the page and send it again")).to_be_visible()
    page.goto("/t/acme/suppressions/new/")  # with what was typed
    expect(page.get_by_label("Phone")).to_have_value("+1 202 555 0123")

    page.get_by_label("Phone").fill("+1 202 555 0166")
    refusal = refused_rows(system, "contacts_suppression", "phone <> '+12025550166'")
    with refusal, page.expect_navigation() as sent:
        page.locator("main form button").first.click()
    assert sent.value.status == 500
    expect(page.get_by_text("Something broke on our side")).to_be_visible()
    page.get_by_role("link", name="Go to the overview").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Overview")
    context.close()


def test_whoever_guesses_too_often_is_told_to_wait(system, browser):
    page = browser.new_page(base_url=system.web_url)
    for _guess in range(6):
        page.goto("/account/login")
        page.get_by_label("E-mail").fill("nobody@guess.example")
        page.get_by_label("Password", exact=True).fill("a-wrong-password")
        with page.expect_navigation() as sent:
            page.get_by_role("button", name="Log in", exact=True).click()
    assert sent.value.status == 429
    expect(page.get_by_text("wait a quarter of an hour")).to_be_visible()
    page.close()
