"""What styles and scripts do to the shell, in a real browser under the real policy."""

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test.testcases import LiveServerThread
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LIST = "/t/acme/jobs/list"
PHONE = {"width": 375, "height": 700}


@pytest.fixture
def server_url(shell_alone):
    server = LiveServerThread("127.0.0.1", StaticFilesHandler, connections_override={})
    server.daemon = True
    server.start()
    server.is_ready.wait()
    assert server.error is None
    yield f"http://127.0.0.1:{server.port}"
    server.terminate()


@pytest.fixture
def open_page(browser, server_url):
    """Open a path; what the browser complained about fails the test at its end."""
    complaints, contexts = [], []

    def note(line):
        if line.type in ("error", "warning"):
            complaints.append(line.text)

    def opened(path, **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", note)
        page.goto(server_url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def test_a_second_thought_is_a_dialog_that_cancel_closes(open_page):
    page = open_page(LIST)
    page.get_by_text("Replay 214 jobs…").click()
    dialog = page.get_by_role("dialog", name="Replay 214 jobs?")
    expect(dialog).to_be_visible()
    dialog.get_by_role("link", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert page.url.endswith(LIST)


@pytest.mark.parametrize("leave", ["Escape", "Enter"])
def test_the_focus_goes_into_a_dialog_stays_and_comes_back(open_page, leave):
    page = open_page(LIST)
    opener = page.get_by_text("Replay 214 jobs…")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Replay 214 jobs?")
    expect(dialog).to_be_visible()
    inside = "document.activeElement.closest('dialog') !== null"
    seen = set()
    for _press in range(6):
        # Between its last and its first stop the browser itself has the focus.
        where = "document.activeElement.tagName"
        assert page.evaluate(f"{inside} || {where} === 'BODY'")
        seen.add(page.evaluate("document.activeElement.textContent.trim()"))
        page.keyboard.press("Tab")
    assert {"Cancel", "Replay 214 jobs"} <= seen

    if leave == "Enter":
        dialog.get_by_role("link", name="Cancel").focus()
    page.keyboard.press(leave)

    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_without_scripts_a_second_thought_is_a_page(open_page):
    page = open_page(LIST, java_script_enabled=False)
    page.get_by_text("Replay 214 jobs…").click()
    expect(page.get_by_role("heading", name="Replay 214 jobs?")).to_be_visible()
    assert page.url.endswith("/t/acme/jobs/replay")


@pytest.mark.parametrize("has_scripts", [True, False])
def test_on_a_phone_the_sidebar_is_a_drawer(open_page, has_scripts):
    page = open_page(LIST, viewport=PHONE, java_script_enabled=has_scripts)
    leads = page.get_by_role("link", name="Leads")
    expect(leads).to_be_hidden()
    page.get_by_role("button", name="Open the menu").click()
    expect(leads).to_be_visible()
    page.get_by_role("button", name="Close the menu").click()
    expect(leads).to_be_hidden()


@pytest.mark.parametrize("width", [320, 375, 1280])
def test_no_page_is_wider_than_its_window(open_page, width, settings):
    settings.DEBUG = True
    for path in (LIST, "/ui/styleguide"):
        page = open_page(path, viewport={"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_escape_closes_a_menu_and_gives_the_focus_back(open_page):
    page = open_page(LIST)
    account = page.locator("summary.avatar")
    account.click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Log out")).to_be_hidden()
    expect(account).to_be_focused()


def test_a_slash_leads_to_the_search_but_can_be_typed(open_page, settings):
    settings.DEBUG = True
    page = open_page("/ui/styleguide")
    page.evaluate("document.activeElement.blur()")
    search = page.get_by_role("searchbox")
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("a/b")
    expect(search).to_have_value("a/b")


def test_copying_says_that_it_is_done(open_page, settings):
    settings.DEBUG = True
    page = open_page(
        "/ui/styleguide", permissions=["clipboard-read", "clipboard-write"]
    )
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("curl -X POST")
    assert "'X-LR-Signature: …'" in copied


def test_a_form_is_sent_once_however_often_one_clicks(open_page):
    page = open_page(LIST)
    page.locator("summary.avatar").click()
    logout = page.locator("form[action='/account/logout'] button")
    stopped = logout.evaluate(
        """(button) => {
          const stopped = [];
          addEventListener("submit", (event) => {
            stopped.push(event.defaultPrevented);
            event.preventDefault();
          });
          button.click();
          button.click();
          return stopped;
        }"""
    )
    assert stopped == [False, True]
    expect(logout).to_have_attribute("aria-busy", "true")


def test_a_poll_waits_while_rows_are_in_use(open_page):
    page = open_page(LIST)
    polls = []
    page.route("**/jobs/list?poll", lambda route: (polls.append(1), route.continue_()))
    page.evaluate(
        """() => {
          const list = document.createElement("div");
          list.innerHTML = '<div id="rows" hx-get="/t/acme/jobs/list?poll"'
            + ' hx-trigger="every 100ms" hx-swap="none">'
            + '<input type="checkbox" checked></div>';
          document.querySelector("main").append(list);
          htmx.process(list);
        }"""
    )
    page.wait_for_timeout(400)
    assert polls == []
    page.locator("#rows input").evaluate("(tick) => { tick.checked = false; }")
    with page.expect_request("**/jobs/list?poll"):
        pass
