"""Order by chance that stays: drawn from a seed, so that the same person sees the same after a reload."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Protocol, TypeVar

from opulse.experience.surveys.models import Ordering


class Placed(Protocol):
    """Something in a list that may keep its place."""

    @property
    def id(self) -> str:
        """Its id, unique in the list."""
        ...

    @property
    def fixed(self) -> bool:
        """Whether it keeps its place when the others are mixed."""
        ...


P = TypeVar("P", bound=Placed)
T = TypeVar("T")


def arrange(items: Sequence[P], order: Ordering, seed: str, name: str) -> tuple[P, ...]:
    """The items in the order that this seed draws; ``name`` tells one list of a survey from another.

    With ``show`` so many are kept, the fixed ones first; those kept stay in their order unless it is random.
    """
    kept = _some(items, order.show, seed, name)
    if order.kind == "random":
        mixed = iter(
            shuffle(
                [item for item in kept if not item.fixed], [i.id for i in kept if not i.fixed], seed, name
            )
        )
        return tuple(item if item.fixed else next(mixed) for item in kept)
    if order.kind == "flipped" and _draw(seed, f"{name} flip")[0] % 2:
        return tuple(reversed(kept))
    return tuple(kept)


def shuffle(items: Sequence[T], names: Iterable[str], seed: str, name: str) -> list[T]:
    """The items by what the seed draws for each of their names."""
    drawn = [(_draw(seed, f"{name} {one}"), place) for place, one in enumerate(names)]
    return [items[place] for _, place in sorted(drawn)]


def draw_number(least: int, most: int, seed: str, name: str) -> int:
    """A whole number from ``least`` to ``most``, always the same for this seed and name."""
    return least + int.from_bytes(_draw(seed, name), "big") % (most - least + 1)


def _some(items: Sequence[P], show: int | None, seed: str, name: str) -> Sequence[P]:
    if show is None or show >= len(items):
        return items
    fixed = [item.id for item in items if item.fixed][:show]
    others = [item.id for item in items if not item.fixed]
    kept = {*fixed, *shuffle(others, others, seed, f"{name} some")[: show - len(fixed)]}
    return [item for item in items if item.id in kept]


def _draw(seed: str, name: str) -> bytes:
    return blake2b(f"{seed}\0{name}".encode(), digest_size=8).digest()
