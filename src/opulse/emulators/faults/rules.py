"""What goes wrong with one request: its number and the seed decide, nothing else. Pure.

So a run can be repeated: the same requests in the same order meet the same faults, however fast the machine is.
"""

from __future__ import annotations

import math
import random

from opulse.emulators.faults.models import Decision, Fault, Faults


def decide_faults(faults: Faults, seed: int, number: int) -> Decision:
    """The faults of request ``number`` (from 1). Each is drawn by itself, in the order of :class:`Fault`.

    A request that is refused (429, else 500) meets no fault that needs an answer.
    """
    dice = random.Random(f"{seed}/{number}")  # noqa: S311  (a repeatable draw, no secret)
    drawn: set[Fault] = set()
    for fault in Fault:
        roll = (
            dice.random()
        )  # drawn for every fault, so that adding one to --faults leaves the others where they were
        rate = faults.rates.get(fault)
        if rate is not None and roll < rate.share:
            drawn.add(fault)
    carried_out, keep, later = dice.random() < 0.5, dice.random(), dice.random()
    if Fault.BUSY in drawn:
        drawn -= {Fault.BROKEN, Fault.DUPLICATE, Fault.TRUNCATE, Fault.EXPIRE_TOKEN}
    if Fault.BROKEN in drawn:
        drawn -= {Fault.TRUNCATE, Fault.EXPIRE_TOKEN}
    return Decision(
        faults=frozenset(drawn),
        pause=faults.rates[Fault.SLOW].seconds if Fault.SLOW in drawn else 0.0,
        hold=faults.rates[Fault.REORDER].seconds * later if Fault.REORDER in drawn else 0.0,
        retry_after=math.ceil(faults.rates[Fault.BUSY].seconds) if Fault.BUSY in drawn else 0,
        carried_out=carried_out and Fault.BROKEN in drawn,
        keep=keep if Fault.TRUNCATE in drawn else 1.0,
    )
