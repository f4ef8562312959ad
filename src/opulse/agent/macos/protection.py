"""What protects a Mac: is it on? Not run on hardware.

Forms: man pages of csrutil(8), spctl(8), fdesetup(8), profiles(1) and systemsetup(8); ``socketfilterfw --getglobalstate``
(support.apple.com/guide/mac-help/mh34041). Each says one sentence; one that we do not know is *unavailable*, never *off*.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from opulse.agent.programs import ask
from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable

_FIREWALL = "/usr/libexec/ApplicationFirewall/socketfilterfw"

_Sentences = tuple[tuple[str, ...], str, str]
"""The question, the words that mean that it is on, and those that mean that it is off."""

_SENTENCES: Mapping[str, _Sentences] = {
    "macos.integrity_protection_off": (
        ("csrutil", "status"), "Protection status: enabled", "Protection status: disabled"),
    "macos.gatekeeper_off": (("spctl", "--status"), "assessments enabled", "assessments disabled"),
    "encryption.filevault_off": (("fdesetup", "status"), "FileVault is On", "FileVault is Off"),
    "macos.mdm_not_enrolled": (("profiles", "status", "-type", "enrollment"), "MDM enrollment: Yes", "MDM enrollment: No"),
    "macos.network_time_off": (("systemsetup", "-getusingnetworktime"), "Network Time: On", "Network Time: Off"),
}  # fmt: skip


class Protection:
    """Asked at each evaluation."""

    def __init__(self, firewall: str = _FIREWALL) -> None:
        question = ((firewall, "--getglobalstate"), "Firewall is enabled", "Firewall is disabled")
        self._sentences = {
            **_SENTENCES,
            "macos.application_firewall_off": question,
            "firewall.off": question,
        }

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {source: partial(_is_off, *sentences) for source, sentences in self._sentences.items()}


def _is_off(question: tuple[str, ...], on: str, off: str, _: Question) -> Reading:
    # spctl ends with 1 where it is off, csrutil where it may not be asked
    said = ask(*question, accept=(0, 1))
    if off.casefold() in said.casefold():
        return Measured(True)
    if on.casefold() in said.casefold():
        return Measured(False)
    return Unavailable(f"{question[0].rpartition('/')[2]} says neither on nor off")
