import io
import os
import stat
import subprocess
import sys

import pytest

from leadrails.embedded.console import Console
from leadrails.embedded.memory import proportional_mb, tree
from leadrails.embedded.places import (
    PROJECT,
    Unusable,
    make_private,
    private_folder,
    write_secret_file,
)

BOOTSTRAP = PROJECT / "leadrails" / "embedded" / "bootstrap.py"


def run(*command):
    return subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, check=False
    )


def test_an_old_python_is_told_which_one_is_needed():
    pretend = "import sys; sys.version_info = (3, 9, 1)"
    code = f"{pretend}; exec(open({str(BOOTSTRAP)!r}).read())"
    done = run(sys.executable, "-c", code)
    assert done.returncode == 1
    assert done.stderr == (
        "LeadRails needs Python 3.11 or newer and this is 3.9. "
        "Name one that you have: make PYTHON=python3.12 …\n"
    )


def test_a_folder_that_somebody_else_laid_there_is_refused(tmp_path):
    theirs = tmp_path / "theirs"
    theirs.symlink_to("/tmp")
    with pytest.raises(Unusable, match="belongs to another user"):
        make_private(theirs, owner=None)


def test_each_project_has_a_private_folder_of_its_own(tmp_path):
    folders = {private_folder(tmp_path / name) for name in ("one", "two")}
    assert len(folders) == 2
    for folder in folders:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        folder.rmdir()


def test_a_secret_file_is_replaced_whole_and_for_the_owner_only(tmp_path):
    file = tmp_path / "demo.json"
    file.write_text("old")
    file.chmod(0o644)
    write_secret_file(file, "new")
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_log_lines_name_their_speaker():
    stream = io.StringIO()
    Console(stream)("web", "hello")
    assert stream.getvalue() == "web       | hello\n"


def test_memory_is_that_of_the_whole_tree():
    alone = proportional_mb(os.getpid())
    fill = "x = bytearray(50_000_000); x[::4096] = x[::4096]"
    code = f"{fill}; print('up', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        assert child.pid in tree(os.getpid())
        for _ in range(100):
            if proportional_mb(os.getpid()) > alone + 40:
                break
        else:
            pytest.fail("the child's memory was not counted")
        child.communicate(b"\n")


def test_the_commands_explain_themselves():
    done = run(sys.executable, "-m", "leadrails.embedded")
    assert done.returncode == 2
    for command in ("up", "once", "servers", "stop", "clean"):
        assert f"\n{command} " in done.stdout


def test_make_help_lists_the_commands():
    done = run("make", "help")
    listed = {line.split()[1] for line in done.stdout.splitlines()}
    assert listed >= {"demo", "test", "check", "clean", "fmt", "lock", "help"}
