"""Every URL of LeadRails, asked by those who may and by those who may not."""

from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from leadrails.alerts import hooks
from leadrails.alerts.answers import refused
from leadrails.alerts.channels import create_channel
from leadrails.alerts.models import Alert
from leadrails.contacts.models import InboundMedia, Suppression
from leadrails.core import ids
from leadrails.jobs.models import FollowUpRule
from leadrails.leads.models import SigningKey
from leadrails.rules.services import create_rule
from leadrails.tenants.models import Invitation, Role
from leadrails.tenants.services import issue_api_key
from tests.make import (
    make_destination,
    make_job,
    make_lead,
    make_message,
    make_route,
    make_signing_key,
    make_source,
    make_tenant,
    make_user,
)

pytestmark = pytest.mark.django_db

# Views that let a role look and need a higher one to change.
POST_NEEDS = {
    "sources:form": Role.ADMIN,
    "sources:settings": Role.ADMIN,
    "settings:workspace": Role.ADMIN,
}
# Kwargs that name no row: they stay as they are when the ids are another tenant's.
WORDS = {
    "channels:kind": "email",
    "kind": "twilio_sms",
    "mode": "live",
    "country": "RU",
}
INVITATION = ids.encode("inv", ids.uuid7())
KEPT_MAIL = ids.encode("eml", ids.uuid7())
SOMEBODY = ids.encode("usr", ids.uuid7())
CALLBACK = {
    "destination": ids.encode("dst", ids.uuid7()),
    "job": ids.encode("job", ids.uuid7()),
    "attempt": 1,
    "version": 1,
    "mac": "wrong",
}
# Outside a tenant: kwargs, then the answers to GET and POST of somebody not logged
# in, and of an owner.
OUTSIDE = {
    "home": ({}, (302, 405), (302, 405)),
    "healthz": ({}, (200, 405), (200, 405)),
    "api:lead_events": ({}, (405, 415), (405, 415)),
    "api:html_form": ({"source": "src_x", "token": "x"}, (405, 404), (405, 404)),
    "webhooks:status": (CALLBACK, (405, 404), (405, 404)),
    "webhooks:messages_incoming": ({"secret": "wrong"}, (404, 404), (404, 404)),
    "webhooks:messages_status": ({"secret": "wrong"}, (404, 404), (404, 404)),
    "tenants:login": ({}, (200, 200), (302, 302)),
    "tenants:logout": ({}, (405, 302), (405, 302)),
    "tenants:setup": ({}, (404, 404), (404, 404)),
    "tenants:welcome": (
        {"user": SOMEBODY, "token": "wrong"},
        (410, 410),
        (410, 410),
    ),
    "tenants:profile": ({}, (302, 302), (200, 200)),
    "tenants:reset": ({}, (200, 200), (200, 200)),
    "tenants:second": ({}, (302, 302), (302, 302)),
    "tenants:prove": ({}, (302, 302), (200, 200)),
    "tenants:passkey": ({}, (405, 302), (405, 302)),
    "tenants:passkey_options": ({}, (405, 403), (405, 403)),
    "tenants:security": ({}, (302, 405), (200, 405)),
    "tenants:email": ({}, (302, 302), (302, 302)),
    "tenants:email_confirm": ({"token": "wrong"}, (302, 302), (410, 410)),
    "tenants:invitation": (
        {"invitation": INVITATION, "token": "wrong"},
        (410, 410),
        (410, 410),
    ),
    "tenants:password": ({}, (405, 302), (405, 422)),
    # These ask first for a new proof of who it is.
    "tenants:app_add": ({}, (302, 302), (302, 302)),
    "tenants:app_remove": ({}, (302, 302), (302, 302)),
    "tenants:passkey_add": ({}, (302, 302), (302, 302)),
    "tenants:passkey_remove": ({"key": 1}, (302, 302), (302, 302)),
    "tenants:codes": ({}, (302, 405), (302, 405)),
    "tenants:codes_file": ({}, (302, 405), (302, 405)),
    "tenants:codes_renew": ({}, (302, 302), (302, 302)),
    "tenants:sessions": ({}, (302, 405), (200, 405)),
    "tenants:sessions_end": ({}, (302, 302), (200, 302)),
    "tenants:session_end": ({"session": "wrong"}, (302, 302), (404, 302)),
    "tenants:phone_send": ({}, (405, 302), (405, 422)),
    "tenants:phone_confirm": ({}, (405, 302), (405, 422)),
    "tenants:phone_remove": ({}, (302, 302), (302, 302)),
    "tenants:phone_handset": ({}, (302, 405), (302, 405)),
    "mailbox:list": ({}, (302, 405), (404, 405)),
    "mailbox:detail": ({"mail": KEPT_MAIL}, (302, 405), (404, 405)),
    "mailbox:html": ({"mail": KEPT_MAIL}, (302, 405), (404, 405)),
    "ui:theme": ({}, (405, 400), (405, 400)),
    "ui:styleguide": ({}, (404, 405), (404, 405)),
}


