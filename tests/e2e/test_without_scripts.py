"""Every essential act in a browser that runs no scripts: forms post, links lead on."""

import re

import pytest
from playwright.sync_api import expect

from destinations.providers import simulated
from tests.browser import PATIENCE
from tests.e2e.browsing import choose, log_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def plain(browser, system):
    """The browser of a newcomer who has made a source, a destination and a route."""
    context = browser.new_context(
        base_url=system.web_url, java_script_enabled=False, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.on("response", lambda answer: answer.status < 500 or pytest.fail(answer.url))
    log_in(page, system.newcomer("plain"))
    make_source(page)
    make_destination(page)
    make_route(page)
    yield page
    context.close()


def make_source(page):
    choose(page, "Sources")
    click(page, "New source")
    fill(page, "Name", "Form")
    press(page, "Create source")
    press(page, "Issue signing key")
    expect(page.get_by_text("Copy the signing key's secret now")).to_be_visible()
    click(page, "I have copied it")


def make_destination(page):
    choose(page, "Destinations")
    click(page, "New")
    click(page, "Simulated")
    fill(page, "Name", "Texts")
    fill(page, "Most messages per person and day", "50")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Preview").click()
    expect(opened.value.get_by_text("Reply STOP to opt out")).to_be_visible()
    opened.value.close()
    press(page, "Create")
    click(page, "Advanced")
    press(page, "Verify connection")
    expect(page.locator("#verification")).to_contain_text("The credentials work")


def make_route(page):
    choose(page, "Routes")
    click(page, "New route")
    press(page, "Add a condition")
    fill(page, "Field", "state")
    fill(page, "Value", "TX")
    press(page, "Dry run")
    expect(page.get_by_text("nothing was saved or sent")).to_be_visible()
    for _row in range(2):
        press(page, "Remove this condition")
    press(page, "Create")
    expect(page.get_by_text("The route was made")).to_be_visible()
    click(page, "New route")
    fill(page, "Name", "Second")
    fill(page, "Priority", "200")
    press(page, "Create")
    menu(page, "Second", "Move up")
    expect(page.get_by_text("The order was changed")).to_be_visible()
    menu(page, "Second", "Delete…")
    confirm(page)


def test_a_message_is_canceled_replayed_edited_and_acted_on_with_others(system, plain):
    page = plain
    choose(page, "Jobs")
    jobs = page.locator("tbody tr")
    before = jobs.count()
    choose(page, "Destinations")
    click(page, "Texts")
    click(page, "Advanced")
    click(page, "Pause…")
    confirm(page)
    choose(page, "Sources")
    click(page, "Form")
    click(page, "Form and fields")
    press(page, "Make a form")
    address = re.search(r'action="([^"]+)"', page.locator("pre").first.inner_text())[1]
    for _lead in range(3):
        given = {"phone": system.new_phone(), "first_name": "Ida"}
        assert page.request.post(address, form=given).ok
    choose(page, "Jobs")
    expect(jobs).to_have_count(before + 3)

    jobs.first.get_by_role("link").first.click()
    click(page, "Cancel the job")
    confirm(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Canceled")
    choose(page, "Jobs")
    page.locator("summary", has_text="States").click()
    page.get_by_label("Held").check()
    press(page, "Filter")
    expect(jobs).to_have_count(2)
    for box in jobs.get_by_role("checkbox").all():
        box.check()
    press(page, "Cancel…")
    expect(page.get_by_role("heading", name="Cancel 2 jobs?")).to_be_visible()
    confirm(page)
    expect(page.get_by_text("2 jobs are canceled.")).to_be_visible()

    choose(page, "Destinations")
    click(page, "Texts")
    click(page, "Resume…")
    confirm(page)
    choose(page, "Jobs")
    jobs.first.get_by_role("link").first.click()
    click(page, "Replay")
    confirm(page)
    reload_until(system, page, "Delivered")
    click(page, "Edit and send again")
    fill(page, "Text", "Hello once more. Reply STOP to opt out.")
    press(page, "Preview")
    expect(page.locator(".bubble")).to_contain_text("Hello once more")
    press(page, "Send as a new job")
    reload_until(system, page, "Delivered")

    choose(page, "Jobs")
    for box in jobs.filter(has_text="Canceled").get_by_role("checkbox").all():
        box.check()
    press(page, "Replay…")
    expect(page.get_by_role("heading", name="Replay 2 jobs?")).to_be_visible()
    confirm(page)
    expect(page.get_by_text("2 jobs are queued again.")).to_be_visible()


def test_an_alert_is_heard_answered_and_cured(system, plain):
    page = plain
    change_token(page, "0" * 32)
    send_test(page)
    alerts = page.locator(".alert", has_text="The provider refuses what")
    system.wait(lambda: has_alert(page, alerts), "an alert of wrong credentials")
    alerts.get_by_role("link", name="The provider refuses").click()
    fill(page, "Comment", "Asked for the new token.")
    press(page, "Add the comment")
    expect(page.get_by_text("Your comment stands in the history")).to_be_visible()
    press(page, "Acknowledge")
    expect(page.locator(".alert")).to_contain_text("Acknowledged by")
    press(page, "Snooze for a day")
    expect(page.locator(".alert")).to_contain_text("Snoozed until")
    press(page, "Resolve")
    expect(page.get_by_text("It opens again if the problem")).to_be_visible()

    change_token(page, token_of(system, "plain"))
    click(page, "Resume…")
    confirm(page)
    see_delivered(system, page)


def test_what_people_answer_is_ruled_followed_up_and_obeyed(plain):
    page = plain
    choose(page, "Conversations")
    click(page, "Rules")
    click(page, "New rule")
    fill(page, "Labels or answers", "Yes")
    fill(page, "Tag the lead", "warm")
    press(page, "Dry run")
    press(page, "Create")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Yes")
    click(page, "Edit")
    fill(page, "Tag the lead", "hot")
    press(page, "Save")
    expect(page.get_by_text("The rule is saved")).to_be_visible()
    for act in ("Pause…", "Resume…", "Delete…"):
        click(page, act)
        confirm(page)
    expect(page.get_by_text("is deleted.")).to_be_visible()

    choose(page, "Destinations")
    click(page, "Texts")
    click(page, "Follow-ups")
    click(page, "Add follow-up")
    fill(page, "Within", "20")
    press(page, "Try on the last messages")
    press(page, "Save")
    for act in ("Pause…", "Resume…", "Delete…"):
        click(page, act)
        confirm(page)
    expect(page.locator("tbody tr")).to_have_count(0)

    choose(page, "Suppressions")
    click(page, "Add")
    fill(page, "Phone number", "+1 202 555 0188")
    press(page, "Add")
    click(page, "Import")
    fill(page, "Or paste numbers", "+12025550189\n+12025550188\nnobody")
    press(page, "Import")
    expect(page.get_by_text("1 number was added.")).to_be_visible()
    click(page, "To the list")
    click(page, re.compile("Remove….*0188"))
    fill(page, "Why may this person", "Asked for it")
    confirm(page)
    expect(page.locator("tbody")).not_to_contain_text("0188")


def test_an_rcs_message_is_composed(plain):
    page = plain
    choose(page, "Destinations")
    click(page, "Texts")
    click(page, "RCS message")
    page.get_by_role("radio", name="Text", exact=True).check()
    press(page, "Preview")
    page.get_by_role("textbox", name="Text", exact=True).fill(
        "Good morning, {{ first_name }}"
    )
    press(page, "Add a suggestion")
    page.get_by_label("Label", exact=True).first.fill("Yes")
    press(page, "Preview")
    expect(page.locator(".phone-rcs")).to_contain_text("Good morning, ")
    expect(page.locator(".phone-rcs")).to_contain_text("Yes")
    page.get_by_role("radio", name="Carousel").check()
    title = page.get_by_label("Title", exact=True)
    for name in ("Third", "Fourth", "Fifth", "Sixth"):
        press(page, "Add a card")
        title.last.fill(name)
    press(page, re.compile("^Card 3"))
    title.fill("3rd")
    press(page, "Move up")
    press(page, "Preview")
    cards = page.locator(".phone-rcs .rich-title")
    expect(cards).to_have_text(["3rd", "Fourth", "Fifth", "Sixth"])
    expect(title).to_have_value("3rd")
    page.get_by_role("radio", name="Text", exact=True).check()
    press(page, "Save")
    expect(page.get_by_text("The RCS message was saved")).to_be_visible()
    click(page, "RCS message")
    page.get_by_role("radio", name="Same text").check()
    press(page, "Save")
    expect(page.get_by_text("The RCS message was saved")).to_be_visible()


def test_people_keys_channels_and_leads_are_looked_after(system, plain):
    page = plain
    choose(page, "Settings")
    click(page, "Invite a member")
    fill(page, "E-mail", "guest@plain.example")
    press(page, "Invite")
    expect(page.get_by_text("guest@plain.example").first).to_be_visible()
    click(page, "Back to the members")
    click(page, re.compile("Revoke….*guest"))
    confirm(page)
    expect(page.get_by_text("guest@plain.example")).to_have_count(0)
    click(page, "API keys")
    click(page, "Create key")
    fill(page, "Name", "CRM")
    press(page, "Create key")
    choose(page, "Settings")
    click(page, "API keys")
    click(page, re.compile("Revoke….*CRM"))
    confirm(page)
    expect(page.locator("tbody")).to_contain_text("Revoked")
    click(page, "Alert channels")
    click(page, "Add channel")
    page.get_by_role("link", name=re.compile("E-mail")).last.click()
    fill(page, "Name", "On call")
    fill(page, "To", "call@plain.example")
    press(page, re.compile("Add|Create|Save"))
    press(page, "Send a test message")
    expect(page.get_by_text("Sent: look whether").first).to_be_visible()
    click(page, "Workspace")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("The workspace is saved.")).to_be_visible()

    for _lead in range(2):  # of one number, at rest: else none may be erased
        send_test(page)
        see_delivered(system, page)
    choose(page, "Leads")
    page.locator("tbody").get_by_role("link").first.click()
    page.get_by_role("textbox", name="New tag").fill("warm")
    press(page, "Add")
    press(page, "Take the tag warm away")
    click(page, re.compile("Erase"))
    page.get_by_role("checkbox").check()
    press(page, re.compile("Erase"))
    expect(page.get_by_text(re.compile("erased", re.IGNORECASE)).first).to_be_visible()


# Acts -------------------------------------------------------------------------


def click(page, name):
    with page.expect_navigation():
        page.locator("main").get_by_role("link", name=name).first.click()


def press(page, name):
    """The last button of the name: the first one of a form is there for Enter."""
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=name).last.click()


