"""Whatever goes wrong, no secret is written anywhere but where it belongs."""

import os
from urllib.parse import urlsplit

import pytest
from django.urls import resolve, reverse

from tests.e2e.processes import descendants
from tests.e2e.troubles import make_trouble
from tests.test_sweep import PAGES


@pytest.fixture(scope="module")
def aftermath(system):
    return make_trouble(system)


def test_no_process_says_a_secret_or_a_phone_number(system, aftermath):
    said = "\n".join(system.lines)
    assert "Traceback" in said
    assert aftermath.leaks(said) == set()
    assert [phone for phone in aftermath.phones if phone[1:] in said] == []


def test_no_page_shows_a_secret(aftermath):
    crawl = Crawl(aftermath)
    crawl.follow("/t/borealis/")
    crawl.follow("/account/profile")
    for page in PAGES:
        if page.name not in crawl.names:  # no link leads there just now
            kwargs = {name: crawl.sample(page.name, name) for name in page.kwargs}
            crawl.follow(reverse(page.name, kwargs=kwargs))
    assert {page.name for page in PAGES} <= crawl.names
    assert len(crawl.paths) > len(PAGES)


class Crawl:
    """Opens whatever links lead to in the workspace, looking for secrets."""

    def __init__(self, aftermath):
        self.aftermath = aftermath
        self.paths, self.names = set(), set()
        self._samples = {"country": "US"}

    def follow(self, path):
        waiting = [path]
        while waiting:
            path = waiting.pop()
            if path in self.paths:
                continue
            page = self._look(path)
            urls = [urlsplit(link) for link in page.links]
            waiting += [
                f"{url.path}?{url.query}" if url.query else url.path
                for url in urls
                if url.netloc == urlsplit(page.url).netloc
                and url.path.startswith("/t/borealis/")
            ]

    def sample(self, view, kwarg):
        """What stood for `kwarg` in a path seen, of the same part if there was one."""
        app = view.partition(":")[0]
        return self._samples.get((app, kwarg)) or self._samples[kwarg]

    def _look(self, path):
        page = self.aftermath.visitor.open(path)
        assert page.status < 500, path
        assert self.aftermath.leaks(page.text + page.headers) == set(), path
        self._note(path)
        for form in page.forms:
            if form.action.startswith("/t/borealis/"):
                self._note(form.action)
        self.names.add(_match(path).view_name)
        self.paths.add(path)
        return page

    def _note(self, path):
        match = _match(path)
        app = match.view_name.partition(":")[0]
        for kwarg, text in match.kwargs.items():
            self._samples |= {kwarg: text, (app, kwarg): text}


def _match(path):
    return resolve(path.partition("?")[0])


def test_no_row_holds_a_secret(system, aftermath):
    tables = system.query(
        "SELECT quote_ident(relname) AS name FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        " AND relname <> 'mailbox_keptmail'"  # mail that the demo keeps has links
    )
    for table in tables:
        rows = system.query(f"SELECT row::text AS text FROM {table['name']} row")
        text = "\n".join(row["text"] for row in rows)
        assert aftermath.leaks(text) == set(), table["name"]


def test_no_command_line_shows_a_secret(system, aftermath):
    own = {one.pid for one in descendants(os.getpid())}
    assert own >= set(system.stack.pids.values())
    commands = "\n".join(one.command for one in descendants(os.getpid()))
    assert aftermath.leaks(commands) == set()
