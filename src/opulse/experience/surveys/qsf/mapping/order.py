"""Randomisation of choices, rows and questions, as the product describes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from opulse.experience.surveys.models import AS_WRITTEN, Ordering
from opulse.experience.surveys.qsf import loose
from opulse.experience.surveys.qsf.mapping.words import Account

_PLACES = frozenset({"{~Randomized~}", "{~SubSet~}", "{~ScaleReversal~}"})


@dataclass(frozen=True, slots=True)
class Arrangement:
    """In which order, which of them keep their places, and which are never shown (ids of the file)."""

    order: Ordering = AS_WRITTEN
    fixed: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    reversed_scale: bool = False


def arrange(value: Any, ids: Collection[str], account: Account) -> Arrangement:
    """The arrangement that a ``Randomization`` object asks for; ids that nothing has are ignored."""
    source = loose.mapping(value)
    kind = loose.word(source.get("Type")).lower()
    if kind == "all":
        return Arrangement(Ordering(kind="random"))
    if kind == "subset":
        return Arrangement(_some(source.get("TotalRandSubset"), len(ids)))
    if kind == "scalereversal":
        return Arrangement(Ordering(kind="flipped"), reversed_scale=True)
    if kind == "advanced":
        return _advanced(loose.mapping(source.get("Advanced")), ids, account)
    return Arrangement()


def _advanced(source: Mapping[str, Any], ids: Collection[str], account: Account) -> Arrangement:
    known = set(ids)
    mixed, some = (_named(source.get(key)) & known for key in ("RandomizeAll", "RandomSubSet"))
    turned, never = (_named(source.get(key)) & known for key in ("ScaleReversal", "Undisplayed"))
    fixed = _named(source.get("FixedOrder")) & known - mixed - some - turned
    if some and (mixed or fixed):
        account.differs("some of its choices are drawn by chance in the product; here all of them are mixed")
        return Arrangement(Ordering(kind="random"), frozenset(fixed), frozenset(never))
    if some:
        return Arrangement(_some(source.get("TotalRandSubset"), len(some)), never=frozenset(never))
    if mixed:
        return Arrangement(Ordering(kind="random"), frozenset(fixed), frozenset(never))
    kind = Ordering(kind="flipped") if turned else AS_WRITTEN
    return Arrangement(kind, frozenset(fixed), frozenset(never))


def _some(count: Any, most: int) -> Ordering:
    number = loose.whole(count)
    return Ordering(kind="random", show=number if number is not None and 1 <= number < most else None)


def _named(value: Any) -> set[str]:
    return {loose.word(one) for one in loose.sequence(value)} - _PLACES
