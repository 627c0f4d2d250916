"""The ways through the pages that must stay short and whole."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import choose, log_in

pytestmark = pytest.mark.browser

MOST_CLICKS = 15
MOST_FIELDS = 4  # typed into
TOP = {"x": 200, "y": 2}
COUNT = """
addEventListener("click", (event) => {
  if (event.isTrusted && event.detail > 0) counted("click");
}, true);
addEventListener("change", (event) => {
  if (event.isTrusted && event.target.matches("input, textarea")) counted("field");
}, true);
"""


@pytest.fixture
def newcomer(system):
    return system.newcomer("first")


def test_a_newcomer_sees_a_first_message_delivered_within_few_clicks(page, newcomer):
    log_in(page, newcomer)
    done = []

    def note(what):
        done.append(what)

    page.expose_function("counted", note)
    page.add_init_script(COUNT)
    page.reload()
    steps = page.locator("#first-steps")

    steps.get_by_role("link", name="Create a source").click()
    page.get_by_label("Name").fill("My form")
    page.get_by_role("button", name="Create source").click()
    steps.get_by_role("link", name="Create a destination").click()
    page.get_by_role("link", name="Simulated").first.click()
    page.get_by_role("button", name="Create", exact=True).click()
    steps.get_by_role("link", name="Create a route").click()
    page.get_by_role("button", name="Create", exact=True).click()
    steps.get_by_role("button", name="Send a test lead").click()
    expect(steps).to_contain_text("your first message was delivered")
    expect(steps.locator(".bubble")).to_contain_text("Hi Taylor")
    steps.get_by_role("link", name="See every step of it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delivered")

    assert 5 < done.count("click") <= MOST_CLICKS
    assert 0 < done.count("field") <= MOST_FIELDS


def test_from_wrong_credentials_to_the_fix_and_the_alert_from_open_to_cured(
    system, page
):
    place = system.borealis
    log_in(page, place)
    _edit(page, "Auth token", "0" * 32)
    lead = system.post(place, system.new_phone(), service_type="roofing").lead_id
    system.wait_for_jobs([lead], "held")

    choose(page, "Alerts")
    card = page.locator(".alert", has_text="The provider refuses what")
    card.get_by_role("button", name="Snooze").click()
    expect(card).to_contain_text("Snoozed until")
    card.get_by_role("link", name="Open destination").click()
    expect(page.locator(".notice").first).to_contain_text("Auth")
    _edit(page, "Auth token", place.auth_token)
    page.get_by_role("link", name="Resume").first.click()
    page.get_by_role("dialog").get_by_role("button").last.click()

    system.wait_for_jobs([lead], "delivered")
    choose(page, "Alerts")
    expect(card).to_have_count(0)
    page.get_by_role("link", name="Resolved").click()
    expect(card.first).to_contain_text("Sales SMS")

    # Its owner was told by mail, and the demo keeps mail on a page.
    def told():
        page.get_by_role("link", name="Mailbox").click()
        return page.get_by_role("link", name="The provider refuses what").count() > 1

    system.wait(told, "mail of the alert and of its end")
    page.get_by_role("link", name="Over: The provider refuses what").first.click()
    mail = page.frame_locator(".mail-frame")
    expect(mail.get_by_text("Cured by itself")).to_be_visible()
    expect(mail.get_by_role("link", name="Open the alert")).to_be_visible()


def test_from_a_dead_job_by_its_reason_to_its_replay(system, page):
    place, phone = system.borealis, system.new_phone()
    log_in(page, place)
    before = _edit(page, "Message body template", "{{ custom_fields.greeting }}")
    lead = system.post(place, phone, service_type="roofing", full_name="Ida Low")
    system.wait_for_jobs([lead.lead_id], "dead")
    _edit(page, "Message body template", before)

    choose(page, "Jobs")
    page.get_by_role("link", name="Failed").click()
    page.get_by_role("link", name="Ida Low").click()
    expect(page.locator(".notice").first).to_contain_text("template")
    page.get_by_role("link", name="Replay").click()
    page.get_by_role("dialog").get_by_role("button", name="Replay").click()

    expect(page.locator(".timeline")).to_contain_text("Replayed by a person")
    jobs = system.wait(
        lambda: [j for j in system.jobs(lead.lead_id) if j["state"] == "delivered"],
        "a replay delivered",
    )
    assert "Hi Ida" in json.dumps(jobs[0]["message"])
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delivered")


def test_routes_are_put_in_order_by_keys_and_by_dragging(system, page):
    log_in(page, system.acme)
    choose(page, "Routes")
    rows = page.locator("tr[data-item]")
    before = [row.get_attribute("data-item") for row in rows.all()]
    assert len(before) > 2

    rows.nth(0).locator("[data-handle]").press("ArrowDown")
    expect(page.get_by_text("The order was changed")).to_be_visible()
    expect(rows.nth(1)).to_have_attribute("data-item", before[0])
    rows.nth(2).locator("[data-handle]").drag_to(rows.nth(0), target_position=TOP)
    expect(rows.nth(0)).to_have_attribute("data-item", before[2])
    expect(page.get_by_text("The order was changed")).to_be_visible()
    page.reload()
    expect(rows.nth(0)).to_have_attribute("data-item", before[2])


def test_an_rcs_message_is_composed_by_keys_and_seen_on_a_phone(system, page):
    log_in(page, system.acme)
    choose(page, "Destinations")
    page.get_by_role("link", name="Sales SMS").click()
    page.get_by_role("link", name="RCS message").click()
    phone, labels = page.locator(".phone-rcs"), page.get_by_label("Label", exact=True)

    page.get_by_role("radio", name="Text", exact=True).check()
    page.get_by_role("textbox", name="Text", exact=True).fill(
        "Good morning, {{ first_name }}!"
    )
    expect(phone).to_contain_text("Good morning, ")
    expect(phone).not_to_contain_text("{{")
    add = page.get_by_role("button", name="Add a suggestion").last
    add.press("Enter")
    expect(labels.nth(0)).to_be_focused()
    page.keyboard.type("Yes, call me this afternoon")
    fault = page.get_by_text("27 characters; at most 25 are possible.")
    expect(fault.first).to_be_visible()
    labels.nth(0).fill("Yes")
    expect(fault).to_have_count(0)
    add.press("Enter")
    expect(labels.nth(1)).to_be_focused()
    page.keyboard.type("No")
    page.keyboard.press("Alt+ArrowUp")
    expect(labels.nth(0)).to_have_value("No")
    expect(phone.locator(".rich-chips")).to_have_text(re.compile(r"No\s*Yes"))
    _fill_a_carousel(page, phone)
    page.get_by_role("radio", name="Text", exact=True).check()
    expect(phone).to_contain_text("Good morning, ")
    _lose_the_session(page, system.acme)
    expect(phone).to_contain_text("Good night!")
    expect(phone.locator(".rich-chips")).to_have_text(re.compile(r"No\s*Yes"))
    page.get_by_role("radio", name="Carousel").check()
    expect(phone.locator(".rich-title")).to_have_text(TITLES)
    page.get_by_role("radio", name="Text", exact=True).check()
    page.get_by_role("button", name="Save").last.click()

    expect(page.get_by_text("The RCS message was saved")).to_be_visible()
    page.get_by_role("link", name="RCS message").click()
    expect(labels.nth(1)).to_have_value("Yes")
    page.get_by_role("radio", name="Same text").check()
    expect(phone).to_contain_text("Reply STOP")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("The RCS message was saved")).to_be_visible()


TITLES = ["First", "Third", "Second", "Fifth", "Fourth"]


def _fill_a_carousel(page, phone):
    """Of so many cards one is open; the focus is where one goes on."""
    title = page.get_by_label("Title", exact=True)
    page.get_by_role("radio", name="Carousel").check()
    for name in ("Third", "Fourth", "Fifth"):
        page.get_by_role("button", name="Add a card").press("Enter")
        expect(title.last).to_be_focused()
        page.keyboard.type(name)
    expect(title).to_have_count(1)
    page.keyboard.press("Alt+ArrowUp")
    expect(page.get_by_role("button", name="Move up").first).to_be_focused()
    page.get_by_role("button", name="Card 1").first.press("Enter")
    expect(title).to_be_focused()
    page.keyboard.type("First")
    fault = page.locator("#rich-look").get_by_role("button", name="Card 2")
    fault.first.press("Enter")
    expect(title).to_have_value("")
    expect(title).to_be_focused()
    page.keyboard.type("Second")
    page.keyboard.press("Alt+ArrowDown")
    expect(phone.locator(".rich-title")).to_have_text(TITLES)


def _lose_the_session(page, workspace):
    """Type too late, and log in again."""
    page.context.clear_cookies(name=re.compile("^(?!.*csrf)"))
    page.get_by_role("textbox", name="Text", exact=True).fill("Good night!")
    page.get_by_label("E-mail").fill(workspace.email)
    page.get_by_label("Password").fill(workspace.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("RCS message")


def _edit(page, label, text):
    """Change one box of the destination Sales SMS; return what was in it."""
    choose(page, "Destinations")
    page.get_by_role("link", name="Sales SMS").click()
    page.get_by_role("link", name="Edit").click()
    box = page.get_by_label(label, exact=True)
    before = box.input_value()
    box.fill(text)
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sales SMS")
    return before
