"""Which systems of ours the names in signals mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from sqlalchemy import Connection

from opulse.db import why_unstorable
from opulse.monitoring.sources.models import Left, LeftReason, Signal
from opulse.monitoring.systems import views as systems

_NUMBERED = re.compile(r"^[\d.]+$|:")  # an address: its part before the first dot is no name


def find_systems_in(conn: Connection, tenant: int, words: Iterable[str]) -> dict[str, list[int]]:
    """Casefolded word → indices of the living systems that have it as name, full name or GUID.

    A full name that nobody has means the system that is called like its first part and whose own full name is not known.
    """
    wanted = {word.casefold() for word in words}
    found = systems.find_by_any_name(conn, tenant, wanted)
    short = {word: word.partition(".")[0] for word in wanted if word not in found and _has_domain(word)}
    by_short = systems.find_by_any_name(conn, tenant, set(short.values())) if short else {}
    living = systems.map_living(
        conn, tenant, {guid for guids in (*found.values(), *by_short.values()) for guid in guids}
    )
    placed = {word: [living[guid] for guid in guids] for word, guids in found.items()}
    nameless = _without_full_name(
        conn, tenant, [living[guid] for guids in by_short.values() for guid in guids]
    )
    for word, first in short.items():
        known = [living[guid] for guid in by_short.get(first, ()) if living[guid] in nameless]
        if known:
            placed[word] = known
    return placed


def keep_storable(signals: Iterable[Signal]) -> tuple[list[Signal], list[Left]]:
    """Signals whose texts both databases can keep, and the others."""
    kept: list[Signal] = []
    left: list[Left] = []
    for signal in signals:
        why = why_unstorable([signal.key, signal.sensor, signal.system, signal.instance, signal.help])
        if why:
            left.append(Left(signal.index, f"item {signal.index}", LeftReason.MALFORMED, why))
        else:
            kept.append(signal)
    return kept, left


def fit_to_keep(left: Left) -> Left:
    """What a tool wrote may be of any length and hold what databases do not keep; people are shown its beginning."""
    return replace(left, what=_fit(left.what, 300), detail=_fit(left.detail, 500))


def _fit(text: str, most: int) -> str:
    return text[:most].replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def names_in(conn: Connection, tenant: int, idxs: Iterable[int]) -> Mapping[int, str]:
    """Index → name of systems, tombstones included."""
    return {system.idx: system.name for system in systems.list_systems_at(conn, tenant, set(idxs))}


def _has_domain(word: str) -> bool:
    return "." in word and _NUMBERED.search(word) is None


def _without_full_name(conn: Connection, tenant: int, idxs: Iterable[int]) -> set[int]:
    return {system.idx for system in systems.list_systems_at(conn, tenant, idxs) if not system.fqdn}
