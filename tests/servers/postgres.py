"""A PostgreSQL of our own per test process, in a throw-away folder; per test a database with the tables and no rows."""

from __future__ import annotations

import itertools
import shutil
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.emptying import empty, shape_of
from tests.servers.processes import (
    Server,
    ServerDidNotStart,
    demoted,
    program,
    scratch_folder,
    start_on_free_port,
)

# Nothing of it outlives the tests, so nothing of it needs to reach the disk.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


@dataclass
class Template:
    """A database to clone. ``shape``: what it is made of; empty where it has rows, whose clones no emptying gives back."""

    name: str
    shape: str
    idle: list[str] = field(default_factory=list)


class PostgresServer:
    """The running server. Addresses are ``postgresql://opulse@127.0.0.1:<port>/<database>``.

    ``options`` are settings beside ours; ``durable`` leaves those at their defaults that make a crash harmless.
    """

    def __init__(self, *options: str, durable: bool = False) -> None:
        self._options = (*options, *(() if durable else FAST))
        self._binaries = _newest_binaries()
        self._folder = scratch_folder("opulse-postgres-")
        self._data = self._folder / "data"
        self._numbers = itertools.count(1)
        self._templates: dict[frozenset[str], Template] = {}
        self._lent: dict[str, Template] = {}
        self._init()
        self._server, self.port = start_on_free_port(
            "PostgreSQL", self._folder, self._command, self._is_ready
        )

    def url(self, database: str) -> str:
        return f"postgresql://opulse@127.0.0.1:{self.port}/{database}"

    def create_database(self, template: str = "template0") -> str:
        """Make a database and return its name."""
        name = f"test_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop_database(self, name: str) -> None:
        self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def lend(self, tables: frozenset[str], fill: Callable[[str], Awaitable[None]]) -> str:
        """The name of an empty database that ``fill(url)`` has given these tables: one that came back, or a fresh clone.

        A clone and its end are a thousand files that come and go, several times what most tests cost.
        """
        if tables not in self._templates:
            name = self.create_database()
            await fill(self.url(name))
            shape, used = await shape_of(self.url(name))
            self._templates[tables] = Template(name, "" if used else shape)
        template = self._templates[tables]
        name = template.idle.pop() if template.idle else self.create_database(template.name)
        self._lent[name] = template
        return name

    async def take_back(self, name: str) -> None:
        """Empty a lent database for the next test; drop one of which a test has altered more than its rows."""
        template = self._lent.pop(name)
        if template.shape and await empty(self.url(name), template.shape):
            template.idle.append(name)
        else:
            self.drop_database(name)

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement with psql and return what it printed, unaligned."""
        command = [
            str(self._binaries / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1",
            "-h", "127.0.0.1", "-p", str(self.port), "-U", "opulse", "-d", database, "-c", statement,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()

    def restart(self, away_seconds: float = 0.0) -> None:
        """Crash at once, stay away for a while, and come back on the same port with what was committed.

        Call it in the main thread: the kernel ends a server with the thread that started it.
        """
        self._server.stop(signal.SIGQUIT)
        time.sleep(away_seconds)
        self._server = Server(self._command(self.port), self._folder / "log", cwd=self._folder)
        self._server.wait_until(lambda: self._is_ready(self.port), "PostgreSQL")

    def trust(self, network: str) -> None:
        """Let clients from this network in, as those of this machine are."""
        with (self._data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {network} trust\n")
        self.sql("SELECT pg_reload_conf()")

    def stop(self) -> None:
        self._server.stop(signal.SIGQUIT)  # at once: there is nothing to keep
        shutil.rmtree(self._folder, ignore_errors=True)

    def _init(self) -> None:
        command = demoted(
            [self._binaries / "initdb", "-D", self._data, "-U", "opulse", "-A", "trust", "-E", "UTF8",
             "--locale", "C.UTF-8", "--no-sync", "--no-instructions"]
        )  # fmt: skip
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ServerDidNotStart(f"initdb: {done.stdout}{done.stderr}")

    def _command(self, port: int) -> list[str]:
        options = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self._folder}",
                   "max_connections=200", "shared_buffers=64MB", *self._options]  # fmt: skip
        flags = [word for option in options for word in ("-c", option)]
        return demoted([self._binaries / "postgres", "-D", self._data, *flags])

    def _is_ready(self, port: int) -> bool:
        command = [str(self._binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        return subprocess.run(command, check=False).returncode == 0


def _newest_binaries() -> Path:
    """Debian keeps the server's programs off the PATH, one folder per version."""
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if versions:
        return max(versions, key=lambda path: int(path.parent.name))
    return Path(program("initdb")).parent
