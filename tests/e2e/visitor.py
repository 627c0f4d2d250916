"""A person with an ordinary HTTP client: cookies, forms, links, no scripts."""

import urllib.error
import urllib.request
from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin, urlsplit


class Visitor:
    def __init__(self, web_url):
        self.web_url = web_url
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.cookies)
        )

    def log_in(self, workspace):
        page = self.open("/account/login")
        self.submit(page, username=workspace.email, password=workspace.password)
        assert any("session" in cookie.name for cookie in self.cookies) or any(
            cookie.name.startswith("leadrails_") for cookie in self.cookies
        )
        return self

    def open(self, path):
        return self._ask(urllib.request.Request(urljoin(self.web_url, path)))

    def submit(self, page, *, action=None, **fields):
        """Fill in the page's form that posts to `action`, and send it."""
        (form,) = [f for f in page.forms if action is None or f.action == action]
        data = urlencode({**form.fields, **fields}).encode()
        url = urljoin(page.url, form.action)
        headers = {"Referer": page.url}
        return self._ask(urllib.request.Request(url, data, headers))

    def _ask(self, request):
        try:
            answer = self._opener.open(request, timeout=20)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            kind = answer.headers.get_content_type()
            text = answer.read().decode(errors="replace")
            return Page(answer.url, answer.status, kind, text, str(answer.headers))


class Page:
    def __init__(self, url, status, kind, text, headers):
        self.url, self.status, self.kind = url, status, kind
        self.text, self.headers = text, headers
        reader = _Reader()
        if kind == "text/html":
            reader.feed(text)
        self.forms = reader.forms
        self.links = [urljoin(url, link) for link in reader.links]
        self._rows = reader.rows

    @property
    def path(self):
        return urlsplit(self.url).path

    def rows(self):
        """The text of each row of the page's tables."""
        return [" ".join("".join(row).split()) for row in self._rows]


@dataclass
class Form:
    action: str
    method: str
    fields: dict


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.forms, self.rows = [], [], []
        self._in_row = False

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        for name in ("href", "src", "hx-get"):
            if given.get(name) and tag != "use":
                self.links.append(given[name])
        if tag == "form":
            method = given.get("method", "get")
            self.forms.append(Form(given.get("action", ""), method, {}))
        elif tag == "input" and self.forms and "name" in given:
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif tag == "tr":
            self.rows.append([])
            self._in_row = True

    def handle_endtag(self, tag):
        if tag == "tr":
            self._in_row = False

    def handle_data(self, data):
        if self._in_row:
            self.rows[-1].append(data)
