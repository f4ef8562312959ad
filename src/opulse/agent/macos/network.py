"""The network of a Mac: its wireless link, and whether there is a way out. Not run on hardware.

Forms: man pages of wdutil(8) (``info``, for root: a block ``WIFI`` with ``Key : value``) and scutil(8) (``--nwi``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from opulse.agent.programs import ask
from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_WORST_DBM, _BEST_DBM = -100.0, -50.0
"""Between these a signal is given in percent, as Windows does (WLAN_ASSOCIATION_ATTRIBUTES, wlanSignalQuality)."""


class Network:
    """Asked at each evaluation."""

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            "macos.wifi_noise_dbm": partial(_wireless, "Noise"),
            "macos.wifi_transmit_mbit": partial(_wireless, "Tx Rate"),
            "net.wifi.signal_percent": _signal,
            "macos.no_primary_interface": _no_way,
        }


def _wireless(name: str, _: Question) -> Reading:
    found = _NUMBER.search(_wifi().get(name, ""))
    return Unavailable("this Mac has no wireless link") if found is None else Measured(float(found[0]))


def _signal(question: Question) -> Reading:
    strength = _wireless("RSSI", question)
    if isinstance(strength, Unavailable):
        return strength
    share = (float(strength.value) - _WORST_DBM) / (_BEST_DBM - _WORST_DBM)
    return Measured(round(100.0 * min(1.0, max(0.0, share)), 1))


def _wifi() -> dict[str, str]:
    """The block under the title ``WIFI``, up to the next title."""
    block: dict[str, str] = {}
    inside = False
    for line in ask("wdutil", "info").splitlines():
        name, colon, value = line.partition(":")
        if not colon and line.strip().isupper():
            inside = line.strip() == "WIFI"
        elif inside and colon:
            block[name.strip()] = value.strip()
    return block


def _no_way(_: Question) -> Reading:
    """``Network interfaces: en0`` names those with a route; without any there is no such line."""
    said = ask("scutil", "--nwi")
    found = re.search(r"^\s*Network interfaces:(.*)$", said, re.MULTILINE)
    return Measured(found is None or not found[1].split())
