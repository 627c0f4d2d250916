"""Programs ready to paste that sign and post one lead."""

BASH = """\
#!/usr/bin/env bash
# Needs bash, openssl and curl.
set -eu
secret="${{LEADRAILS_SIGNING_SECRET:?set it to the secret of the signing key}}"
at=$(date -u +%Y-%m-%dT%H:%M:%S.000Z)
nonce=$(openssl rand -hex 16)
once=$(openssl rand -hex 16)
body='{{"schema_version":"lead_event.v1","event_type":"lead.submitted",'
body+='"submitted_at":"'$at'","source":{{"source_system":"curl"{site}}},'
body+='"lead":{{"full_name":"Taylor Test","phone":"+15555550100"}}}}'
hash=$(printf %s "$body" | openssl dgst -sha256 -r | cut -d ' ' -f 1)
signature=$(printf %s "$at.$nonce.$once.post./v1/lead-events.$hash" |
  openssl dgst -sha256 -hmac "$secret" -binary | openssl base64 -A)
curl --silent --show-error --include '{endpoint}' \\
  -H 'Content-Type: application/json' \\
  -H 'X-LR-Client-Id: {client_id}' \\
  -H 'X-LR-Source-Id: {source_id}' \\
  -H 'X-LR-Key-Id: {key_id}' \\
  -H "X-LR-Timestamp: $at" \\
  -H "X-LR-Nonce: $nonce" \\
  -H "X-LR-Idempotency-Key: $once" \\
  -H "X-LR-Signature: v1=$signature" \\
  --data-binary "$body"
"""

PYTHON = """\
import base64, datetime, hashlib, hmac, json, os, secrets, urllib.request

secret = os.environ["LEADRAILS_SIGNING_SECRET"]
now = datetime.datetime.now(datetime.timezone.utc)
at = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{{now.microsecond // 1000:03}}Z"
nonce, once = secrets.token_hex(16), secrets.token_hex(16)
body = json.dumps({{
    "schema_version": "lead_event.v1", "event_type": "lead.submitted",
    "submitted_at": at, "source": {{"source_system": "python"{site}}},
    "lead": {{"full_name": "Taylor Test", "phone": "+15555550100"}},
}}).encode()
sha = hashlib.sha256(body).hexdigest()
signed = f"{{at}}.{{nonce}}.{{once}}.post./v1/lead-events.{{sha}}"
mac = hmac.digest(secret.encode(), signed.encode(), "sha256")
headers = {{
    "Content-Type": "application/json", "X-LR-Client-Id": "{client_id}",
    "X-LR-Source-Id": "{source_id}", "X-LR-Key-Id": "{key_id}",
    "X-LR-Timestamp": at, "X-LR-Nonce": nonce, "X-LR-Idempotency-Key": once,
    "X-LR-Signature": "v1=" + base64.b64encode(mac).decode(),
}}
request = urllib.request.Request("{endpoint}", body, headers)
print(urllib.request.urlopen(request).read().decode())
"""


def samples(
    *, endpoint: str, client_id: str, source_id: str, key_id: str, site_url: str = ""
) -> list[tuple[str, str]]:
    """
    Return (label, program) pairs. The secret is read from the environment.

    Args:
        site_url: the site the source is pinned to; posts must name a page below it.
    """
    # Ids and the checked URLs hold no quotes or spaces: forms refuse those.
    site = site_url.replace("'", "%27").replace('"', "%22").replace("\\", "%5C")
    values = {
        "endpoint": endpoint,
        "client_id": client_id,
        "source_id": source_id,
        "key_id": key_id,
    }
    return [
        ("Bash", BASH.format(site=site and f',"site_url":"{site}"', **values)),
        ("Python", PYTHON.format(site=site and f', "site_url": "{site}"', **values)),
    ]
