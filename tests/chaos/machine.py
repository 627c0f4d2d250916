"""What a run ran on, for its report: no names and no paths."""

import os
import platform
from pathlib import Path


def machine_facts() -> dict[str, str]:
    return {
        "processors": str(os.cpu_count()),
        "processor": _first("/proc/cpuinfo", "model name"),
        "memory": _gigabytes(_first("/proc/meminfo", "MemTotal")),
        "system": platform.system(),
        "Python": platform.python_version(),
    }


def _first(file: str, name: str) -> str:
    """The value of the first line of that name; empty where there is none."""
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(name))
    return next(found, "")


def _gigabytes(text: str) -> str:
    number = text.partition(" ")[0]
    return f"{int(number) / 2**20:.1f} GB" if number.isdigit() else ""
