"""Scripts that post one signed lead, ready to paste: in Python, and for a shell."""

_SCRIPT = """\
import base64, hashlib, hmac, json, os, secrets, urllib.error, urllib.request
from datetime import datetime, timezone

ENDPOINT = "@endpoint@"
CLIENT_ID = "@client@"
SOURCE_ID = "@source@"
KEY_ID = "@key@"


def signed_headers(body, secret):
    now = datetime.now(timezone.utc)
    timestamp = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03}Z"
    nonce = secrets.token_hex(16)
    idempotency_key = secrets.token_hex(16)  # keep it when you send the same lead again
    digest = hashlib.sha256(body).hexdigest()
    parts = (timestamp, nonce, idempotency_key, "post", "/v1/lead-events", digest)
    mac = hmac.new(secret.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "X-LR-Client-Id": CLIENT_ID,
        "X-LR-Source-Id": SOURCE_ID,
        "X-LR-Key-Id": KEY_ID,
        "X-LR-Timestamp": timestamp,
        "X-LR-Nonce": nonce,
        "X-LR-Idempotency-Key": idempotency_key,
        "X-LR-Signature": "v1=" + base64.b64encode(mac).decode(),
    }


def sample_lead():
    return {
        "schema_version": "lead_event.v1",
        "event_type": "lead.submitted",
        "submitted_at": datetime.now(timezone.utc).isoformat(),
        "source": {"source_system": "python-script", "site_url": @site@},
        "lead": {
            "full_name": "Taylor Test",
            "phone": "+15555550100",
            "email": "taylor.test@example.com",
            "message": "I need a quote.",
        },
    }


if __name__ == "__main__":
    body = json.dumps(sample_lead()).encode()
    headers = signed_headers(body, os.environ["LEADRAILS_SIGNING_SECRET"])
    request = urllib.request.Request(ENDPOINT, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            print(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        print(error.code, error.read().decode())
"""
_SHELL = """\
#!/usr/bin/env bash
# Needs bash, openssl and curl.
set -eu
secret="${LEADRAILS_SIGNING_SECRET:?set it to the secret of the signing key}"
at=$(date -u +%Y-%m-%dT%H:%M:%S.000Z)
nonce=$(openssl rand -hex 16)
once=$(openssl rand -hex 16)
body='{"schema_version":"lead_event.v1","event_type":"lead.submitted",'
body+='"submitted_at":"'$at'","source":{"source_system":"curl"@site@},'
body+='"lead":{"full_name":"Taylor Test","phone":"+15555550100"}}'
hash=$(printf %s "$body" | openssl dgst -sha256 -r | cut -d ' ' -f 1)
signature=$(printf %s "$at.$nonce.$once.post./v1/lead-events.$hash" |
  openssl dgst -sha256 -hmac "$secret" -binary | openssl base64 -A)
curl --silent --show-error --include '@endpoint@' \\
  -H 'Content-Type: application/json' \\
  -H 'X-LR-Client-Id: @client@' \\
  -H 'X-LR-Source-Id: @source@' \\
  -H 'X-LR-Key-Id: @key@' \\
  -H "X-LR-Timestamp: $at" \\
  -H "X-LR-Nonce: $nonce" \\
  -H "X-LR-Idempotency-Key: $once" \\
  -H "X-LR-Signature: v1=$signature" \\
  --data-binary "$body"
"""
NO_KEY = "key_… (issue a signing key on the Settings tab)"


def sending_script(
    *, endpoint: str, client_id: str, source_id: str, key_id: str, site_url: str
) -> str:
    """Return a program that needs Python and nothing else."""
    site = repr(site_url) if site_url else "None"
    return _filled(_SCRIPT, endpoint, client_id, source_id, key_id, site)


def shell_script(
    *, endpoint: str, client_id: str, source_id: str, key_id: str, site_url: str
) -> str:
    """Return a program for bash that signs with openssl and posts with curl."""
    # It stands within single quotes, as JSON.
    site = site_url.replace("\\", "%5C").replace("'", "%27").replace('"', "%22")
    part = f',"site_url":"{site}"' if site else ""
    return _filled(_SHELL, endpoint, client_id, source_id, key_id, part)


def _filled(
    script: str, endpoint: str, client_id: str, source_id: str, key_id: str, site: str
) -> str:
    values = {
        "@endpoint@": endpoint,
        "@client@": client_id,
        "@source@": source_id,
        "@key@": key_id or NO_KEY,
        "@site@": site,
    }
    for mark, value in values.items():
        script = script.replace(mark, value)
    return script
