"""Make an estate from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opulse.emulators.estate.models import Estate, SimulatedPerson, SimulatedSystem, SystemKind, Use
from opulse.emulators.estate.names import FIRST, LAST, Name

DOMAIN = "acme.example"
YOURS = "YOUR-WORKPLACE"

SECOND_SYSTEM = 0.05  # people who have a desktop beside their laptop
NO_ADDRESS = 0.01
NOT_IN_DIRECTORY = 0.012
OPTED_OUT = 0.012
LOGGED_ON = 0.82


@dataclass(frozen=True, slots=True)
class _Site:
    name: str
    code: str
    language: str
    weight: int


_SITES = (
    _Site("London", "LON", "en", 24),
    _Site("Hamburg", "HAM", "de", 18),
    _Site("Dubai", "DXB", "ar", 14),
    _Site("New York", "NYC", "en", 16),
    _Site("Munich", "MUC", "de", 12),
    _Site("Cairo", "CAI", "ar", 10),
    _Site("Dublin", "DUB", "en", 6),
)
_KINDS = (
    (SystemKind.LAPTOP, 68, "L"),
    (SystemKind.DESKTOP, 26, "D"),
    (SystemKind.SHARED, 4, "S"),
    (SystemKind.KIOSK, 2, "K"),
)
_OPERATING_SYSTEMS = (
    ("Windows 11 Enterprise", 78),
    ("Windows 10 Enterprise", 12),
    ("macOS 15", 8),
    ("Ubuntu 24.04 LTS", 2),
)


def make_estate(seed: int, systems: int) -> Estate:
    """``systems`` workplaces. The first one is that of the person who tries the demo.

    Raises:
        ValueError: fewer than one system.
    """
    if systems < 1:
        raise ValueError("an estate has at least one system")
    rng = random.Random(f"estate {seed}")  # noqa: S311  # the same estate for the same seed, nothing secret
    you = SimulatedPerson(f"{_realm()}\\you", "Robin", "Guest", f"you@{DOMAIN}", "en")
    yours = SimulatedSystem(
        YOURS, _SITES[0].name, SystemKind.LAPTOP, _OPERATING_SYSTEMS[0][0], (Use(you, True, True),)
    )
    hiring = _Hiring(rng)
    return Estate(DOMAIN, (yours, *_workplaces(rng, hiring, systems - 1)), you)


def _workplaces(rng: random.Random, hiring: _Hiring, count: int) -> Iterator[SimulatedSystem]:
    for number in range(1, count + 1):
        site = rng.choices(_SITES, [site.weight for site in _SITES])[0]
        kind, _, letter = rng.choices(_KINDS, [weight for _, weight, _ in _KINDS])[0]
        system, _ = rng.choices(_OPERATING_SYSTEMS, [weight for _, weight in _OPERATING_SYSTEMS])[0]
        name = f"{site.code}-{letter}{number:05d}"
        yield SimulatedSystem(name, site.name, kind, system, tuple(_uses(rng, hiring, site, kind)))


def _uses(rng: random.Random, hiring: _Hiring, site: _Site, kind: SystemKind) -> Iterator[Use]:
    match kind:
        case SystemKind.KIOSK:
            return
        case SystemKind.SHARED:
            for _ in range(rng.choice((2, 2, 3))):
                yield Use(hiring.hire(site), False, True)
        case SystemKind.DESKTOP if (owner := hiring.somebody_with_a_laptop(site)) is not None:
            yield Use(owner, True, rng.random() < LOGGED_ON)
        case _:
            person = hiring.hire(site)
            if kind is SystemKind.LAPTOP:
                hiring.note_laptop(site, person)
            yield Use(person, True, rng.random() < LOGGED_ON)


class _Hiring:
    """New people with an account of their own, and who has a laptop already."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._taken: set[str] = set()
        self._laptops: dict[str, list[SimulatedPerson]] = {}

    def hire(self, site: _Site) -> SimulatedPerson:
        first, last = self._pick(FIRST[site.language]), self._pick(LAST[site.language])
        account = self._free(f"{first[1]}.{last[1]}")
        has_address = self._rng.random() >= NO_ADDRESS
        draw = self._rng.random()
        return SimulatedPerson(
            user_id=f"{_realm()}\\{account}",
            first_name=first[0],
            last_name=last[0],
            email=f"{account}@{DOMAIN}" if has_address else "",
            language=site.language,
            in_directory=has_address and draw >= NOT_IN_DIRECTORY,
            opted_out=NOT_IN_DIRECTORY <= draw < NOT_IN_DIRECTORY + OPTED_OUT,
        )

    def note_laptop(self, site: _Site, person: SimulatedPerson) -> None:
        self._laptops.setdefault(site.name, []).append(person)

    def somebody_with_a_laptop(self, site: _Site) -> SimulatedPerson | None:
        """Now and then, and nobody twice."""
        waiting = self._laptops.get(site.name, [])
        share = SECOND_SYSTEM * 100 / _KINDS[1][1]  # of desktops, so that it is a share of all systems
        if not waiting or self._rng.random() >= share:
            return None
        return waiting.pop(self._rng.randrange(len(waiting)))

    def _pick(self, names: Sequence[Name]) -> Name:
        return names[self._rng.randrange(len(names))]

    def _free(self, account: str) -> str:
        number, wanted = 1, account
        while wanted in self._taken:
            number += 1
            wanted = f"{account}{number}"
        self._taken.add(wanted)
        return wanted


def _realm() -> str:
    return DOMAIN.partition(".")[0].upper()
