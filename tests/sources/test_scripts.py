"""The scripts that pages offer are run, and what they post is accepted."""

import os
import subprocess
import sys

import pytest

from leadrails.leads import directory, sources
from leadrails.leads.models import Lead
from leadrails.leads.source_script import sending_script, shell_script
from tests.make import make_source

pytestmark = pytest.mark.django_db(transaction=True)

SCRIPTS = [
    pytest.param(shell_script, ["bash"], id="shell"),
    pytest.param(sending_script, [sys.executable, "-"], id="python"),
]


@pytest.mark.parametrize("site_url", ["", "https://example.com/forms"])
@pytest.mark.parametrize(("make_script", "run"), SCRIPTS)
def test_a_script_posts_a_lead(live_server, make_script, run, site_url):
    directory.forget()
    source = make_source(allowed_site_url=site_url)
    key, secret = sources.issue_signing_key(source, actor=None)
    script = make_script(
        endpoint=f"{live_server.url}/v1/lead-events",
        client_id=source.tenant.public_id,
        source_id=source.public_id,
        key_id=key.public_id,
        site_url=site_url,
    )

    ran = subprocess.run(
        run,
        input=script,
        env={**os.environ, "LEADRAILS_SIGNING_SECRET": secret, "no_proxy": "*"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert '"status":"accepted"' in ran.stdout, ran.stdout + ran.stderr
    assert Lead.objects.for_tenant(source.tenant).get().phone == "+15555550100"


def test_a_site_cannot_break_out_of_the_shell_script():
    site = "https://example.com/'\"; touch oops; \\"

    script = shell_script(
        endpoint="e", client_id="c", source_id="s", key_id="k", site_url=site
    )

    assert "https://example.com/%27%22; touch oops; %5C" in script
