"""What protects a Windows: firewall, disk encryption, malware definitions. Not run on hardware.

learn.microsoft.com: msft-netfirewallprofile (Name, Enabled), win32-encryptablevolume (ProtectionStatus 0 off, 1 on, 2 unknown;
EncryptionMethod 1 to 4 are the older AES of 128 and 256 bits, 6 and 7 XTS), msft-mpcomputerstatus (AntivirusSignatureAge: days).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from opulse.agent.sources import Measure, Question, Readings
from opulse.agent.windows.management import Management, number
from opulse.catalogue import Measured, Reading, Unavailable

_OFF, _UNKNOWN = 0, 2
_STRONG = frozenset({4, 6, 7})
"""AES 256, XTS-AES 128, XTS-AES 256."""
_NOT_ENCRYPTED = 0


class Protection:
    """Out of the answer that one evaluation shares."""

    def __init__(self, management: Management) -> None:
        self._management = management

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            "firewall.off": self._any_profile_off,
            "firewall.private_profile_off": partial(self._profile_off, "Private"),
            "firewall.public_profile_off": partial(self._profile_off, "Public"),
            "encryption.bitlocker_off": self._unprotected,
            "encryption.bitlocker_method_weak": self._weak,
            "security.definitions_age_days": self._definitions,
        }

    def _profiles(self, question: Question) -> dict[str, bool]:
        """Profile → whether it is on."""
        rows = self._management.rows("firewall", question.now)
        return {str(row["Name"]): bool(number(row, "Enabled")) for row in rows}

    def _any_profile_off(self, question: Question) -> Reading:
        return Measured(not all(self._profiles(question).values()))

    def _profile_off(self, name: str, question: Question) -> Reading:
        profiles = self._profiles(question)
        return (
            Measured(not profiles[name]) if name in profiles else Unavailable(f"there is no profile {name}")
        )

    def _unprotected(self, question: Question) -> Readings:
        rows = self._management.rows("volumes", question.now)
        states = {
            str(row["DriveLetter"]): int(number(row, "ProtectionStatus"))
            for row in rows
            if row["DriveLetter"]
        }
        return {letter: Measured(state == _OFF) for letter, state in states.items() if state != _UNKNOWN}

    def _weak(self, question: Question) -> Readings:
        rows = self._management.rows("volumes", question.now)
        methods = {
            str(row["DriveLetter"]): int(number(row, "EncryptionMethod"))
            for row in rows
            if row["DriveLetter"]
        }
        return {
            letter: Measured(method not in _STRONG)
            for letter, method in methods.items()
            if method != _NOT_ENCRYPTED
        }

    def _definitions(self, question: Question) -> Reading:
        row = self._management.row("defender", question.now)
        if not row.get("AntivirusEnabled"):
            return Unavailable("another program than Microsoft Defender looks for malware here")
        return Measured(number(row, "AntivirusSignatureAge"))
