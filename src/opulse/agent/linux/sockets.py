"""What the kernel counts of its connections: ``/proc/net/snmp``, ``netstat``, ``sockstat``, ``softnet_stat`` and ``tcp``."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from opulse.agent.counters import CounterWindow
from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable

_RATES: Mapping[str, tuple[str, ...]] = {
    "net.tcp.listen_overflows_per_second": ("TcpExt ListenOverflows",),
    "net.tcp.failed_connects_per_second": ("Tcp AttemptFails",),
    "net.tcp.resets_per_second": ("Tcp EstabResets",),
    "net.tcp.timeouts_per_second": ("TcpExt TCPTimeouts",),
    "net.tcp.memory_aborts_per_second": ("TcpExt TCPAbortOnMemory",),
    "net.udp.receive_errors_per_second": ("Udp RcvbufErrors",),
    "net.ip.no_route_per_second": ("Ip OutNoRoutes",),
    "net.ip.discards_per_second": ("Ip InDiscards", "Ip OutDiscards"),
    "net.broadcasts_per_second": ("IpExt InBcastPkts", "IpExt OutBcastPkts"),
    "net.softnet_drops_per_second": ("softnet dropped",),
}
_WANTED = {name for names in _RATES.values() for name in names}
_CLOSE_WAIT = "08"


class Sockets:
    """Rates over the last minute, and what there is now."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._net = proc / "net"
        self._ipv4 = proc / "sys/net/ipv4"
        self._window = CounterWindow()

    def sample(self) -> None:
        self._window.note(time.monotonic(), dict(self._counters()))

    def measures(self) -> Mapping[str, Measure]:
        rates: dict[str, Measure] = {source: partial(self._rate, names) for source, names in _RATES.items()}
        return {
            **rates,
            "net.tcp.time_wait_count": lambda _: Measured(self._now("TCP", "tw")),
            "net.tcp.orphan_count": lambda _: Measured(self._now("TCP", "orphan")),
            "net.tcp.memory_percent": self._memory,
            "net.tcp.close_wait_count": self._close_wait,
            "net.ports_used_percent": self._ports,
        }

    def _rate(self, names: tuple[str, ...], _: Question) -> Reading:
        rise = self._window.rise()
        if any(name not in rise.by for name in names):
            return Unavailable(f"this kernel does not count {' and '.join(names)}")
        return Measured(round(sum(rise.per_second(name) for name in names), 2))

    def _memory(self, _: Question) -> Reading:
        """Pages that buffers of TCP hold, against the number at which the kernel refuses more."""
        most = int((self._ipv4 / "tcp_mem").read_text().split()[2])
        return Measured(round(100.0 * self._now("TCP", "mem") / most, 2))

    def _close_wait(self, _: Question) -> Reading:
        """Connections that the other side has ended and our program has not: it forgot them."""
        return Measured(sum(state == _CLOSE_WAIT for _, state in self._connections()))

    def _ports(self, _: Question) -> Reading:
        """Ports in use, of those that the kernel gives to connections which do not ask for a certain one."""
        low, high = map(int, (self._ipv4 / "ip_local_port_range").read_text().split())
        used = {port for port, _ in self._connections() if low <= port <= high}
        return Measured(round(100.0 * len(used) / (high - low + 1), 2))

    def _connections(self) -> Iterator[tuple[int, str]]:
        """Local port and state of each TCP socket."""
        for name in ("tcp", "tcp6"):
            path = self._net / name
            if path.exists():
                for line in path.read_text().splitlines()[1:]:
                    fields = line.split()
                    yield int(fields[1].rpartition(":")[2], 16), fields[3]

    def _now(self, protocol: str, name: str) -> int:
        for line in (self._net / "sockstat").read_text().splitlines():
            if line.startswith(f"{protocol}:"):
                words = line.split()[1:]
                return int(dict(zip(words[::2], words[1::2], strict=True))[name])
        raise LookupError(f"sockstat does not know {protocol}")

    def _counters(self) -> Iterator[tuple[str, float]]:
        """The first two files write a line of names and a line of values for each protocol."""
        for file in ("snmp", "netstat"):
            lines = (self._net / file).read_text().splitlines()
            for titles, values in zip(lines[::2], lines[1::2], strict=True):
                protocol, _, names = titles.partition(":")
                for name, value in zip(names.split(), values.split()[1:], strict=True):
                    if f"{protocol} {name}" in _WANTED:
                        yield f"{protocol} {name}", float(value)
        rows = (self._net / "softnet_stat").read_text().splitlines()
        yield "softnet dropped", float(sum(int(row.split()[1], 16) for row in rows))
