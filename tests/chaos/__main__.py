"""
python -m tests.chaos --kills N [--seed S] [--minutes M]

Kills everything again and again under load, then compares three ledgers. Exit status
0 only if every invariant holds.
"""

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import Options, Run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--minutes", type=float, default=70, help="of faults, at most")
    parser.add_argument("--settle", type=float, default=600, help="seconds, at most")
    parser.add_argument("--hurry", type=float, default=60, help="after so many seconds")
    parser.add_argument("--flood", type=int, default=60, help="leads in one")
    parser.add_argument("--rate", type=float, default=10, help="leads a second")
    parser.add_argument("--pace", type=float, default=1.0, help="below 1: faster")
    parser.add_argument("--folder", type=Path, help="for the report; made if missing")
    parser.add_argument("--keep", action="store_true", help="keep database and ledger")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="leadrails-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    # Servers of its own, whatever this process was given.
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    options = Options(
        kills=given.kills,
        seed=given.seed,
        minutes=given.minutes,
        folder=folder,
        rate=given.rate,
        flood=given.flood,
        settle=given.settle,
        hurry_after=given.hurry,
        pace=given.pace,
        keep=given.keep,
    )
    return 0 if Run(options)().is_good else 1


if __name__ == "__main__":
    sys.exit(main())
