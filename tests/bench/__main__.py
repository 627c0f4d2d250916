"""
Every benchmark, or those named: `python -m tests.bench [NAME …]`.

Each runs in a process of its own and prints one JSON object; see there.
"""

import subprocess
import sys

NAMES = ("dispatch", "callbacks")


def main(names: list[str]) -> int:
    if unknown := set(names) - set(NAMES):
        print(f"There is no benchmark {min(unknown)}; there are {', '.join(NAMES)}.")
        return 2
    for name in names or NAMES:
        command = [sys.executable, "-m", f"tests.bench.{name}"]
        if (done := subprocess.run(command, check=False)).returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
