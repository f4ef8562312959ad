"""Network adapters, out of ``/sys/class/net``: links that are down, slow or flap, and packets that were lost in them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from opulse.agent.counters import CounterWindow, EventCounts
from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Reading, Unavailable

_UP = 0x1
"""``IFF_UP``: an administrator has switched the adapter on."""
_BAD_STATES = frozenset({"down", "lowerlayerdown", "dormant", "notpresent"})
_COUNTERS = ("rx_errors", "tx_errors", "rx_dropped", "tx_dropped", "rx_bytes", "tx_bytes")


class Adapters:
    """Every adapter but the loopback."""

    def __init__(self, sys: Path = Path("/sys")) -> None:
        self._net = sys / "class/net"
        self._window = CounterWindow()
        self._changes = EventCounts()
        self._losses = EventCounts()

    def sample(self) -> None:
        at = time.monotonic()
        self._window.note(
            at,
            {
                f"{adapter.name} {name}": float((adapter / "statistics" / name).read_text())
                for adapter in self._each()
                for name in _COUNTERS
            },
        )
        self._changes.note(at, dict(self._counts("carrier_changes")))
        self._losses.note(at, dict(self._counts("carrier_down_count")))

    def measures(self) -> Mapping[str, Measure]:
        return {
            "net.adapter.errors_per_second": partial(self._rate, ("rx_errors", "tx_errors")),
            "net.adapter.drops_per_second": partial(self._rate, ("rx_dropped", "tx_dropped")),
            "net.adapter.down": self._down,
            "net.adapter.half_duplex": self._half_duplex,
            "net.adapter.speed_mbit": lambda _: {name: Measured(speed) for name, speed in self._speeds()},
            "net.adapter.link_change_count": self._link_changes,
            "net.link_loss_count": self._link_losses,
            "net.utilisation_percent": self._utilisation,
        }

    def _rate(self, counters: tuple[str, ...], _: Question) -> Readings:
        rise = self._window.rise()
        adapters = {name.split(" ")[0] for name in rise.by}
        return {
            adapter: Measured(round(sum(rise.per_second(f"{adapter} {name}") for name in counters), 2))
            for adapter in sorted(adapters)
        }

    def _down(self, _: Question) -> Readings:
        """Adapters that are switched on: whether their link is down."""
        return {
            adapter.name: Measured(_text(adapter / "operstate") in _BAD_STATES)
            for adapter in self._each()
            if int(_text(adapter / "flags"), 16) & _UP
        }

    def _half_duplex(self, _: Question) -> Readings:
        modes = ((adapter.name, _text_if_given(adapter / "duplex")) for adapter in self._each())
        return {name: Measured(mode == "half") for name, mode in modes if mode in ("half", "full")}

    def _link_changes(self, question: Question) -> Readings:
        counted = self._changes.within(question.number("window"))
        return {adapter: Measured(count) for adapter, count in counted.items()}

    def _link_losses(self, question: Question) -> Reading:
        return Measured(sum(self._losses.within(question.number("window")).values()))

    def _utilisation(self, _: Question) -> Reading:
        """The busier direction of the busiest adapter, against the speed of its link."""
        rise, speeds = self._window.rise(), dict(self._speeds())
        shares = [
            100.0 * 8 * rise.per_second(f"{adapter} {direction}") / (speed * 1e6)
            for adapter, speed in speeds.items()
            for direction in ("rx_bytes", "tx_bytes")
            if f"{adapter} {direction}" in rise.by
        ]
        if not shares:
            return Unavailable("no adapter says how fast its link is")
        return Measured(round(max(shares), 2))

    def _speeds(self) -> Iterator[tuple[str, int]]:
        """Mbit/s of the adapters that know theirs; a virtual one often says -1 or nothing."""
        for adapter in self._each():
            speed = int(_text_if_given(adapter / "speed") or -1)
            if speed > 0:
                yield adapter.name, speed

    def _counts(self, name: str) -> Iterator[tuple[str, float]]:
        for adapter in self._each():
            text = _text_if_given(adapter / name)
            if text:
                yield adapter.name, float(text)

    def _each(self) -> Iterator[Path]:
        for adapter in sorted(self._net.iterdir()):
            if adapter.name != "lo" and (adapter / "statistics").is_dir():
                yield adapter


def _text(path: Path) -> str:
    return path.read_text().strip()


def _text_if_given(path: Path) -> str:
    """Empty where the adapter has no such value: reading it then fails."""
    try:
        return _text(path)
    except OSError:
        return ""
