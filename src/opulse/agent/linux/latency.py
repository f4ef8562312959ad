"""How long the first router and the name server take to answer. Both questions are asked anew at each evaluation."""

from __future__ import annotations

import errno
import os
import socket
import struct
import time
from collections.abc import Mapping
from pathlib import Path

from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable

GATEWAY_TIMEOUT_SECONDS = 2.0
DNS_TIMEOUT_SECONDS = 5.0
DNS_PORT = 53

_ROUTE_UP, _ROUTE_GATEWAY = 0x1, 0x2
_QUESTION_FOR_ADDRESS = struct.pack("!HH", 1, 1)  # type A, class IN
_RECURSION_DESIRED = 0x0100


class Latency:
    """Milliseconds to an answer. No answer in time reads as the whole waiting time."""

    def __init__(
        self,
        proc: Path = Path("/proc"),
        resolv_conf: Path = Path("/etc/resolv.conf"),
        dns_port: int = DNS_PORT,
        dns_timeout: float = DNS_TIMEOUT_SECONDS,
        gateway_timeout: float = GATEWAY_TIMEOUT_SECONDS,
    ) -> None:
        self._gateway_timeout = gateway_timeout
        self._routes = proc / "net" / "route"
        self._resolv_conf = resolv_conf
        self._dns_port = dns_port
        self._dns_timeout = dns_timeout
        self._gateways_that_answered: set[tuple[str, int]] = set()

    def sample(self) -> None:
        """Nothing to note: an answer is timed when it is asked for."""

    def measures(self) -> Mapping[str, Measure]:
        return {"net.gateway.connect_ms": self._gateway, "net.dns.resolve_ms": self._dns}

    def _gateway(self, question: Question) -> Reading:
        gateway = self.default_gateway()
        if gateway is None:
            return Unavailable("this system has no default gateway")
        return self.connect((gateway, int(question.number("port"))))

    def connect(self, address: tuple[str, int]) -> Reading:
        """The time of one TCP handshake; a refusal took the same way there and back.

        Silence proves a fault only of a router that has answered before: many never answer on that port.
        """
        started = time.monotonic()
        try:
            socket.create_connection(address, timeout=self._gateway_timeout).close()
        except ConnectionRefusedError:
            pass
        except OSError as failure:
            if address in self._gateways_that_answered:
                return Measured(self._gateway_timeout * 1000)
            return Unavailable(f"the gateway has never answered on TCP port {address[1]} ({_why(failure)})")
        self._gateways_that_answered.add(address)
        return Measured(round((time.monotonic() - started) * 1000, 2))

    def default_gateway(self) -> str | None:
        """The IPv4 address that packets for elsewhere go to: the lowest metric of the default routes."""
        found: list[tuple[int, str]] = []
        for line in self._routes.read_text().splitlines()[1:]:
            fields = line.split()
            flags = int(fields[3], 16)
            if fields[1] == "00000000" and flags & _ROUTE_UP and flags & _ROUTE_GATEWAY:
                found.append((int(fields[6]), socket.inet_ntoa(struct.pack("<L", int(fields[2], 16)))))
        return min(found)[1] if found else None

    def _dns(self, question: Question) -> Reading:
        """Any answer counts, "no such name" too: it is the server that is timed, not the name."""
        servers = list_name_servers(self._resolv_conf)
        if not servers:
            return Unavailable("no name server is configured")
        took = ask_name_server(servers[0], self._dns_port, question.text("name"), self._dns_timeout)
        return Measured(self._dns_timeout * 1000 if took is None else round(took * 1000, 2))


def list_name_servers(resolv_conf: Path) -> list[str]:
    """The addresses that the resolver asks, in its order."""
    lines = (line.split() for line in resolv_conf.read_text().splitlines())
    return [fields[1] for fields in lines if len(fields) > 1 and fields[0] == "nameserver"]


def ask_name_server(server: str, port: int, name: str, timeout: float) -> float | None:
    """The seconds until the server answers one question by UDP; None: it does not.

    Raises:
        ValueError: ``name`` cannot be asked for. OSError: there is no way to the server.
    """
    request = _dns_request(name)
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as link:
        started = time.monotonic()
        try:
            link.connect((server, port))
            link.send(request)
            _wait_for_answer(link, request[:2], started + timeout)
        except (TimeoutError, ConnectionRefusedError):
            return None
        return time.monotonic() - started


def _dns_request(name: str) -> bytes:
    """One question in the form of RFC 1035 4.1. Raises ``ValueError`` (``UnicodeError``) for what is no name."""
    labels = [label.encode("idna") for label in name.strip(".").split(".")] if name.strip(".") else []
    if any(not 0 < len(label) < 64 for label in labels):
        raise ValueError(f"{name!r} is not a name that can be asked for")
    packed = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return os.urandom(2) + struct.pack("!5H", _RECURSION_DESIRED, 1, 0, 0, 0) + packed + _QUESTION_FOR_ADDRESS


def _wait_for_answer(link: socket.socket, request_id: bytes, until: float) -> None:
    """Returns at the answer to this request; others (late, or forged) are passed over. Raises ``TimeoutError``."""
    while (left := until - time.monotonic()) > 0:
        link.settimeout(left)
        if link.recv(4096)[:2] == request_id:
            return
    raise TimeoutError


def _why(failure: OSError) -> str:
    if isinstance(failure, TimeoutError):
        return "no answer"
    return (
        errno.errorcode.get(failure.errno or 0, "unreachable")
        if failure.strerror is None
        else failure.strerror
    )
