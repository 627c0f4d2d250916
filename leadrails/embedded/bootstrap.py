"""
Makes the virtual environment. Run by path with the machine's own Python: standard
library only, and what stands above the check of the version is readable for old ones.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
if sys.version_info < OLDEST:
    sys.exit(
        f"LeadRails needs Python {OLDEST[0]}.{OLDEST[1]} or newer and this is "
        f"{sys.version_info[0]}.{sys.version_info[1]}. "
        "Name one that you have: make PYTHON=python3.12 …"
    )

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STAMP = VENV / "installed-locks"
PYTHON = VENV / "bin" / "python"
PIP_INSTALL = [str(PYTHON), "-m", "pip", "install", "-qq", "--no-input"]
PIP_INSTALL += ["--disable-pip-version-check"]


def main(arguments: list[str]) -> None:
    if arguments == ["--clean"]:
        clean()
    elif arguments == ["--lock"]:
        lock()
    else:
        install(arguments)


def install(locks: list[str]) -> None:
    """Install the locks that are not installed yet; a second call does nothing."""
    wanted = [checksum(name) for name in locks]
    found = read_stamp()
    if all(line in found for line in wanted):
        return
    if not PYTHON.exists():
        make_venv()
    say("Installing the locked packages; the first time takes half a minute …")
    STAMP.unlink(missing_ok=True)
    for name in locks:
        run(
            [*PIP_INSTALL, "--require-hashes", "-r", name],
            f"pip could not install {name}",
        )
    STAMP.write_text("".join(f"{line}\n" for line in wanted), encoding="utf-8")


def make_venv() -> None:
    say("Making a virtual environment in .venv …")
    shutil.rmtree(VENV, ignore_errors=True)
    run(
        [sys.executable, "-m", "venv", str(VENV)],
        "python -m venv failed (Debian has it in the package python3-venv)",
    )


def clean() -> None:
    """With the environment's Python if there is one: only it can find the servers."""
    if PYTHON.exists():
        run([str(PYTHON), "-m", "leadrails.embedded", "clean"], "cleaning failed")
    for name in (".leadrails", ".venv", "staticfiles"):
        shutil.rmtree(ROOT / name, ignore_errors=True)


def lock() -> None:
    """The compiler lives in a folder of its own: it is no part of the product."""
    tools = ROOT / ".leadrails" / "tools"
    install_compiler = [*PIP_INSTALL, "--upgrade", f"--target={tools}", "uv"]
    run(install_compiler, "pip could not install uv")
    compiler = [str(tools / "bin" / "uv"), "pip", "compile", "pyproject.toml", "-q"]
    compiler += ["--universal", f"--python-version={OLDEST[0]}.{OLDEST[1]}"]
    compiler += ["--generate-hashes", "--no-header", "--no-annotate"]
    compiler += ["--no-emit-index-url", "--no-emit-find-links"]
    run([*compiler, "-o", "requirements.lock"], "the lock could not be compiled")
    compiler += ["--extra", "dev", "-c", "requirements.lock"]
    run([*compiler, "-o", "requirements-dev.lock"], "nor could the one with tests")


def checksum(name: str) -> str:
    """Of the lock, of the folder it was installed in, and of the Python it is for."""
    text = (ROOT / name).read_bytes() + f"{VENV} {sys.version}".encode()
    return f"{hashlib.sha256(text).hexdigest()} {name}"


def read_stamp() -> list[str]:
    if not STAMP.exists():
        return []
    return STAMP.read_text(encoding="utf-8").splitlines()


def run(command: list[str], what: str) -> None:
    """Quiet when all is well; all that was said when it is not."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    words = done.stdout.strip()
    if done.returncode:
        sys.exit(f"{what}:\n{words}")
    if words:
        say(words)


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
