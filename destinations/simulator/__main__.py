import argparse
import asyncio
import os
import sys
from pathlib import Path

from destinations.simulator.scenarios import table
from destinations.simulator.server import Options, serve

SECRET = "LEADRAILS_SIMULATOR_SECRET"  # noqa: S105 - the variable's name
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
    given = parser.parse_args()
    if given.scenarios:
        sys.stdout.write(table())
        return
    secret = os.environ.get(SECRET, "")
    if not secret:
        sys.exit(f"Set {SECRET}: account tokens are derived from it.")
    is_durable = os.environ.get(DURABLE) == "1"
    asyncio.run(
        serve(Options(given.host, given.port, given.ledger, secret, is_durable))
    )


if __name__ == "__main__":
    main()
