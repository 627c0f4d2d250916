import argparse
import asyncio
import os
import sys
from hashlib import sha256
from pathlib import Path

from destinations.providers.simulated import (
    MARK,
    auth_token,
    handsets_path,
    rcs_sender,
    sibling_sid,
    telnyx_agent_id,
    telnyx_api_key,
    telnyx_profile_id,
    telnyx_public_key,
)
from destinations.simulator.scenario_table import table
from destinations.simulator.server import Options, serve

SECRET = "LEADRAILS_SIMULATOR_SECRET"  # noqa: S105 - the variable's name
DEFAULT_PORT = 8025  # in what is printed, when no port is given
DURABLE = "LEADRAILS_SIMULATOR_DURABLE"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m destinations.simulator",
        description="Speak the providers' HTTP protocols without sending anything.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--ledger", type=Path, help="SQLite file; made when missing")
    what.add_argument(
        "--scenarios", action="store_true", help="print the table of scenarios, end"
    )
    what.add_argument(
        "--account", metavar="NAME", help="print an account of your own, end"
    )
    given = parser.parse_args()
    if given.scenarios:
        sys.stdout.write(table())
        return
    secret = os.environ.get(SECRET, "")
    if not secret:
        sys.exit(f"Set {SECRET}: account tokens are derived from it.")
    if given.account:
        sys.stdout.write(describe(given.account, secret, given.host, given.port))
        return
    is_durable = os.environ.get(DURABLE) == "1"
    asyncio.run(
        serve(Options(given.host, given.port, given.ledger, secret, is_durable))
    )


def describe(name: str, secret: str, host: str, port: int) -> str:
    """What a client of the provider needs; the same for the same name and secret."""
    sid = f"AC{MARK}{sha256(name.encode()).hexdigest()[:24]}"
    key = sibling_sid("SK", sid)
    rows = {
        "Account SID": sid,
        "Auth token": auth_token(secret, sid),
        "API key": key,
        "API key secret": auth_token(secret, key),
        "Messaging Service": sibling_sid("MG", sid),
        "RCS sender": f"{rcs_sender(sid)} {sibling_sid('XE', sid)}",
        "Numbers": "+15555550100 to +15555550199, +447700900100 to +447700900199",
        "Base URL": f"http://{host}:{port or DEFAULT_PORT}",
        "Telnyx API key": telnyx_api_key(secret, sid),
        "Telnyx public key": telnyx_public_key(secret, sid),
        "Telnyx profile": telnyx_profile_id(sid),
        "Telnyx RCS agent": telnyx_agent_id(sid),
        "Telnyx numbers": "+15555550200 to 0299, +447700900200 to 900299, 55502",
        "Telnyx base URL": f"http://{host}:{port or DEFAULT_PORT}/v2",
        "Handsets": f"http://{host}:{port or DEFAULT_PORT}{handsets_path(secret, sid)}",
    }
    return "".join(f"{name:18} {value}\n" for name, value in rows.items())


if __name__ == "__main__":
    main()
