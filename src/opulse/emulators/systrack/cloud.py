"""The cloud's memory: its systems and people, tokens, activations. A system and its person follow from a number."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from opulse.catalogue import load_catalogue
from opulse.clock import Clock
from opulse.emulators.systrack.models import MOST_SYSTEMS, Activation, Options, Shape, UsersIn

GROUPS = ("All Systems", "Sales", "Finance", "Shared desktops", "Developers")
OWN_SENSORS = (("Badge Reader Offline", "Branch"), ("Till Software Slow To Start", "Branch"))
"""(name, category) of the sensors that a customer of it would have made."""
_SYSTEM_NAMESPACE = uuid.UUID("5e5a4f9c-3d0a-4c55-8a0e-1f6f1f7f5a10")


class CloudRefused(ValueError):
    """A command to the stand-in that it cannot follow; says what is possible."""


class Cloud:
    """What the stand-in knows. ``new_id`` gives the ids of activations: seeded ones make a run repeatable."""

    def __init__(self, options: Options, clock: Clock, seed: int) -> None:
        if not 1 <= options.systems <= MOST_SYSTEMS:
            raise CloudRefused(f"between 1 and {MOST_SYSTEMS} systems, not {options.systems}")
        self.options = options
        self.activations: dict[str, Activation] = {}
        self._clock = clock
        self._seed = seed
        self._tokens: dict[str, datetime] = {}
        self._numbers = {self.system_id(number): number for number in range(options.systems)}

    def open_activation(
        self, sensors: Sequence[str], affected: int, *, per_minute: float = 0.0, most: int = 0, first: int = 0
    ) -> Activation:
        """An incident begins on ``affected`` systems.

        Raises:
            CloudRefused: there are not so many systems, or no sensor is named.
        """
        names = tuple(name.strip() for name in sensors if name.strip())
        if not names:
            raise CloudRefused("an activation names at least one sensor")
        if affected < 1 or first < 0 or first + max(affected, most) > self.options.systems:
            raise CloudRefused(
                f"{max(affected, most)} systems from number {first} are wanted, and there are {self.options.systems}"
            )
        made = str(uuid.uuid5(_SYSTEM_NAMESPACE, f"activation {self._seed} {len(self.activations)}"))
        one = Activation(made, names, self._clock.now(), first, affected, per_minute, most or affected)
        self.activations[one.id] = one
        return one

    def dismiss(self, activation: str) -> None:
        """The incident is over; those affected now stay as they are.

        Raises:
            CloudRefused: it is not known.
        """
        found = self.activations.get(activation)
        if found is None:
            raise CloudRefused(f"there is no activation {activation!r}")
        if found.dismissed_at is None:
            found.dismissed_at = self._clock.now()

    def new_token(self) -> str:
        token = secrets.token_urlsafe(32)
        self._tokens[token] = self._clock.now() + timedelta(seconds=self.options.token_seconds)
        return token

    def may(self, authorization: str, api_key: str) -> bool:
        """Whether a request with these headers is let in."""
        if api_key:
            return secrets.compare_digest(api_key.encode(), self.options.api_key.encode())
        kind, _, token = authorization.partition(" ")
        ends = self._tokens.get(token)
        return kind.lower() == "bearer" and ends is not None and ends > self._clock.now()

    def affected(
        self, one: Activation, *, now: bool, skip: int, top: int
    ) -> tuple[list[dict[str, Any]], int]:
        """A page of affected systems in the cloud's shape, and how many there are."""
        total = one.affected_at(self._clock.now()) if now else one.affected
        numbers = range(one.first + skip, one.first + min(skip + top, total))
        return [self._system(number, one) for number in numbers], total

    def users_of(self, system_id: str) -> list[dict[str, Any]] | None:
        """The users of a system; ``None``: there is no such system."""
        number = self._numbers.get(system_id)
        return None if number is None else [self._user(number)]

    def system_id(self, number: int) -> str:
        return str(uuid.uuid5(_SYSTEM_NAMESPACE, f"system {self._seed} {number}"))

    def sensors(self) -> list[dict[str, Any]]:
        """The factory's sensors, by the names of the catalogue, and those that the customer made."""
        named = [(one.name, one.category) for one in load_catalogue()] + list(OWN_SENSORS)
        return [
            {"id": str(uuid.uuid5(_SYSTEM_NAMESPACE, name)), "name": name, "category": category}
            for name, category in named
        ]

    def groups(self) -> list[dict[str, Any]]:
        return [{"id": str(uuid.uuid5(_SYSTEM_NAMESPACE, name)), "name": name} for name in GROUPS]

    def _system(self, number: int, one: Activation) -> dict[str, Any]:
        shape, users = self.options.shape, self.options.users
        id_key = {Shape.VALUE: "wguid", Shape.ITEMS: "id"}.get(shape, "systemId")
        name_key = "name" if shape is Shape.VALUE else "systemName"
        row: dict[str, Any] = {
            id_key: self.system_id(number),
            name_key: f"LT-{number:06d}",
            "fqdn": f"lt-{number:06d}.corp.example.org",
            "sensors": [{"name": name, "activatedAt": _text(one.opened_at)} for name in one.sensors],
        }
        if users is UsersIn.PAGE:
            row["users"] = [self._user(number)]
        elif users is UsersIn.EMAIL:
            row["userEmail"] = self._user(number)["email"]
        return row

    def _user(self, number: int) -> dict[str, Any]:
        return {
            "userId": f"CORP\\person{number:06d}",
            "email": email_of(number),
            "firstName": "Person",
            "lastName": f"{number:06d}",
            "isPrimary": True,
            "isLoggedOn": True,
            "lastLogon": _text(self._clock.now() - timedelta(hours=1)),
        }


def email_of(number: int) -> str:
    """The address of the person in front of system ``number``."""
    return f"person{number:06d}@example.org"


def _text(moment: datetime) -> str:
    """Seven digits of a fraction and ``Z``, as .NET prints it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0Z"
