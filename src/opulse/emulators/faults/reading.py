"""The text of ``--faults``: ``slow=2s,429=5%,500=1%,duplicate=2%,reorder,truncate,expire-token``. Pure.

Each part is a fault, ``=`` and a share (``5%``) or a duration (``2s``, ``250ms``), or both with ``@`` between: ``slow=2s@10%``.
"""

from __future__ import annotations

import re
from typing import Final

from opulse.emulators.faults.models import Fault, Faults, Rate

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s)", re.ASCII)
_SHARE: Final = re.compile(r"(\d+(?:\.\d+)?)%", re.ASCII)
_MOST_SECONDS: Final = 600.0
_USUAL: Final = {
    Fault.SLOW: Rate(1.0, 2.0),
    Fault.BUSY: Rate(0.05, 1.0),
    Fault.BROKEN: Rate(0.01),
    Fault.DUPLICATE: Rate(0.02),
    Fault.REORDER: Rate(0.05, 0.5),
    Fault.TRUNCATE: Rate(0.02),
    Fault.EXPIRE_TOKEN: Rate(0.02),
}
"""What the bare word means."""
_LASTING: Final = frozenset({Fault.SLOW, Fault.BUSY, Fault.REORDER})


class FaultsUnreadable(ValueError):
    """The text says no faults; the message says which part, and what is right."""


def parse_faults(text: str) -> Faults:
    """Read the text of ``--faults``; an empty one wants none.

    Raises:
        FaultsUnreadable: a part is no fault, stands twice, or has a value that its fault does not take.
    """
    rates: dict[Fault, Rate] = {}
    for part in (piece.strip() for piece in text.split(",")):
        if not part:
            continue
        word, equals, value = (piece.strip() for piece in part.partition("="))
        try:
            fault = Fault(word.lower())
        except ValueError:
            known = ", ".join(one.value for one in Fault)
            raise FaultsUnreadable(f"{word!r} is no fault; there are {known}") from None
        if fault in rates:
            raise FaultsUnreadable(f"{fault.value} stands there twice; say it once")
        if equals and not value:
            raise FaultsUnreadable(f"{part!r} says nothing after '='; {_right(fault)}")
        rates[fault] = _rate(fault, value) if value else _USUAL[fault]
    return Faults(rates)


def _rate(fault: Fault, value: str) -> Rate:
    usual = _USUAL[fault]
    share, seconds = usual.share, usual.seconds
    for piece in value.split("@"):
        if found := _SHARE.fullmatch(piece):
            share = float(found[1]) / 100
        elif fault in _LASTING and (found := _DURATION.fullmatch(piece)):
            seconds = float(found[1]) / (1000 if found[2] == "ms" else 1)
        else:
            raise FaultsUnreadable(f"{fault.value}={value}: {piece!r} cannot be read; {_right(fault)}")
    if share > 1:
        raise FaultsUnreadable(f"{fault.value}={value}: a share is at most 100%")
    if seconds > _MOST_SECONDS:
        raise FaultsUnreadable(f"{fault.value}={value}: at most {_MOST_SECONDS:.0f}s")
    return Rate(share, seconds)


def _right(fault: Fault) -> str:
    if fault in _LASTING:
        return f"say for example {fault.value}=5%, {fault.value}=2s or {fault.value}=2s@5%"
    return f"say for example {fault.value}=5%"
