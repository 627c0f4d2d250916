"""All pages, from the sweep's list of URLs: a new one is looked at without asking."""

import mimetypes
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse

from leadrails.core.states import State
from leadrails.tenants import throttle
from leadrails.tenants.models import Role
from leadrails.ui import views
from tests.access.doors import add_doors
from tests.destinations.test_rich_page import EVERY_KIND
from tests.make import (
    make_destination,
    make_job,
    make_lead,
    make_tenant,
    make_user,
)
from tests.tenants import people
from tests.test_sweep import OUTSIDE, PAGES, address, log_in, make_world

LONG = "Maria-Luise Hohenzollern-Sigmaringen von und zu Guttenberg-Wolfenbüttel"
NAMES = (
    LONG,
    "W" * 120,
    "محمد بن عبد الله العربي",
    "Zoë 👩🏽‍🚀 of the Moon",
    "Ann Lee",
)
# Beside what the URLs say: other tabs, filters in force, a search without result.
VARIANTS = (
    ("jobs:list", "state=dead&state=held&q=nobody"),
    ("jobs:list", "state=dead"),
    ("leads:list", "q=a&unrouted=1"),
    ("alerts:list", "tab=resolved"),
    ("suppressions:list", "lifted"),
    ("conversations:list", "review"),
    ("overview", "period=30d"),
)
ERRORS = {
    400: lambda request: views.bad_request(request, ValueError()),
    403: lambda request: views.permission_denied(request, ValueError()),
    404: lambda request: views.page_not_found(request, ValueError()),
    405: lambda request: views.method_not_allowed(request, allowed="POST"),
    413: lambda request: views.bad_request(request, RequestDataTooBig()),
    429: throttle.too_many,
    500: views.server_error,
}


RCS_PAGE = next(page for page in PAGES if page.name == "destinations:rich")


@dataclass
class Site:
    """Rendered pages by their address; each kind of visitor has a host of its own."""

    pages: dict[str, HttpResponse] = field(default_factory=dict)
    templates: set[str] = field(default_factory=set)

    @classmethod
    def render(cls):
        site = cls()
        tenant = make_tenant(name=LONG[:40], slug="acme")
        world = make_world(tenant)
        add_rows(tenant, world)
        owner, nobody = Client(), Client()
        people.log_in(owner, make_user(tenant), two_factors=True)
        for page in PAGES:
            site.add("owner", owner, page.name, address(page, world))
        owner_of_rcs = address(RCS_PAGE, {**world, "destination": add_carousel(tenant)})
        site.add("owner", owner, RCS_PAGE.name, owner_of_rcs)
        for name, query in VARIANTS:
            url = f"{reverse(name, kwargs={'tenant': tenant.slug})}?{query}"
            site.add("owner", owner, name, url)
        for name, (kwargs, *_answers) in OUTSIDE.items():
            site.add("nobody", nobody, name, reverse(name, kwargs=kwargs))
            site.add("owner", owner, name, reverse(name, kwargs=kwargs))
        site.add_empty()
        site.add_refused(owner)
        add_doors(site, tenant, world)
        site.add_errors()
        return site

    def add(self, who, client, name, url):
        response = client.get(url)
        assert response.status_code < 500 or name == "healthz", f"{name} fails: {url}"
        if response.status_code != 405:  # looked at once, with the errors
            self.keep(who, url, response)

    def keep(self, who, url, response):
        if not response.streaming and b"<html" in response.content:
            self.pages[f"{who}.localhost{url}"] = response
            found = getattr(response, "templates", None) or ()
            self.templates.update(template.name for template in found)

    def add_empty(self):
        """The lists of a workspace in which nothing has happened yet."""
        tenant = make_tenant(name="New", slug="new")
        newcomer = log_in(tenant)
        for page in PAGES:
            if page.kwargs == ("tenant",):
                url = reverse(page.name, kwargs={"tenant": tenant.slug})
                if page.name in ("overview", "routes:new") or page.name.endswith(
                    ":list"
                ):
                    self.add("empty", newcomer, page.name, url)

    def add_refused(self, owner):
        """Every form, sent empty, as it comes back with what is wrong."""
        for at in [at for at in self.pages if at.startswith("owner.")]:
            path = urlsplit(f"//{at}").path
            with transaction.atomic():
                response = owner.post(path, {})
                transaction.set_rollback(True)
            if response.status_code == 422:
                self.keep("refused", path, response)

    def add_errors(self):
        old = render(RequestFactory().get("/"), "403_csrf.html", status=403)
        self.keep("error", "/403-csrf", old)
        for status, view in ERRORS.items():
            request = RequestFactory().get(f"/{status}")
            self.keep("error", f"/{status}", view(request))
        with override_settings(DEBUG=True):
            self.keep("owner", "/ui/styleguide", Client().get("/ui/styleguide"))

    @contextmanager
    def served(self):
        """Serve the pages and their files; yields the addresses of the pages."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Answering, self))
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield [
                f"http://{at.replace('/', f':{server.server_port}/', 1)}"
                for at in self.pages
            ]
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Answering(BaseHTTPRequestHandler):
    """A page, a file that stays in the browser's cache, or nothing new."""

    protocol_version = "HTTP/1.1"

    def __init__(self, site, *connection):
        self.site = site
        super().__init__(*connection)

    def do_GET(self):
        host = self.headers["Host"].partition(":")[0]
        static = "/" + settings.STATIC_URL.strip("/") + "/"
        response = self.site.pages.get(host + self.path)
        if response and "HX-Request" not in self.headers:
            kept = ("Content-Type", "Content-Security-Policy")
            headers = {name: response[name] for name in kept if name in response}
            self.answer(200, headers, response.content)
        elif self.path.startswith(static):
            found = finders.find(self.path.removeprefix(static))
            assert found, f"{self.path} is linked to and does not exist."
            kind = mimetypes.guess_type(found)[0]
            headers = {"Content-Type": kind, "Cache-Control": "max-age=3600"}
            self.answer(200, headers, Path(found).read_bytes())
        else:
            self.answer(304, {}, b"")

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """Say nothing."""


def add_carousel(tenant):
    """A destination that sends cards by RCS, too long and with every suggestion."""
    title = "{{ first_name }} " + LONG * 3
    # No web address, so that nothing beyond this machine is asked.
    media = {"url": "/static/img/logo.svg", "height": "TALL"}
    card = {"title": title, "media": media, "suggestions": EVERY_KIND}
    rich = {"cards": [card, {"title": LONG}], "suggestions": EVERY_KIND}
    config = {"channel": "rcs", "from_number": "+15555550100"}
    row = make_destination(
        tenant, name=LONG, kind="telnyx_sms", config=config, rich=rich
    )
    return row.public_id


def add_rows(tenant, world):
    """Names that are long, right to left or pictures, and a job in every state."""
    from destinations.models import Destination
    from leadrails.leads.models import Source

    source = Source.objects.for_tenant(tenant).get()
    place = Destination.objects.for_tenant(tenant).get()
    for number, state in enumerate(State):
        name = NAMES[number % len(NAMES)]
        lead = make_lead(source, name=name, email="a@example.com", job_count=1)
        reason = "expired" if state in ("held", "skipped", "dead") else ""
        make_job(lead, place, state=state, reason=reason, is_possible_duplicate=True)
    make_lead(source, phone="", phone_raw="call me", phone_problem="not_a_number")
    make_user(tenant, Role.VIEWER, name=LONG)