def flatten(resolver, namespaces=(), kwargs=()):
    """Yield name, kwargs and view of each URL below `resolver`."""
    for entry in resolver.url_patterns:
        names = (*kwargs, *entry.pattern.converters)
        if isinstance(entry, URLResolver):
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from flatten(entry, inner, names)
        else:
            assert isinstance(entry, URLPattern)
            assert entry.name, f"{entry.pattern} has no name."
            name = ":".join((*namespaces, entry.name))
            yield SimpleNamespace(name=name, kwargs=names, view=entry.callback)


URLS = list(flatten(get_resolver("leadrails.urls")))
PAGES = [url for url in URLS if "tenant" in url.kwargs]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def make_world(tenant):
    """One row of everything that a URL can name, by kwarg."""
    source = make_source(tenant)
    workflow = source.workflows.get()
    signing_key, _secret = make_signing_key(source)
    destination = make_destination(tenant, held_countries=["RU"])
    route = make_route(source, destination)
    lead = make_lead(source, job_count=1, is_test=True)
    job = make_job(lead, destination, route=route)
    now = timezone.now()
    alert = Alert.objects.create(
        tenant=tenant,
        kind="dead_letters",
        scope=f"destination:{destination.public_id}",
        destination_id=destination.id,
        job_id=job.id,
        opened_at=now,
        last_at=now,
    )
    api_key, _plaintext = issue_api_key(tenant, "CRM", actor=None)
    member = make_user(tenant, Role.VIEWER)
    message = make_message(job)
    media = InboundMedia.objects.create(
        tenant=tenant, message=message, position=0, state="kept", data=b"x"
    )
    suppression = Suppression.objects.create(
        tenant=tenant, phone="+12025550199", reason="manual"
    )
    channel, _key = create_channel(
        tenant,
        once=ids.uuid7(),
        kind="webhook",
        name="CRM",
        url="https://hooks.invalid/hook",
        actor=None,
    )
    rule = create_rule(
        tenant, once=ids.uuid7(), name="Yes", words=["Yes"], tag="warm", actor=None
    )
    invitation = Invitation.objects.create(
        tenant=tenant,
        email="carl@example.com",
        role=Role.VIEWER,
        digest=b"x" * 32,
        expires_at=now,
    )
    follow_up = FollowUpRule.objects.create(
        tenant=tenant,
        destination=destination,
        watches="not_delivered",
        after=timedelta(minutes=5),
        action="alert",
    )
    rows = {
        "follow_up": follow_up,
        "invitation": invitation,
        "rule": rule,
        "channel": channel,
        "source": source,
        "workflow": workflow,
        "destination": destination,
        "route": route,
        "lead": lead,
        "job": job,
        "alert": alert,
        "user": member,
        "message": message,
        "media": media,
        "suppression": suppression,
        "settings:key": api_key,
    }
    assert SigningKey.objects.filter(source=source).count() == 1
    return {name: row.public_id for name, row in rows.items()} | {
        "tenant": tenant.slug,
        "sources:key": signing_key,
    }


def sample(page, kwarg, world):
    app = page.name.partition(":")[0]
    for samples in (world, WORDS):
        for name in (f"{app}:{kwarg}", kwarg):
            if name in samples:
                return samples[name]
    return pytest.fail(
        f"{page.name} takes “{kwarg}”, of which the sweep has no sample: "
        "add a row to make_world or a word to WORDS."
    )


