"""The browser tests need Chromium: find it, fetch it, or say how to get it."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGE = "chromium"


def main() -> int:
    if os.environ.get("SKIP_BROWSER"):
        print("SKIP_BROWSER is set: the tests that walk the pages are left out.")
        return 0
    if any(shutil.which(name) for name in NAMES):
        return 0
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(
            "The browser tests need Chromium. Install it (on Debian as root: "
            f"apt-get install {PACKAGE}), or leave them out: make test SKIP_BROWSER=1",
            file=sys.stderr,
        )
        return 1
    print("Fetching Debian's Chromium for the browser tests; takes a minute …")
    sys.stdout.flush()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["install", "-y", "-qq", "--no-install-recommends", PACKAGE]
    for arguments in (["update", "-qq"], install):
        done = subprocess.run(
            ["apt-get", *arguments],  # noqa: S607 - where it lies is the system's
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            print(f"apt-get {arguments[0]} failed:\n{done.stdout}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
