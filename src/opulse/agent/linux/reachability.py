"""Whether there is a way out: routes, the first router's hardware address, name servers, our own name, proxies."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

from opulse.agent.linux.latency import DNS_PORT, Latency, ask_name_server, list_name_servers
from opulse.agent.programs import Patience
from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Reading, Unavailable

_PATIENCE_SECONDS = 3.0
_UP, _REJECT = 0x1, 0x200
_ALL_ZERO = "0" * 32
_MOST_SERVERS = 3
"""More than that the resolver does not ask either."""


class Reachability:
    """Questions that are asked anew at each evaluation, and what the kernel knows of its neighbours."""

    def __init__(
        self,
        proc: Path = Path("/proc"),
        resolv_conf: Path = Path("/etc/resolv.conf"),
        dns_port: int = DNS_PORT,
        patience: float = _PATIENCE_SECONDS,
        proxies: Mapping[str, str] | None = None,
    ) -> None:
        """``proxies`` by scheme; None: those of the agent's environment."""
        self._net = proc / "net"
        self._latency = Latency(proc)
        self._resolv_conf = resolv_conf
        self._dns_port = dns_port
        self._patience = Patience(patience)
        self._proxies = getproxies() if proxies is None else proxies

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            "net.default_route_missing": self._route_missing,
            "net.gateway.neighbour_missing": self._neighbour_missing,
            "net.dns.server_silent": self._silent_servers,
            "net.dns.own_name_unknown": self._own_name,
            "net.proxy_silent": self._silent_proxies,
        }

    def _route_missing(self, _: Question) -> Reading:
        return Measured(self._latency.default_gateway() is None and not self._has_other_default())

    def _has_other_default(self) -> bool:
        """A default route without a router (a tunnel, a point-to-point link), or one of IPv6."""
        for line in (self._net / "route").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[1] == "00000000" and fields[7] == "00000000" and int(fields[3], 16) & _UP:
                return True
        path = self._net / "ipv6_route"
        rows = (line.split() for line in path.read_text().splitlines()) if path.exists() else ()
        return any(
            row[0] == _ALL_ZERO and row[1] == "00" and row[9] != "lo" and not int(row[8], 16) & _REJECT
            for row in rows
        )

    def _neighbour_missing(self, _: Question) -> Reading:
        """Whether the first router does not answer when it is asked for its hardware address (ARP)."""
        gateway = self._latency.default_gateway()
        if gateway is None:
            return Unavailable("this system has no default gateway")
        for line in (self._net / "arp").read_text().splitlines()[1:]:
            address, _kind, flags = line.split()[:3]
            if address == gateway:
                return Measured(int(flags, 16) == 0)
        return Unavailable("the gateway was not asked for its hardware address lately")

    def _silent_servers(self, question: Question) -> Readings:
        """Whether a configured name server gives no answer in time; the first alone is what most programs wait for."""
        return {
            server: Measured(self._is_silent(server, question.text("name")))
            for server in list_name_servers(self._resolv_conf)[:_MOST_SERVERS]
        }

    def _is_silent(self, server: str, name: str) -> bool:
        try:
            return ask_name_server(server, self._dns_port, name, self._patience.seconds) is None
        except OSError:
            return True

    def _own_name(self, _: Question) -> Reading:
        """Many programs hang at their start where a system cannot resolve its own name."""
        name, found = socket.gethostname(), list[object]()
        in_time = self._patience.answers("own name", lambda: found.extend(socket.getaddrinfo(name, None)))
        return Measured(not (in_time and found))

    def _silent_proxies(self, _: Question) -> Readings:
        addresses = {
            (parts.hostname, parts.port or 80)
            for scheme, url in self._proxies.items()
            if scheme in ("http", "https", "all") and (parts := urlsplit(url)).hostname
        }
        return {
            f"{host}:{port}": Measured(not self._accepts((str(host), port)))
            for host, port in sorted(addresses, key=str)
        }

    def _accepts(self, address: tuple[str, int]) -> bool:
        connected: list[bool] = []
        connect = partial(socket.create_connection, address, self._patience.seconds)

        def try_it() -> None:
            with connect():
                connected.append(True)

        return self._patience.answers(f"proxy {address}", try_it) and bool(connected)
