"""Which of SysTrack's names are new here, which are known, and which cannot be taken."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from opulse.bridges.systrack.models import Named
from opulse.experience.workflows.models import Workflow
from opulse.pulses.doctor.rules.pairing import askers_of, fold
from opulse.pulses.names.models import TakenNames, Unheard

LONGEST = 200  # characters, as for sensors and groups that are typed
CATEGORY = "SysTrack"
LONGEST_CATEGORY = 100


def sort_names(found: Sequence[Named], known: Collection[str]) -> TakenNames:
    """``known``: the names that are here. Compared without case, as everywhere."""
    here = {name.casefold() for name in known}
    added: list[str] = []
    left: list[tuple[str, str]] = []
    for one in found:
        if len(one.name) > LONGEST:
            left.append((one.name, f"it has more than {LONGEST} characters"))
        elif one.name.casefold() not in here:
            added.append(one.name)
    taken = {name for name, _ in left} | set(added)
    return TakenNames(tuple(added), tuple(one.name for one in found if one.name not in taken), tuple(left))


def category_of(one: Named) -> str:
    """SysTrack's own, cut to what a category may be."""
    return one.category[:LONGEST_CATEGORY].strip() or CATEGORY


def find_unheard(workflows: Iterable[Workflow], there: Sequence[Named]) -> tuple[Unheard, ...]:
    """Names in conditions that SysTrack does not have."""
    names = {fold(one.name) for one in there}
    return tuple(
        Unheard(asker.workflow.id, asker.workflow.document.name, written)
        for asker in askers_of(workflows)
        for folded, written in asker.wanted.items()
        if folded not in names
    )
