"""The embedded PostgreSQL: durable like any other, quiet and small when idle."""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from leadrails.embedded.places import Account, Unusable, running_as, service_account
from leadrails.embedded.ports import LOOPBACK
from leadrails.embedded.process import Process, Program

SUPERUSER = "postgres"
OWNER = "leadrails"
# fsync, synchronous_commit and full_page_writes keep their default, on: what is
# answered with 202 survives a power cut here too.
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # socket paths end at 107 bytes; clones lie deep
    "max_connections": "100",
    "shared_buffers": "64MB",
    "wal_buffers": "1MB",
    "max_wal_size": "512MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "io_method": "sync",
    "jit": "off",
    "autovacuum_max_workers": "2",
    "bgwriter_delay": "1s",
    "checkpoint_timeout": "15min",
    "log_checkpoints": "off",
    # Statements carry people's data and the callers log their own errors.
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
    "log_line_prefix": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": os.defpath}


@dataclass(frozen=True, kw_only=True)
class Postgres:
    folder: Path
    """Private to the account the server runs as."""
    programs: Path
    port: int
    superuser_password: str
    owner_password: str

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str) -> str:
        at = f"{LOOPBACK}:{self.port}"
        return f"postgres://{OWNER}:{self.owner_password}@{at}/{database}"

    def program(self) -> Program:
        argv = [str(self.programs / "postgres"), "-D", str(self.data)]
        for name, value in {"port": str(self.port), **SETTINGS}.items():
            argv += ["-c", f"{name}={value}"]
        return Program(
            name="postgres",
            argv=argv,
            env=ENVIRONMENT,
            ready=self._is_ready,
            is_server=True,
            folder=Path("/"),
            account=service_account(),
            stop_signal=signal.SIGINT,  # "fast": no waiting for clients
            drop=(
                "terminating connection due to administrator command",
                "the database system is starting up",
            ),
        )

    def prepare(self) -> None:
        """Make the data folder once, and clear what a hard end left in it."""
        if not self.data.is_dir():
            self._initialise(service_account())
        self._check_version()
        self._clear_stale_pid()

    def make_database(self, name: str) -> None:
        """The application's role is no superuser: one of those ignores row rules."""
        with self._connect() as connection:
            if not _exists(connection, "pg_roles", "rolname", OWNER):
                create = sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}")
                connection.execute(
                    create.format(
                        sql.Identifier(OWNER), sql.Literal(self.owner_password)
                    )
                )
            if not _exists(connection, "pg_database", "datname", name):
                create = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(
                    create.format(sql.Identifier(name), sql.Identifier(OWNER))
                )

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=LOOPBACK,
            port=self.port,
            user=SUPERUSER,
            password=self.superuser_password,
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
        )

    def _is_ready(self, _process: Process) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise Unusable(
                    "The database was made with another password than "
                    "the one kept beside it; make clean starts anew."
                ) from None
            return False
        return True

    def _initialise(self, account: Account | None) -> None:
        """Under another name first: a start that was cut off leaves no half data."""
        unfinished = self.folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        secret = self.folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(self.superuser_password, encoding="utf-8")
        if account:
            os.chown(secret, account.uid, account.gid)
        command = [str(self.programs / "initdb"), "-D", str(unfinished)]
        command += ["-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8"]
        command += ["--auth=scram-sha-256", f"--pwfile={secret}", "--no-instructions"]
        try:
            done = subprocess.run(
                command,
                cwd="/",
                env=ENVIRONMENT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                **running_as(account),
            )
        finally:
            secret.unlink()
        if done.returncode:
            raise Unusable(f"initdb failed:\n{done.stdout.strip()}")
        unfinished.rename(self.data)

    def _check_version(self) -> None:
        kept = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        told = subprocess.run(
            [str(self.programs / "postgres"), "--version"],
            capture_output=True,
            text=True,
            check=True,
            env=ENVIRONMENT,
            cwd="/",
            **running_as(service_account()),
        ).stdout.split()[-1]
        if told.partition(".")[0] != kept:
            raise Unusable(
                f"The kept data is PostgreSQL {kept}'s and the server is {told}. "
                "Dump it with the earlier version, or start anew with make clean."
            )

    def _clear_stale_pid(self) -> None:
        """
        Only one supervisor holds this folder, so a pid file means a hard end.

        PostgreSQL refuses to start if that number now belongs to any process at
        all; and a postmaster that really survived must be ended first.
        """
        file = self.data / "postmaster.pid"
        try:
            pid = int(file.read_text(encoding="ascii").split("\n", 1)[0])
        except FileNotFoundError:
            return
        except ValueError:
            pid = 0
        deadline = time.monotonic() + 10
        while pid and self._is_postmaster(pid):
            late = time.monotonic() > deadline
            os.kill(pid, signal.SIGQUIT if late else signal.SIGINT)
            time.sleep(0.2)
        file.unlink(missing_ok=True)

    def _is_postmaster(self, pid: int) -> bool:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
        return os.fsencode(self.data) in command.split(b"\0")


def _exists(
    connection: psycopg.Connection, table: str, column: str, value: str
) -> bool:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s")
    named = query.format(sql.Identifier(table), sql.Identifier(column))
    return connection.execute(named, [value]).fetchone() is not None