def address(page, world, **foreign):
    kwargs = {kwarg: sample(page, kwarg, world) for kwarg in page.kwargs}
    return reverse(page.name, kwargs=kwargs | foreign)


def object_kwargs(page):
    return [k for k in page.kwargs if k != "tenant" and k not in WORDS]


def ask(client, url):
    """The answers to GET and POST that the URL did not refuse as methods."""
    answers = [client.get(url), client.post(url)]
    answers = [answer for answer in answers if answer.status_code != 405]
    assert answers, f"{url} takes neither GET nor POST."
    return answers


def statuses(client, url):
    return {answer.status_code for answer in ask(client, url)}


def log_in(tenant, role=Role.OWNER):
    client = Client()
    client.force_login(make_user(tenant, role))
    return client


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """The test button of a channel would call it."""
    monkeypatch.setattr(hooks, "post", lambda *_: refused("not from a test"))


@pytest.fixture(scope="module")
def sides(django_db_setup, django_db_blocker):
    """Two workspaces with their members, made once: what a test changes is undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield SimpleNamespace(ours=Side.make(), theirs=Side.make())
        transaction.set_rollback(True)


@pytest.fixture
def ours(sides):
    return sides.ours


@pytest.fixture
def theirs(sides):
    return sides.theirs


@dataclass(frozen=True)
class Side:
    """The public ids of a workspace's rows, and a session of each role."""

    world: dict[str, str]
    sessions: dict[Role, str]

    @classmethod
    def make(cls):
        tenant, name = make_tenant(), settings.SESSION_COOKIE_NAME
        sessions = {role: log_in(tenant, role).cookies[name].value for role in Role}
        return cls(make_world(tenant), sessions)

    def client(self, role=Role.OWNER):
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[role]
        return client


def test_every_url_is_a_tenants_page_or_in_the_table():
    outside = {url.name for url in URLS if "tenant" not in url.kwargs}
    assert outside == set(OUTSIDE), "Write the URL and its answers into OUTSIDE."
    names = [url.name for url in URLS]
    assert len(names) == len(set(names)), "Two URLs of one name: one is not swept."


@each_page
def test_a_page_says_the_role_that_it_needs(page):
    assert isinstance(getattr(page.view, "needs_role", None), Role), (
        f"{page.name} does not pass the door: decorate it with member_required."
    )


@pytest.mark.parametrize(
    "page", [p for p in PAGES if object_kwargs(p)], ids=lambda page: page.name
)
def test_ids_of_another_tenant_are_not_found(page, ours, theirs):
    client = ours.client()
    named = {kwarg: sample(page, kwarg, theirs.world) for kwarg in object_kwargs(page)}
    # All at once, and each beside ids of our own.
    for swapped in [named, *({kwarg: text} for kwarg, text in named.items())]:
        assert statuses(client, address(page, ours.world, **swapped)) == {404}, swapped


@each_page
def test_a_stranger_finds_nothing(page, ours, theirs):
    assert statuses(theirs.client(), address(page, ours.world)) == {404}


@each_page
def test_whoever_is_not_logged_in_is_led_to_the_login(page, ours):
    for answer in ask(Client(), address(page, ours.world)):
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse(settings.LOGIN_URL))


@pytest.mark.parametrize("role", list(Role))
@each_page
def test_a_role_opens_what_it_may_and_no_more(page, role, ours):
    needs = page.view.needs_role
    client, url = ours.client(role), address(page, ours.world)
    status = client.get(url).status_code
    if role.covers(needs):
        assert status in {200, 302, 405}
    else:
        assert status in {403, 405}
    if not role.covers(POST_NEEDS.get(page.name, needs)):
        status = client.post(url).status_code
        takes_post = client.options(url).headers.get("Allow", "POST")
        assert status == 403 or (status == 405 and "POST" not in takes_post)


@pytest.mark.parametrize("name", sorted(OUTSIDE))
def test_a_url_outside_a_tenant_answers_as_written(name):
    kwargs, to_anybody, to_owner = OUTSIDE[name]
    url = reverse(name, kwargs=kwargs)
    owner = log_in(make_tenant())
    for who, expected in ((Client(), to_anybody), (owner, to_owner)):
        assert (who.get(url).status_code, who.post(url).status_code) == expected
