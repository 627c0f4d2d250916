"""Where things lie on disk, and who may look at them."""

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path
from typing import NamedTuple, TypedDict

PROJECT = Path(__file__).resolve().parents[2]
STATE = PROJECT / ".leadrails"


class Unusable(Exception):
    """Something on this machine must change first; the text says what."""


class Account(NamedTuple):
    uid: int
    gid: int


class AccountArguments(TypedDict):
    user: int | None
    group: int | None
    extra_groups: list[int] | None


def running_as(account: Account | None) -> AccountArguments:
    """The arguments of subprocess that run a program as this account."""
    if account is None:
        return {"user": None, "group": None, "extra_groups": None}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def service_account() -> Account | None:
    """PostgreSQL refuses to run as root, so root lends it another account."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def private_folder(project: Path = PROJECT) -> Path:
    """
    The folder for what the service account must be able to read.

    That account may be unable to enter the clone's folder, so for root this is a
    folder outside, named after the clone's path. No other folder's rights change.
    """
    if os.geteuid() != 0:
        return make_private(project / ".leadrails" / "servers", owner=None)
    name = hashlib.sha256(os.fsencode(project.resolve())).hexdigest()[:16]
    return make_private(_shared_parent() / name, owner=service_account())


def data_folder(state: Path, project: Path = PROJECT) -> Path:
    """The folder of one set of servers; a project has one per state folder."""
    name = hashlib.sha256(os.fsencode(state.resolve())).hexdigest()[:16]
    return make_private(private_folder(project) / name, owner=service_account())


def remove_private_folder(project: Path = PROJECT) -> None:
    folder = private_folder(project)
    shutil.rmtree(folder)
    if folder.parent.name == "leadrails" and not any(folder.parent.iterdir()):
        folder.parent.rmdir()


def make_private(folder: Path, *, owner: Account | None) -> Path:
    """Make the folder with mode 700, or refuse one that somebody else laid there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.lstat()
    mine = os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {
        mine,
        owner.uid if owner else mine,
    }:
        raise Unusable(f"{folder} belongs to another user; remove it and start again.")
    folder.chmod(0o700)
    if owner:
        os.chown(folder, owner.uid, owner.gid)
    return folder


def write_secret_file(path: Path, text: str) -> None:
    """Write at once or not at all, readable by its owner only."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _shared_parent() -> Path:
    for base in (Path("/var/lib"), Path(tempfile.gettempdir())):
        parent = base / "leadrails"
        try:
            parent.mkdir(exist_ok=True, mode=0o755)
        except OSError:
            continue
        if parent.lstat().st_uid == 0 and os.access(parent, os.W_OK):
            return parent
    raise Unusable("Neither /var/lib nor the temp folder can be written to.")
