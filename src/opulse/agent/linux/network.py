"""Counters of the network: what was sent, what had to be sent again, how strong the wireless signal is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from opulse.agent.counters import CounterWindow
from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable

_BEST_LINK_QUALITY = 70.0
"""Linux drivers give link quality from 0 to 70."""


class Network:
    """TCP segments and packets over the last minute, and the wireless link now."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._net = proc / "net"
        self._segments = CounterWindow()
        self._packets = CounterWindow()

    def sample(self) -> None:
        at = time.monotonic()
        self._segments.note(at, self._tcp())
        self._packets.note(at, {"packets": self._all_packets()})

    def measures(self) -> Mapping[str, Measure]:
        return {
            "net.tcp.retransmit_percent": self._retransmit_percent,
            "net.packets_per_second": lambda _: Measured(
                round(self._packets.rise().per_second("packets"), 1)
            ),
            "net.wifi.signal_percent": self._wifi_signal,
        }

    def _retransmit_percent(self, question: Question) -> Reading:
        """Two lost segments out of ten say nothing, so there must have been some traffic."""
        rise = self._segments.rise()
        fewest, sent = question.number("min_segments"), rise.by["OutSegs"]
        if sent < fewest:
            return Unavailable(
                f"only {sent:.0f} TCP segments were sent in the last {rise.seconds:.0f} s ({fewest:.0f} are needed)"
            )
        return Measured(round(rise.percent("RetransSegs", "OutSegs"), 2))

    def _wifi_signal(self, _: Question) -> Reading:
        """The link quality of the first wireless adapter; two lines of titles come before it."""
        path = self._net / "wireless"
        lines = path.read_text().splitlines()[2:] if path.exists() else []
        if not lines:
            return Unavailable("this system has no wireless adapter in use")
        return Measured(round(min(100.0, 100.0 * float(lines[0].split()[2]) / _BEST_LINK_QUALITY), 1))

    def _tcp(self) -> dict[str, float]:
        """``/proc/net/snmp`` writes a line of names and a line of values for each protocol."""
        titles, values = (
            line.split()[1:]
            for line in (self._net / "snmp").read_text().splitlines()
            if line.startswith("Tcp:")
        )
        fields = dict(zip(titles, values, strict=True))
        return {name: float(fields[name]) for name in ("OutSegs", "RetransSegs")}

    def _all_packets(self) -> float:
        """Received and sent by all adapters but the loopback."""
        rows = (line.partition(":") for line in (self._net / "dev").read_text().splitlines()[2:])
        fields = ((name.strip(), rest.split()) for name, _, rest in rows)
        return sum(float(row[1]) + float(row[9]) for name, row in fields if name != "lo")
