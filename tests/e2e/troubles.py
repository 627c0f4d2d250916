"""All that can go wrong, done to one workspace of a running system."""

import base64
import re
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import urlopen

from leadrails.core import ids
from leadrails.embedded.secrets_file import Secrets
from tests.e2e.system import PATH
from tests.e2e.visitor import Visitor

BROKEN = "broken@example.com"


@dataclass
class Aftermath:
    """What is left after all that can go wrong went wrong, in one workspace."""

    visitor: Visitor
    secrets: dict
    phones: list

    def leaks(self, text):
        """The names of the secrets that stand in a text, in whatever form."""
        return {
            name
            for name, secret in self.secrets.items()
            if any(form in text for form in forms(secret))
        }


def forms(secret):
    return {secret, quote(secret, safe=""), secret.encode().hex()}


def make_trouble(system):
    visitor = Visitor(system.web_url)
    found = Aftermath(visitor, {}, [])
    guess = f"guess-{secrets.token_hex(8)}"
    page = visitor.open("/account/login")
    visitor.submit(page, username=system.borealis.email, password=guess)
    visitor.log_in(system.borealis)
    found.secrets |= known_secrets(system) | {"a wrong password": guess}
    for trouble in (
        refuse_posts,
        break_web,
        break_drain,
        break_callback,
        lose_login,
        hear_stop,
    ):
        trouble(system, found)
    issue_secrets(system, found)
    found.secrets |= callback_macs(system)
    return found


def known_secrets(system):
    kept = Secrets.load(system.stack.state_dir / "secrets.json")
    found = {
        "the secret key": kept.secret_key,
        "the encryption key": kept.encryption_keys.partition(":")[2],
        "the simulator's secret": kept.simulator_secret,
        "the database's password": kept.postgres_owner,
        "the superuser's password": kept.postgres_superuser,
        "Redis's password": kept.redis,
    }
    for one in (system.acme, system.borealis):
        basic = base64.b64encode(f"{one.account_sid}:{one.auth_token}".encode())
        found |= {
            f"{one.slug}'s signing secret": one.signing_secret,
            f"{one.slug}'s API key": one.api_key,
            f"{one.slug}'s auth token": one.auth_token,
            f"{one.slug}'s Authorization header": basic.decode(),
            f"{one.slug}'s password": one.password,
        }
    return found


def callback_macs(system):
    """The part of each callback's URL that lets whoever knows it report."""
    # What people write comes to the address for replies, which admins may see.
    rows = system.simulator.ledger(limit=10_000)
    urls = (row["callback_url"] for row in rows if row["direction"] != "inbound")
    macs = {urlsplit(url).path.rpartition("/")[2] for url in urls if url}
    assert all(len(mac) == 22 for mac in macs)
    return {f"the callback's MAC {mac}": mac for mac in macs}


def post(system, found, ending=None, **lead):
    found.phones.append(system.new_phone(ending))
    return system.post(system.borealis, found.phones[-1], **lead)


def refuse_posts(system, found):
    """Bad signatures, bodies and keys; and a good API key."""
    one = system.borealis
    good = system.sign(one, system.new_phone())
    bearer = {
        "Content-Type": "application/json",
        "X-LR-Source-Id": one.source_id,
        "Authorization": f"Bearer {one.api_key}",
    }
    with system.connection() as connection:

        def answer(body, headers):
            return system.send(type(good)(body, headers), connection).status

        forged = {**good.headers, "X-LR-Signature": f"v1={one.signing_secret}"}
        assert answer(good.body, forged) == 401
        bad = system.sign_body(one, b'{"lead": 3}')
        assert answer(bad.body, bad.headers) == 422
        wrong = f"lr_live_{secrets.token_hex(20)}"
        found.secrets["a wrong API key"] = wrong
        assert answer(good.body, {**bearer, "Authorization": f"Bearer {wrong}"}) == 401
        assert answer(good.body, bearer) == 202


@contextmanager
def refused_rows(system, table, condition):
    """PostgreSQL refuses such rows for a while, and quotes them when it does."""
    system.query(
        f"ALTER TABLE {table} ADD CONSTRAINT no_such CHECK ({condition}) NOT VALID"
    )
    try:
        yield
    finally:
        system.query(f"ALTER TABLE {table} DROP CONSTRAINT no_such")


def break_web(system, found):
    with refused_rows(system, "leads_lead", f"email <> '{BROKEN}'"):
        phone = system.new_phone()
        post = system.sign(system.borealis, phone, email=BROKEN)
        with system.connection() as connection:
            connection.request("POST", PATH, post.body, post.headers)
            answer = connection.getresponse()
            page = answer.read().decode()
    assert answer.status == 500
    assert "no_such" in said_by(system, "web")
    assert phone not in page
    assert found.leaks(page) == set()
    found.phones.append(phone)


