"""What people do in the browser again and again."""

import re

from playwright.sync_api import expect


def log_in(page, workspace):
    """By keyboard alone."""
    page.goto("/")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type(workspace.email)
    page.keyboard.press("Tab")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(workspace.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Overview"))


def choose(page, name):
    """Open a page by its entry in the sidebar."""
    page.get_by_role("navigation").get_by_role("link", name=name).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
