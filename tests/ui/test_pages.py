import re

import pytest
from django.core.exceptions import RequestDataTooBig
from django.template.loader import get_template
from django.test import RequestFactory

from leadrails.tenants import throttle
from leadrails.ui import views

INLINE = re.compile(r"<style|<script(?![^>]* src=)| style=| on\w+=|hx-on|javascript:")
ERRORS = ["400", "403", "403_csrf", "404", "405", "413", "429", "500"]


def test_the_style_guide_shows_every_component(client, settings):
    settings.DEBUG = True
    answer = client.get("/ui/styleguide")
    assert answer.status_code == 200
    html = answer.content.decode()
    assert html.count("<svg") > 100
    assert "Dead letter" in html


def test_the_style_guide_is_for_developers_only(client):
    assert client.get("/ui/styleguide").status_code == 404


@pytest.mark.parametrize("url", ["/t/acme/jobs/list", "/t/acme/jobs/replay"])
def test_a_page_has_no_inline_code_or_style(client, url):
    html = client.get(url).content.decode()
    assert not INLINE.search(html)
    assert len(html) < 60_000


def test_the_shell_marks_where_one_is(client):
    html = client.get("/t/acme/jobs/detail").content.decode()
    current = re.findall(r'href="([^"]+)" aria-current="page"', html)
    assert current == ["/t/acme/jobs/list"]


def test_the_overview_is_not_current_elsewhere(client):
    html = client.get("/t/acme/").content.decode()
    assert re.findall(r'href="([^"]+)" aria-current="page"', html) == ["/t/acme/"]


def test_the_shell_names_the_workspace_its_alerts_and_the_way_out(client):
    html = client.get("/t/acme/jobs/list").content.decode()
    assert "Acme Roofing &amp; Sons" in html
    assert '<span class="nav-count">3</span>' in html
    assert "Simulated" in html
    assert 'href="/t/brightside/"' in html
    assert re.search(r'<form method="post" action="/account/logout">', html)


def test_the_login_page_keeps_where_one_was():
    html = get_template("tenants/login.html").render({"next": "/t/acme/"})
    assert '<input type="hidden" name="next" value="/t/acme/">' in html


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_page_needs_nothing_and_says_what_to_do(name):
    html = get_template(f"{name}.html").render()
    assert name[:3] in html
    assert "<h1>" in html
    assert 'class="button button-primary"' in html
    assert not INLINE.search(html)


def test_errors_have_their_own_status():
    request = RequestFactory().get("/")
    assert views.bad_request(request, ValueError()).status_code == 400
    assert views.bad_request(request, RequestDataTooBig()).status_code == 413
    assert views.permission_denied(request, ValueError()).status_code == 403
    assert views.page_not_found(request, ValueError()).status_code == 404
    assert views.server_error(request).status_code == 500
    limited = throttle.too_many(request)
    assert (limited.status_code, limited["Retry-After"].isdecimal()) == (429, True)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_theme_is_kept(client, theme):
    answer = client.post("/ui/theme", {"theme": theme, "next": "/t/acme/"})
    assert (answer.status_code, answer["Location"]) == (302, "/t/acme/")
    html = client.get("/t/acme/").content.decode()
    assert f'data-theme="{theme}"' in html
    client.post("/ui/theme", {"theme": "auto"})
    assert "data-theme" not in client.get("/t/acme/").content.decode()


def test_the_theme_switch_leads_to_no_other_site(client):
    answer = client.post(
        "/ui/theme", {"theme": "dark", "next": "https://evil.example/"}
    )
    assert answer["Location"] == "/"
    assert client.post("/ui/theme", {"theme": "pink"}).status_code == 400


def test_an_address_that_only_takes_forms_says_so(client):
    answer = client.get("/ui/theme")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "There is no page at this address" in answer.text


def test_a_forged_theme_cookie_is_ignored(client):
    client.cookies["leadrails_theme"] = '"><script>'
    html = client.get("/t/acme/").content.decode()
    assert "data-theme" not in html