def fill(page, label, text):
    page.locator("main").get_by_label(label).first.fill(text)


def menu(page, row, name):
    line = page.locator("tr", has_text=row)
    line.locator("summary").click()
    line.locator(".menu-item", has_text=name).click()


def confirm(page):
    with page.expect_navigation():
        page.locator(".confirm-actions button").click()


def send_test(page):
    choose(page, "Sources")
    click(page, "Form")
    click(page, "Send test event")
    press(page, "Send test event")


def change_token(page, token):
    choose(page, "Destinations")
    click(page, "Texts")
    click(page, "Edit")
    page.get_by_label("Auth token", exact=True).fill(token)
    press(page, "Save")


def token_of(system, slug):
    """That of the workspace's account at the simulator."""
    (tenant,) = system.query("SELECT id FROM tenants_tenant WHERE slug = %s", slug)
    secret = system.stack.env["LEADRAILS_SIMULATOR_SECRET"]
    return simulated.auth_token(secret, simulated.account_sid(tenant["id"]))


def has_alert(page, alerts):
    choose(page, "Alerts")
    return alerts.count() == 1


def see_delivered(system, page):
    """What was sent last arrives."""
    choose(page, "Jobs")
    page.locator("tbody").get_by_role("link").first.click()
    reload_until(system, page, "Delivered")


def reload_until(system, page, state):
    heading = page.get_by_role("heading", level=1)

    def there():
        page.reload()
        return state in heading.inner_text()

    system.wait(there, f"a page that says “{state}”")
