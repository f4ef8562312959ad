"""What the simulated estate consists of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class SystemKind(StrEnum):
    """What sort of workplace a system is; it decides who is on it."""

    LAPTOP = "laptop"  # one person's own
    DESKTOP = "desktop"  # one person's own, sometimes beside a laptop
    SHARED = "shared"  # a counter or a ward: several people are logged on
    KIOSK = "kiosk"  # nobody is known to use it


@dataclass(frozen=True, slots=True)
class SimulatedPerson:
    """Somebody who works there. ``email`` may be empty; who is not ``in_directory`` cannot be asked."""

    user_id: str
    first_name: str
    last_name: str
    email: str
    language: str
    in_directory: bool = True
    opted_out: bool = False

    def as_contact(self) -> dict[str, Any]:
        """The contact as ``POST /api/v1/directories/{id}/contacts:bulk`` takes it."""
        return {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "email": self.email,
            "ext_ref": self.user_id,
            "language": self.language,
            "unsubscribed": self.opted_out,
        }


@dataclass(frozen=True, slots=True)
class Use:
    """A person on a system."""

    person: SimulatedPerson
    is_primary: bool
    is_logged_on: bool

    def as_user(self) -> dict[str, Any]:
        """The user as ``PUT /api/v1/systems`` takes it."""
        person = self.person
        return {
            "user_id": person.user_id,
            "email": person.email,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "language": person.language,
            "is_primary": self.is_primary,
            "is_logged_on": self.is_logged_on,
        }


@dataclass(frozen=True, slots=True)
class SimulatedSystem:
    """One workplace."""

    name: str
    site: str
    kind: SystemKind
    operating_system: str
    uses: tuple[Use, ...]

    def as_system(self, domain: str) -> dict[str, Any]:
        """The system as ``PUT /api/v1/systems`` takes it."""
        return {
            "name": self.name,
            "fqdn": f"{self.name.lower()}.{domain}",
            "domain": domain.partition(".")[0].upper(),
            "operating_system": self.operating_system,
            "site": self.site,
            "attributes": {"kind": self.kind.value},
            "users": [use.as_user() for use in self.uses],
        }


@dataclass(frozen=True, slots=True)
class Estate:
    """All workplaces. ``yours`` is the one of the person who tries the demo; its user is ``you``."""

    domain: str
    systems: tuple[SimulatedSystem, ...]
    you: SimulatedPerson

    @property
    def yours(self) -> SimulatedSystem:
        return self.systems[0]

    @property
    def sites(self) -> tuple[str, ...]:
        """Each site once, in the order in which it first appears."""
        return tuple(dict.fromkeys(system.site for system in self.systems))

    def people(self) -> Iterator[SimulatedPerson]:
        """Everybody once, however many systems they use."""
        seen: set[str] = set()
        for system in self.systems:
            for use in system.uses:
                if use.person.user_id not in seen:
                    seen.add(use.person.user_id)
                    yield use.person
