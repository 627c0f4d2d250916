"""The whole of LeadRails on one machine: servers, processes, their addresses."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from leadrails.embedded import programs
from leadrails.embedded.binaries import find_binaries
from leadrails.embedded.places import (
    PROJECT,
    Unusable,
    data_folder,
    write_secret_file,
)
from leadrails.embedded.ports import LOOPBACK, Port, take_port
from leadrails.embedded.postgres import Postgres
from leadrails.embedded.process import Log, Process
from leadrails.embedded.redis import Redis
from leadrails.embedded.secrets_file import Secrets
from leadrails.embedded.supervisor import Supervisor

WEB_PORT = 8000
SIMULATOR_PORT = 8001


class Stack:
    """
    `with Stack(folder) as stack:` brings everything up and leaves nothing behind.

    Without DATABASE_URL and REDIS_URL in the environment it starts PostgreSQL and
    Redis of its own, whose data stays in the folder's name until `destroy`.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        database: str = "leadrails",
        servers_only: bool = False,
        web_processes: int | None = None,
        log: Log,
        extra_env: Mapping[str, str] | None = None,
    ) -> None:
        self.state_dir = state_dir.resolve()
        self.database = database
        self.servers_only = servers_only
        # The other half of the cores is for workers and the database.
        self.web_processes = web_processes or max(1, (os.cpu_count() or 2) // 2)
        self.log = log
        self.env: dict[str, str] = {}
        """All variables of the processes; scripts may run with them too."""
        self.urls: dict[str, str] = {}
        """By name: database, redis, web, simulator."""
        self.on_change: Callable[[], None] | None = None
        """Called when a process was started again and so has another pid."""
        self._extra_env = dict(extra_env or {})
        self._ports: dict[str, Port] = {}
        self._supervisor: Supervisor | None = None

    @property
    def supervisor(self) -> Supervisor:
        if self._supervisor is None:
            raise RuntimeError("the stack is not started")
        return self._supervisor

    @property
    def processes(self) -> dict[str, Process]:
        return self.supervisor.processes

    @property
    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self.processes.items()}

    @property
    def ledger(self) -> Path:
        """The simulator's own record of what it was asked to send."""
        return self.state_dir / "simulator.sqlite3"

    def start(self) -> Self:
        self.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._supervisor = Supervisor(self.state_dir, self.log, self._changed)
        try:
            secrets = self._secrets()
            self._start_servers(secrets)
            self.env = self._environment(secrets)
            if not self.servers_only:
                self._start_processes()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        if self._supervisor is not None:
            self._supervisor.stop()
            self._supervisor = None
        while self._ports:
            self._ports.popitem()[1].release()

    def destroy(self) -> None:
        """Stop, and remove the data too."""
        self.stop()
        shutil.rmtree(data_folder(self.state_dir), ignore_errors=True)
        shutil.rmtree(self.state_dir, ignore_errors=True)

    def kill(self, name: str, *, stay_dead: bool = False) -> None:
        """As a crash would; it comes back by itself unless it is to stay dead."""
        self.supervisor.kill(name, stay_dead=stay_dead)

    def freeze(self, name: str) -> None:
        self.processes[name].signal_group(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self.processes[name].signal_group(signal.SIGCONT)

    def restart(self, name: str) -> None:
        self.supervisor.restart(name)

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end; its standard output."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            words = (done.stderr or done.stdout).strip()
            raise Unusable(f"manage.py {arguments[0]} failed:\n{words}")
        return done.stdout

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _changed(self) -> None:
        if self.on_change:
            self.on_change()

    def _start_servers(self, secrets: Secrets) -> None:
        database, redis = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
        if bool(database) != bool(redis):
            raise Unusable("Set both DATABASE_URL and REDIS_URL, or neither.")
        if database and redis:
            self.urls = {"database": database, "redis": redis}
            return
        found = find_binaries(lambda text: self.log("leadrails", text))
        postgres = Postgres(
            folder=data_folder(self.state_dir),
            programs=found.postgres,
            port=self._take_port("postgres"),
            superuser_password=secrets.postgres_superuser,
            owner_password=secrets.postgres_owner,
        )
        own_redis = Redis(
            program_path=found.redis,
            port=self._take_port("redis"),
            password=secrets.redis,
        )
        postgres.prepare()
        started = [
            self.supervisor.start(server.program()) for server in (postgres, own_redis)
        ]
        for process in started:
            process.wait_ready()
        postgres.make_database(self.database)
        self.urls = {"database": postgres.url(self.database), "redis": own_redis.url}

    def _start_processes(self) -> None:
        web, simulator = self._take_port("web"), self._take_port("simulator")
        self.urls |= {
            "web": f"http://{LOOPBACK}:{web}",
            "simulator": f"http://{LOOPBACK}:{simulator}",
        }
        self.env |= {
            "LEADRAILS_PUBLIC_URL": self.urls["web"],
            "LEADRAILS_SIMULATOR_URL": self.urls["simulator"],
            **self._extra_env,
        }
        self.log("leadrails", "Bringing the database up to date …")
        self.manage("migrate", "--no-input", "--verbosity", "0")
        self.log("leadrails", "Starting web, drain, worker and simulator …")
        schedule = self.state_dir / "beat-schedule"
        wanted = (
            programs.simulator(self.env, port=simulator, ledger=self.ledger),
            programs.web(self.env, port=web, processes=self.web_processes),
            programs.drain(self.env),
            programs.worker(self.env, schedule=schedule),
        )
        for process in [self.supervisor.start(program) for program in wanted]:
            process.wait_ready()

    def _secrets(self) -> Secrets:
        path = self.state_dir / "secrets.json"
        kept = Secrets.load(path)
        if kept:
            return kept
        # Data without its secrets cannot be opened: a folder of this name once held
        # another installation, which is gone.
        if "DATABASE_URL" not in os.environ:
            shutil.rmtree(data_folder(self.state_dir))
        made = Secrets.make()
        made.save(path)
        return made

    def _environment(self, secrets: Secrets) -> dict[str, str]:
        # Cookies know no ports: two clones on one host must not log each other out.
        clone = hashlib.sha256(os.fsencode(self.state_dir)).hexdigest()[:8]
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "leadrails.settings",
            "PYTHONUNBUFFERED": "1",
            "MALLOC_ARENA_MAX": "2",
            "DEBUG": "0",
            "EMAIL_URL": os.environ.get("EMAIL_URL", "mailbox://"),
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "SESSION_COOKIE_NAME": f"leadrails_{clone}",
            "SECRET_KEY": secrets.secret_key,
            "LEADRAILS_ENCRYPTION_KEYS": secrets.encryption_keys,
            "LEADRAILS_SIMULATOR_SECRET": secrets.simulator_secret,
            "DATABASE_URL": self.urls["database"],
            "REDIS_URL": self.urls["redis"],
            **self._extra_env,
        }

    def _take_port(self, name: str) -> int:
        """The port of the last time if it is free, so that addresses stay."""
        path = self.state_dir / "ports.json"
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        usual = {"web": [WEB_PORT], "simulator": [SIMULATOR_PORT]}.get(name, [])
        last = [kept[name]] if name in kept else usual
        self._ports[name] = take_port(*last)
        kept[name] = self._ports[name].number
        write_secret_file(path, json.dumps(kept, indent=2) + "\n")
        return self._ports[name].number
