"""The embedded Redis: it only wakes workers, so it keeps nothing."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from leadrails.embedded.places import service_account
from leadrails.embedded.ports import LOOPBACK
from leadrails.embedded.process import Process, Program

# What it tells at every start and stop, warnings that concern no wake-up included.
NOISE = (
    "Reading config from stdin",
    "Redis is starting",
    "Redis version=",
    "Configuration loaded",
    "Server initialized",
    "scheduling shutdown",
    "User requested shutdown",
    "ready to exit",
    "overcommit_memory",
    "Transparent Huge Pages",
    "TCP backlog setting",
)


@dataclass(frozen=True, kw_only=True)
class Redis:
    program_path: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def program(self) -> Program:
        settings = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "requirepass": self.password,
            "save": '""',
            "appendonly": "no",
            "maxmemory": "64mb",
            # A full Redis must say so; the database still holds all the work.
            "maxmemory-policy": "noeviction",
            "dir": "/",
            "loglevel": "warning",
            "hz": "2",
        }
        lines = "".join(f"{name} {value}\n" for name, value in settings.items())
        return Program(
            name="redis",
            argv=[str(self.program_path), "-"],
            env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
            ready=self._is_ready,
            is_server=True,
            folder=Path("/"),
            account=service_account(),
            feed=lines,
            drop=NOISE,
        )

    def _is_ready(self, _process: Process) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as peer:
                peer.sendall(f"AUTH {self.password}\r\nPING\r\n".encode("ascii"))
                answer = b""
                while answer.count(b"\r\n") < 2 and (read := peer.recv(100)):
                    answer += read
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"
