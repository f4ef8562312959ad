"""A host of its own for a process: a network namespace with one cable to this machine, which a test may pull."""

from __future__ import annotations

import os
import subprocess

from tests.servers.processes import ServerDidNotStart, program


def can_make() -> bool:
    """Whether this machine lets us (root, with the kernel's leave; containers often have neither)."""
    if os.geteuid() != 0:
        return False
    made = Namespace._run("netns", "add", "opulse-probe", check=False)
    if made:
        Namespace._run("netns", "del", "opulse-probe", check=False)
    return made


class Namespace:
    """``address`` is this machine as the other host sees it. Commands run there with ``inside`` before them."""

    def __init__(self, number: int) -> None:
        self.name = f"opulse-{os.getpid()}-{number}"
        self.network = f"10.213.{number}.0/30"
        self.address = f"10.213.{number}.1"
        self._their_address = f"10.213.{number}.2"
        self._near, self._far = f"op{os.getpid() % 100000}n{number}", f"op{os.getpid() % 100000}f{number}"
        self.inside = (program("ip"), "netns", "exec", self.name)
        self._run("netns", "add", self.name)
        self._run("link", "add", self._near, "type", "veth", "peer", "name", self._far)
        self._run("link", "set", self._far, "netns", self.name)
        self._run("addr", "add", f"{self.address}/30", "dev", self._near)
        self._run("link", "set", self._near, "up")
        for words in (
            ("addr", "add", f"{self._their_address}/30", "dev", self._far),
            ("link", "set", self._far, "up"),
            ("link", "set", "lo", "up"),
        ):
            self._run("-n", self.name, *words)

    def cut(self) -> None:
        """Whatever is sent to the other host vanishes, and it is not told: it can only notice that nobody answers."""
        self._run("route", "add", "blackhole", f"{self._their_address}/32")

    def heal(self) -> None:
        self._run("route", "del", "blackhole", f"{self._their_address}/32")

    def remove(self) -> None:
        self._run("route", "del", "blackhole", f"{self._their_address}/32", check=False)
        self._run("link", "del", self._near, check=False)
        self._run("netns", "del", self.name, check=False)

    @staticmethod
    def _run(*words: str, check: bool = True) -> bool:
        done = subprocess.run([program("ip"), *words], capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise ServerDidNotStart(f"ip {' '.join(words)}: {done.stderr.strip()}")
        return done.returncode == 0
