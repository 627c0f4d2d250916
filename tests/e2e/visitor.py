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
        given = {"username": workspace.email, "password": workspace.password}
        assert self.submit(page, **given).path != page.path
        return self

    def open(self, path):
        return self._ask(urllib.request.Request(urljoin(self.web_url, path)))

    def submit(self, page, action="", **fields):
        """Fill in the page's own form, or the one that posts to `action`; send it."""
        (form,) = [
            form
            for form in page.forms
            if form.method == "post" and form.action in {action, action or page.path}
        ]
        data = urlencode({**form.fields, **fields}, doseq=True).encode()
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
    """Reads links, forms as they are drawn, and the text of tables' rows."""

    def __init__(self):
        super().__init__()
        self.links, self.forms, self.rows = [], [], []
        self._row = self._area = self._choice = None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.links += [given[name] for name in ("href", "hx-get") if given.get(name)]
        if tag == "tr":
            self._row = []
            self.rows.append(self._row)
        elif tag == "form":
            action, method = given.get("action", ""), given.get("method", "get")
            self.forms.append(Form(action, method, {}))
        elif self.forms:
            self._read_control(tag, given)

    def handle_endtag(self, tag):
        if tag == "tr":
            self._row = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data):
        if self._row is not None:
            self._row.append(data)
        if self._area is not None:
            self.forms[-1].fields[self._area] += data

    def _read_control(self, tag, given):
        fields, name = self.forms[-1].fields, given.get("name")
        if tag == "select":
            self._choice = name
        elif tag == "option" and "selected" in given:
            fields.setdefault(self._choice, []).append(given.get("value", ""))
        elif tag == "textarea":
            self._area = name
            fields[name] = ""
        elif tag == "input" and name:
            if given.get("type") not in ("checkbox", "radio"):
                fields[name] = given.get("value", "")
            elif "checked" in given:
                fields.setdefault(name, []).append(given.get("value", "on"))
