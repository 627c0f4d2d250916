"""
`make screenshots`: every page as it looks, light, dark and on a phone.

Starts the demo in a folder of its own, sends its sample leads, walks the pages of the
workspace and writes docs/images/<page>-<look>.webp. With `--demo FILE` it uses a demo
that runs already, by its demo.json.
"""

import argparse
import base64
import json
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from leadrails.embedded.browser import NAMES
from leadrails.embedded.demo import Demo
from leadrails.embedded.stack import Stack
from tests.e2e.system import leave_usual_ports

FOLDER = Path(__file__).parent.parent / "docs" / "images"
MOST_BYTES = 4_000_000  # of all images together
QUALITY = 34
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 375, "height": 760}, "color_scheme": "light"},
}
TALLEST = 1400  # pixels; what is longer is cut
ARGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"]

FOLLOWED = "tbody a:text-is('Estimates RCS, Telnyx')"
RCS = "tbody tr:has-text('RCS') a[href*='/destinations/dst_']"
# Name: path below the workspace, then what to follow from there, link by link.
PAGES: dict[str, tuple[str, ...]] = {
    "overview": ("",),
    "leads": ("leads/",),
    "lead": ("leads/", "tbody a[href*='evt_']"),
    "lead-erase": (
        "leads/",
        "tbody a[href*='evt_']",
        "a[href$='/erase']",
    ),
    "jobs": ("jobs/",),
    "job": ("jobs/?state=delivered", "tbody a[href*='job_']"),
    "job-failed": ("jobs/?state=undelivered", "tbody a[href*='job_']"),
    "job-resend": (
        "jobs/?state=delivered",
        "tbody a[href*='job_']",
        "a[href$='/resend']",
    ),
    "conversations": ("conversations/",),
    "conversation": ("conversations/", "tbody a[href*='/conversations/']"),
    "rules": ("conversations/rules/",),
    "rule": ("conversations/rules/", "tbody a[href*='/rules/rul_']"),
    "alerts": ("alerts/",),
    "alert": ("alerts/", ".alert-title a"),
    "sources": ("sources/",),
    "source": ("sources/", "tbody a[href*='/sources/src_']"),
    "source-form": ("sources/", "tbody a[href*='/sources/src_']", "a[href$='/form/']"),
    "source-settings": (
        "sources/",
        "tbody a[href*='/sources/src_']",
        ".tabs a[href$='/settings/']",
    ),
    "routes": ("routes/",),
    "route": ("routes/", "a[href*='/routes/rt_']"),
    "route-dry-run": ("routes/", "a[href$='/dry-run/']"),
    "destinations": ("destinations/",),
    "destination-new": ("destinations/new/",),
    "destination-create": ("destinations/new/twilio_sms/simulated/",),
    "destination": ("destinations/", "a[href*='/destinations/dst_']"),
    "destination-edit": (
        "destinations/",
        "a[href*='/destinations/dst_']",
        "a[href$='/edit/']",
    ),
    "destination-rcs": ("destinations/", RCS, "a[href$='/rcs/']"),
    "follow-ups": ("destinations/", FOLLOWED, ".tabs a[href$='/follow-ups/']"),
    "senders": ("senders/",),
    "rcs-sheet": ("senders/rcs-sheet/",),
    "suppressions": ("suppressions/",),
    "members": ("settings/members/",),
    "api-keys": ("settings/api-keys/",),
    "alert-channels": ("settings/channels/",),
    "alert-channel-new": ("settings/channels/new/webhook",),
    "alerts-own": ("settings/channels/mine",),
    "mailbox": ("", ".topbar a[href='/mailbox/']"),
    "mail": ("", ".topbar a[href='/mailbox/']", "td a[href*='/mailbox/eml_']"),
    "simulator": ("simulator/",),
    "audit-log": ("settings/audit/",),
    "workspace": ("settings/workspace/",),
    "profile": ("/account/profile",),
    "security": ("/account/security",),
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Take pictures of every page.")
    parser.add_argument("--demo", type=Path, help="demo.json of a running demo")
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder of images")
    parser.add_argument("--only", help="a regular expression that names must match")
    parser.add_argument("--png", action="store_true", help="larger, for any viewer")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    with demo_facts(options.demo) as facts, chromium() as browser:
        for look in LOOKS:
            take(browser, look, facts, options)
    total = sum(image.stat().st_size for image in options.to.glob("*.webp"))
    print(f"{total:,} bytes in {options.to}")
    return 0 if total <= MOST_BYTES else 1


@contextmanager
def demo_facts(file: Path | None) -> Iterator[dict[str, Any]]:
    """What demo.json says of the demo that runs, or of one that runs for this."""
    if file is not None:
        yield json.loads(file.read_text(encoding="utf-8"))
        return
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        leave_usual_ports(state)
        stack = Stack(state, log=lambda name, line: None)
        try:
            stack.start()
            demo = Demo(stack)
            demo.run_leads()
            facts = json.loads(demo.file.read_text(encoding="utf-8"))
            yield facts | {"newcomer": _newcomer(stack)}
            demo.close()
        finally:
            stack.destroy()


def _newcomer(stack: Stack) -> dict[str, str]:
    """Somebody whose workspace is empty."""
    person = {"email": "new@example.com", "password": secrets.token_hex(12)}
    stack.env["LEADRAILS_OWNER_PASSWORD"] = person["password"]
    stack.manage("createowner", "--email", person["email"], "--tenant", "New Roofs")
    return person


@contextmanager
def chromium() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        sys.exit("There is no Chromium; `make chromium` says how to get it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()


def take(
    browser: Browser, look: str, facts: dict[str, Any], options: argparse.Namespace
) -> None:
    context = browser.new_context(
        base_url=facts["web_url"], reduced_motion="reduce", **LOOKS[look]
    )
    page = context.new_page()
    _log_in(page, facts["admin"])
    for name, steps in PAGES.items():
        if options.only and not re.search(options.only, name):
            continue
        if not _open(page, steps):
            print(f"nothing to show for {name}")
            continue
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            print(f"{name} is {wide} px too wide ({look})")
        _shoot(page, options.to / f"{name}-{look}", is_png=options.png)
    context.close()
    if newcomer := facts.get("newcomer"):
        context = browser.new_context(base_url=facts["web_url"], **LOOKS[look])
        page = context.new_page()
        _log_in(page, newcomer)
        _shoot(page, options.to / f"first-run-{look}", is_png=options.png)
        context.close()


def _log_in(page: Page, admin: dict[str, str]) -> None:
    page.goto("/account/login")
    page.get_by_label("E-mail").fill(admin["email"])
    page.get_by_label("Password").fill(admin["password"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/t/**")


def _open(page: Page, steps: tuple[str, ...]) -> bool:
    """Whether there is such a page: a workspace may have no such row."""
    path, *links = steps
    page.goto(path if path.startswith("/") else f"/t/acme/{path}")
    for link in links:
        target = page.locator(link).first
        if not target.count():
            return False
        page.goto(target.evaluate("link => link.href"))
    return True


def _shoot(page: Page, path: Path, *, is_png: bool) -> None:
    """
    As WebP by Chromium itself, which no other program is needed for.

    The window grows to what is shown: what sticks to its edges stands where they are.
    """
    usual = page.viewport_size
    long = page.evaluate("document.documentElement.scrollHeight")
    height = min(long, TALLEST)
    page.set_viewport_size({**usual, "height": height})
    clip = {"x": 0, "y": 0, "width": usual["width"], "height": height, "scale": 1}
    shot = page.context.new_cdp_session(page).send(
        "Page.captureScreenshot",
        {
            "format": "png" if is_png else "webp",
            **({} if is_png else {"quality": QUALITY}),
            "clip": clip,
        },
    )
    page.set_viewport_size(usual)
    suffix = ".png" if is_png else ".webp"
    path.with_name(path.name + suffix).write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    sys.exit(main())
