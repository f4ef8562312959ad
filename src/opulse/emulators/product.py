"""What every stand-in for a real product is given, and what it gives: the frame of ``opulse emulate``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from opulse.clock import Clock
from opulse.emulators.faults import Faults, Faulty, Recorder
from opulse.emulators.faults.middleware import App


@dataclass(frozen=True)
class Bench:
    """What a stand-in works with."""

    url: str
    """Its own address as others reach it, without a slash at the end."""
    clock: Clock
    recorder: Recorder
    faults: Faults
    seed: int


class Product(Protocol):
    """A stand-in: one folder of ``emulators``."""

    @property
    def app(self) -> App:
        """Its HTTP surface, without faults."""
        ...

    def refusal(self, status: int, why: str) -> bytes:
        """The body with which the real product says 401, 429 and 500."""
        ...

    def greeting(self) -> list[str]:
        """Lines for the terminal: addresses and credentials to type on the other side."""
        ...

    async def live(self) -> None:
        """What it does of itself (send webhooks, let an incident grow), until it is cancelled."""
        ...


def with_faults(bench: Bench, product: Product) -> Faulty:
    """The application to serve: the product's, with the faults and the log around it."""
    return Faulty(product.app, bench.faults, bench.seed, bench.recorder, bench.clock, product.refusal)
