"""A network of its own, at the far end of a cable: no way out, links that fall, frames that are thrown away, a cut in a talk."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opulse.catalogue import Scalar
from tests.servers.namespace import Namespace, can_make

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the collectors are Linux's")

ROOT = Path(__file__).parents[3]
LONGEST_SECONDS = 20.0
NUMBER = 100 + os.getpid() % 150
"""Of the network: two runs at a time must not get the same one."""


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def run(*words: str) -> None:
    subprocess.run(words, capture_output=True, text=True, check=True)


class Inside:
    """A look from the other end of a cable."""

    def __init__(self, host: Namespace) -> None:
        words = [*host.inside, sys.executable, "-m", "tests.unit.agent.looking_inside"]
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert self._line() == "ready"

    def at(self, name: str, **variables: Scalar) -> dict[str, Scalar]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"name": name, "variables": variables}) + "\n")
        self._process.stdin.flush()
        said: dict[str, Scalar] = json.loads(self._line())
        return said

    def end(self) -> None:
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@pytest.fixture
def host() -> Iterator[Namespace]:
    if not can_make():
        pytest.skip(reason="network namespaces need root and a kernel that lets us")
    far = Namespace(NUMBER)
    yield far
    far.remove()


@pytest.fixture
def inside(host: Namespace) -> Iterator[Inside]:
    look = Inside(host)
    yield look
    look.end()


def adapter_of(inside: Inside) -> str:
    return next(iter(inside.at("Network Interface Drops")))


def test_a_network_without_a_default_route_and_with_one(host: Namespace, inside: Inside) -> None:
    assert inside.at("Default Route Missing") == {"": True}
    run(*host.inside, "ip", "route", "add", "default", "via", host.address)
    assert inside.at("Default Route Missing") == {"": False}


def test_a_gateway_that_does_not_give_its_hardware_address(host: Namespace, inside: Inside) -> None:
    nobody = host.address.rsplit(".", 1)[0] + ".9"
    run(
        *host.inside, "ip", "addr", "add", f"{host.address.rsplit('.', 1)[0]}.5/24", "dev", adapter_of(inside)
    )
    run(*host.inside, "ip", "route", "add", "default", "via", nobody)
    subprocess.run([*host.inside, sys.executable, "-c", SEND.format(address="192.0.2.9")], check=False)
    until(lambda: inside.at("Default Gateway Not Answering") == {"": True})


SEND = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(99):
    s.sendto(b"x", ("{address}", 9))
"""


def test_a_link_that_goes_down_is_seen_and_counted(host: Namespace, inside: Inside) -> None:
    adapter = adapter_of(inside)
    assert inside.at("Network Interface Down") == {adapter: False}
    near = f"op{os.getpid() % 100000}n{NUMBER}"
    run("ip", "link", "set", near, "down")
    until(lambda: inside.at("Network Interface Down") == {adapter: True})
    run("ip", "link", "set", near, "up")
    until(lambda: inside.at("Network Interface Down") == {adapter: False})
    changes = inside.at("Network Interface Flapping")[adapter]
    assert isinstance(changes, int) and changes >= 2
    losses = inside.at("Frequent Network Disconnects")[""]
    assert isinstance(losses, int) and losses >= 1


RAW = (
    "import socket; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(({adapter!r}, 0));"
    "[s.send(b'\\xff' * 6 + b'\\x02' + b'\\x00' * 5 + b'\\x88\\xb5' + b'x' * 46) for _ in range(2000)]"
)


def test_frames_that_an_adapter_throws_away_are_drops(host: Namespace, inside: Inside) -> None:
    """Frames of a kind that nobody there understands: the kernel drops them at the adapter."""
    adapter = adapter_of(inside)
    inside.at("Network Interface Drops")
    near = f"op{os.getpid() % 100000}n{NUMBER}"
    subprocess.run([sys.executable, "-c", RAW.format(adapter=near)], check=True)
    drops = inside.at("Network Interface Drops")[adapter]
    assert isinstance(drops, float) and drops > 20


TALK = """
import socket, time
s = socket.create_connection(({address!r}, {port}))
print("connected", flush=True)
input()
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for _ in range(60):
    s.send(b"x" * 100); time.sleep(0.01)
time.sleep(2)
print("said", flush=True)
input()
"""


def test_what_is_lost_on_the_way_is_sent_again(host: Namespace, inside: Inside) -> None:
    """The cable is cut in the middle of a connection: no acknowledgement comes back."""
    with socket.create_server((host.address, 0)) as listening:
        talk = TALK.format(address=host.address, port=listening.getsockname()[1])
        words = [*host.inside, sys.executable, "-S", "-c", talk]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as talking:
            assert talking.stdin is not None and talking.stdout is not None
            assert talking.stdout.readline() == "connected\n"
            peer, _ = listening.accept()
            inside.at("TCP Timeouts")
            host.cut()
            talking.stdin.write("\n")
            talking.stdin.flush()
            assert talking.stdout.readline() == "said\n"
            lost = inside.at("High Retransmission Rate", min_segments=10)[""]
            timeouts = inside.at("TCP Timeouts")[""]
            host.heal()
            talking.kill()
            peer.close()
    assert isinstance(lost, float) and lost > 5
    assert isinstance(timeouts, float) and timeouts > 0


def test_packets_to_nowhere_have_no_route(host: Namespace, inside: Inside) -> None:
    inside.at("Packets Without A Route")
    for _ in range(20):
        subprocess.run(
            [*host.inside, sys.executable, "-S", "-c", SEND.format(address="192.0.2.1")],
            stderr=subprocess.DEVNULL,
            check=False,
        )
    found = inside.at("Packets Without A Route")[""]
    assert isinstance(found, float) and found > 0


def test_broadcasts_are_counted(host: Namespace, inside: Inside) -> None:
    inside.at("Broadcast Rate")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as shouting:
        shouting.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for _ in range(500):
            shouting.sendto(b"x", (host.address.rsplit(".", 1)[0] + ".3", 9))
    found = inside.at("Broadcast Rate")[""]
    assert isinstance(found, float) and found > 1
