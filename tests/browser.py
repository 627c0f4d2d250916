"""One Chromium for all tests that walk pages."""

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from leadrails.embedded.browser import NAMES

PATIENCE = 20_000  # milliseconds, however busy the machine is
expect.set_options(timeout=PATIENCE)
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser():
    path = next(filter(None, map(shutil.which, NAMES)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()
