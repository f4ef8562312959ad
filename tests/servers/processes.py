"""Starting somebody else's program for a test: unprivileged, on a free port, and gone when the tests are."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

PORT_TRIES = 5
ADMIN_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


class ServerDidNotStart(Exception):
    """Says which program, and what it printed."""


def program(name: str) -> str:
    """The path of an installed program, administrators' folders included."""
    found = shutil.which(name, path=ADMIN_PATH)
    if found is None:
        raise ServerDidNotStart(f"{name} is not installed: `make test` installs it")
    return found


def unprivileged_user() -> str | None:
    """Whom servers run as when the tests are root's (PostgreSQL and smtp-sink refuse root); None: as we are."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def scratch_folder(prefix: str) -> Path:
    """A private folder that the unprivileged user owns; pytest's own are closed to everybody but root."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    if (user := unprivileged_user()) is not None:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    return folder


def demoted(command: Sequence[str | Path]) -> list[str]:
    """``command`` as the unprivileged user, and killed with the tests even if those are killed themselves."""
    wrap = [program("setpriv"), "--pdeathsig", "KILL"]
    if (user := unprivileged_user()) is not None:
        wrap += ["--reuid", user, "--regid", str(pwd.getpwnam(user).pw_gid), "--clear-groups"]
    return [*wrap, "--", *map(str, command)]


def free_port() -> int:
    """A loopback port that is free now. Somebody else may take it first: starters try again with another."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts(port: int, address: str = "127.0.0.1") -> bool:
    """Something listens on this port of ours."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((address, port)) == 0


class Launched(Protocol):
    """A process that was started: what :class:`Server` uses of ``subprocess.Popen``."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...

    def kill(self) -> None: ...


class Server:
    """A running program with a log file. ``stop`` ends it and waits."""

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.log = log
        self.process = self._launch([str(part) for part in command], cwd, environment)

    def _launch(
        self, command: list[str], cwd: Path | None, environment: Mapping[str, str] | None
    ) -> Launched:
        with self.log.open("ab") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=environment,
            )

    def wait_until(self, ready: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
        """Return when ``ready`` says so.

        Raises:
            ServerDidNotStart: the program ended, or the time is up; with the end of its log.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise ServerDidNotStart(f"{what} ended with {self.process.returncode}:\n{self._log_tail()}")
            if ready():
                return
            time.sleep(0.02)
        self.stop()
        raise ServerDidNotStart(f"{what} was not ready within {seconds:.0f} s:\n{self._log_tail()}")

    def stop(self, signal_number: int = 15, patience: float = 10.0) -> None:
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal_number)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]


def start_on_free_port(
    what: str, folder: Path, command: Callable[[int], list[str]], ready: Callable[[int], bool]
) -> tuple[Server, int]:
    """Start ``command(port)`` in ``folder`` on a port that turns out to be free, and wait until ``ready(port)``.

    Raises:
        ServerDidNotStart: it did not on any of a few ports; with the end of its log.
    """
    for tries_left in range(
        PORT_TRIES - 1, -1, -1
    ):  # another process may take the free port before the server does
        port = free_port()
        server = Server(command(port), folder / "log", cwd=folder)
        try:
            server.wait_until(partial(ready, port), what)
        except ServerDidNotStart:
            if not tries_left:
                raise
        else:
            return server, port
    raise AssertionError("unreachable: the last try returns or raises")
