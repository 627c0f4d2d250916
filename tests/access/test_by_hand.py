"""What keys and a browser without scripts can do, on the pages themselves."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from playwright.sync_api import expect

from tests.access.doors import is_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

JOBS = "owner.localhost/t/acme/jobs/"
PHONE = {"width": 375, "height": 700}


@pytest.fixture
def open_page(site, browser):
    """Open one of the pages by its address, without the port."""
    with site.served() as urls:
        known = {re.sub(r"^http://|:\d+", "", url): url for url in urls}
        contexts = []

        def opened(address, **options):
            contexts.append(browser.new_context(**options))
            page = contexts[-1].new_page()
            page.goto(known[address])
            return page

        yield opened
        for context in contexts:
            context.close()


ERRORS = (
    "400",
    "403",
    "403_csrf",
    "404",
    "405",
    "413",
    "429",
    "500",
)  # rendered by views


def test_no_page_is_left_out(site):
    """What axe-core looks at is all that there is."""
    folder = Path(settings.BASE_DIR) / "templates"
    paths = [path for path in folder.rglob("*.html") if is_page(path)]
    every = {path.relative_to(folder).as_posix() for path in paths}
    left_out = every - site.templates - {f"{name}.html" for name in ERRORS}
    assert not left_out, sorted(left_out)


def test_a_phone_shows_the_filters_when_asked(open_page):
    page = open_page(
        JOBS, viewport={"width": 375, "height": 700}, java_script_enabled=False
    )
    source = page.get_by_label("Source")
    expect(
        page.get_by_placeholder("Phone, job, provider id, error code")
    ).to_be_visible()
    expect(source).to_be_hidden()
    page.get_by_role("checkbox", name="Filters").focus()
    page.keyboard.press("Space")
    expect(source).to_be_visible()


def test_rows_are_ticked_by_keys_and_ranges(open_page):
    page = open_page(JOBS)
    rows = page.locator("tbody input[type=checkbox]")
    bar = page.get_by_role("group", name="Selected jobs")
    expect(bar).to_be_hidden()
    rows.first.focus()
    page.keyboard.press("Space")
    expect(bar).to_contain_text("Selected: 1")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(bar).to_contain_text("Selected: 3")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(rows.nth(4)).to_be_focused()
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    rows.nth(1).click()
    rows.nth(5).click(modifiers=["Shift"])
    expect(bar).to_contain_text("Selected: 5")
    page.get_by_label("Select all on this page").click()
    expect(bar).to_contain_text(f"Selected: {rows.count()}")


def test_a_refresh_takes_no_ticked_row_away(open_page):
    page = open_page(JOBS)
    asked = []
    page.locator("tbody input[type=checkbox]").first.click()
    page.wait_for_load_state("networkidle")
    page.on("request", lambda request: asked.append(request.headers))
    refresh = "document.body.dispatchEvent(new CustomEvent('refresh'))"
    page.evaluate(refresh)
    page.wait_for_timeout(200)
    assert asked == []
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    with page.expect_response(lambda answer: answer.status == 304):
        page.evaluate(refresh)
    assert asked[0]["if-none-match"].startswith('"')
    assert page.locator("tbody tr").count() > 10


def test_menus_go_by_arrows(open_page):
    page = open_page(JOBS)
    page.locator("summary", has_text="States").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Queued")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Canceled")).to_be_focused()
    page.keyboard.press("Home")
    expect(page.get_by_label("Queued")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("summary", has_text="States")).to_be_focused()


@pytest.mark.parametrize("keys", ["/", "Control+k"])
def test_a_key_leads_to_the_search(open_page, keys):
    page = open_page(JOBS)
    page.keyboard.press(keys)
    expect(page.get_by_label("Search everything")).to_be_focused()


def test_the_first_tab_stop_skips_to_the_content(open_page):
    page = open_page(JOBS)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, PHONE])
def test_without_scripts_jobs_are_ticked_filtered_and_acted_on(open_page, size):
    page = open_page(JOBS, java_script_enabled=False, viewport=size)
    rows = page.locator("tbody input[type=checkbox]")
    rows.first.check()
    rows.nth(2).check()
    with page.expect_request("**/jobs/replay?**") as sent:
        page.get_by_role("button", name="Replay…").click(no_wait_after=True)
    asked = parse_qs(urlsplit(sent.value.url).query)
    assert len(asked["job"]) == 2
    assert asked["picked"] == ["1"]


def test_without_scripts_every_act_has_another_way(site):
    """What htmx sends on a click, a link or a form must be able to send, too."""
    lonely = set()
    for address, response in site.pages.items():
        html = response.content.decode()
        for tag in re.findall(r"<(?:a|button)\b[^>]*\bhx-(?:get|post)=[^>]*>", html):
            is_link = tag.startswith("<a") and "href=" in tag
            sends = "formaction=" in tag or 'name="' in tag or 'type="submit"' in tag
            if not (is_link or sends):
                lonely.add(f"{address}: {tag[:120]}")
    assert not lonely


def test_what_was_typed_survives_a_log_in(open_page):
    page = open_page("owner.localhost/t/acme/suppressions/new/")
    form, number = page.url, "+1 202 555 0123"
    page.get_by_label("Phone").fill(number)
    page.evaluate(
        "document.querySelector('main form').addEventListener('submit',"
        " (event) => event.preventDefault())"
    )
    page.locator("main form button").first.click()
    # The session has ended: a page without a workspace comes, and then the form again.
    page.goto(page.evaluate("location.origin") + "/account/reset")
    page.goto(form)
    expect(page.get_by_label("Phone")).to_have_value(number)
    page.reload()
    expect(page.get_by_label("Phone")).to_have_value("")
