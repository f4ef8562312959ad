"""The tables of public Qualtrics clients: every public method, what it sends, and where it ends here.

One TOML file per client, read by the tests that call the client and by the page docs/reference/qualtrics-clients.md, so that
neither can say something else. A method with ``left_out`` is not called, and the text says why; every other must work.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLES = Path(__file__).resolve().parent / "tables"
BASE = "/API/v3"
_SLOT = re.compile(r"\{[^}/]*\}")


@dataclass(frozen=True)
class Method:
    """One public method of a client.

    ``sends``     verb and path below ``/API/v3``, in the order in which they are first sent; empty: nothing is sent.
    ``left_out``  why it is not called: its route is not offered, or it sends nothing, or the client fails by itself.
    ``fails``     why it is called and does not work yet; such a test is expected to fail, and has to.
    """

    name: str
    sends: tuple[str, ...]
    left_out: str
    fails: str

    @property
    def is_mapped(self) -> bool:
        return not self.left_out


@dataclass(frozen=True)
class Client:
    """A public client as it is installed. ``stem`` names its table, its environment and the program that calls it."""

    stem: str
    name: str
    version: str
    registry: str
    about: str
    methods: tuple[Method, ...]

    @property
    def mapped(self) -> tuple[Method, ...]:
        return tuple(one for one in self.methods if one.is_mapped)


def clients() -> list[Client]:
    """All tables, by the name of their file."""
    return [
        _client(path.stem, tomllib.loads(path.read_text("utf-8"))) for path in sorted(TABLES.glob("*.toml"))
    ]


def _client(stem: str, read: dict[str, Any]) -> Client:
    methods = tuple(_method(**row) for row in read["methods"])
    return Client(stem, read["client"], read["version"], read["registry"], read["about"], methods)


def _method(name: str, sends: Iterable[str] = (), left_out: str = "", fails: str = "") -> Method:
    return Method(name, tuple(sends), left_out, fails)


def same_route(route: str) -> str:
    """A route without the names of its slots: two that are equal then are one route."""
    return _SLOT.sub("{}", route)


def fits(route: str, verb: str, path: str) -> bool:
    """Whether a request that was sent is the one that ``route`` describes.

    Clients double slashes and put one at the end, which the server takes (qualtrics-api.md, 1.1).
    """
    wanted_verb, _, wanted = route.partition(" ")
    pattern = re.escape(BASE) + re.sub(r"\\\{[^}/]*\\\}", "[^/]+", re.escape(wanted))
    plain = re.sub(r"/{2,}", "/", path.partition("?")[0]).rstrip("/")
    return wanted_verb == verb and re.fullmatch(pattern, plain) is not None