def break_drain(system, found):
    """A job's row holds what no drain can understand."""
    broken = post(system, found, 63).lead_id
    (job,) = system.wait_for_jobs([broken], "retrying")
    system.query("UPDATE jobs_job SET message = '{}' WHERE id = %s", job["id"])
    due_now = "UPDATE jobs_queueentry SET due_at = now() WHERE job_id = %s"
    system.query(due_now, job["id"])
    system.wait(lambda: "KeyError" in said_by(system, "drain"), "the drain's error")
    system.wait_for_jobs([broken], "dead")


def break_callback(system, found):
    """A report that cannot be kept, and one with a wrong signature."""
    with refused_rows(system, "jobs_deliveryevent", "error <> '30005'"):
        undelivered = post(system, found, 52).lead_id
        system.wait(lambda: "no_such" in said_by(system, "worker"), "a failed callback")
    system.wait_for_jobs([undelivered], "undelivered")
    post(system, found, 74)
    system.wait(
        lambda: system.query("SELECT 1 FROM alerts_alert WHERE kind LIKE 'signature%'"),
        "the alert of a bad signature",
    )


def lose_login(system, found):
    """The provider's token was replaced by a wrong one; then all is mended."""
    wrong = secrets.token_hex(16)
    found.secrets["a wrong auth token"] = wrong
    place = destination_page(system)
    save_token(found, place, wrong)
    lead = post(system, found).lead_id
    (job,) = system.wait_for_jobs([lead], "held")
    assert job["reason"] == "destination_paused"
    save_token(found, place, system.borealis.auth_token)
    asked = found.visitor.open(f"{place}resume/")
    assert found.visitor.submit(asked).status == 200
    system.wait_for_jobs([lead], "delivered")


def hear_stop(system, found):
    """A person sends a picture, and wants no more messages."""
    lead = post(system, found).lead_id
    (job,) = system.wait_for_jobs([lead], "delivered")
    phones = f"{system.facts['simulator_url']}{system.borealis.handsets}"
    for said in ({"picture": "sample"}, {"body": "STOP"}):
        data = urlencode({"with": job["sender"], **said}).encode()
        with urlopen(f"{phones}{job['recipient']}/reply", data, timeout=10) as answer:
            assert answer.status == 200
    kept = "SELECT 1 FROM contacts_inboundmedia WHERE state = 'kept'"
    stopped = "SELECT 1 FROM contacts_suppression WHERE phone = %s"
    system.wait(lambda: system.query(kept), "the picture")
    system.wait(lambda: system.query(stopped, job["recipient"]), "the suppression")


def destination_page(system):
    (row,) = system.query(
        "SELECT place.id FROM destinations_destination place JOIN tenants_tenant tenant"
        " ON tenant.id = tenant_id WHERE slug = 'borealis' AND place.name = 'Sales SMS'"
    )
    return f"/t/borealis/destinations/{ids.encode('dst', row['id'])}/"


def save_token(found, place, token):
    page = found.visitor.open(f"{place}edit/")
    saved = found.visitor.submit(page, auth_token=token)
    assert saved.path == place, saved.text


def issue_secrets(system, found):
    """Keys and links are shown on one page each, which nobody keeps."""
    visitor, source = found.visitor, system.borealis.source_id
    page = visitor.submit(visitor.open("/t/borealis/settings/api-keys/new"), name="CRM")
    found.secrets["a new API key"] = shown_once(page, "lr_live_")
    settings = visitor.open(f"/t/borealis/sources/{source}/settings/")
    issue = f"/t/borealis/sources/{source}/keys/new/"
    page = visitor.submit(settings, action=issue)
    found.secrets["a new signing secret"] = shown_once(page, "lrs_")
    assert found.leaks(page.text) == {"a new signing secret"}

    form = visitor.open("/t/borealis/settings/members/add")
    page = visitor.submit(form, email="new@borealis.example", role="viewer")
    link = shown_once(page, f"{visitor.web_url}/account/invitation/")
    found.secrets["an invitation's link"] = link.rpartition("/")[2]
    found.secrets["a short password"] = "tea4two"
    welcome = Visitor(visitor.web_url).open(link)
    again = Visitor(visitor.web_url)
    refused = again.submit(again.open(link), name="New", password="tea4two")
    assert (welcome.status, refused.status) == (200, 422)

    form = visitor.open("/t/borealis/settings/channels/new/email")
    told = visitor.submit(form, name="On call", address="call@borealis.example")
    assert told.status == 200, told.text


def shown_once(page, beginning):
    assert "no-store" in page.headers
    secret = re.search(re.escape(beginning) + r"[\w/-]+", page.text)[0]
    assert len(secret) > len(beginning) + 20
    return secret


def said_by(system, name):
    lines = list(system.lines)
    return "\n".join(line for line in lines if line.startswith(f"{name} | "))
