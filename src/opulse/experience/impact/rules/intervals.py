"""How sure a share is: the Wilson interval with finite-population correction, never Wald's.

Sources: Brown, Cai, DasGupta 2001; the correction as in O'Neill 2021. The interval is for one look; a page that is watched all
the time would need a confidence sequence, which is why it is shown as *an estimate now*.
"""

from __future__ import annotations

from math import sqrt

from opulse.experience.impact.models import Interval

Z_95 = 1.959963984540054


def wilson(successes: int, answers: int, population: int | None = None, z: float = Z_95) -> Interval:
    """The 95 % interval of the share among ``population`` people, ``answers`` of whom answered, ``successes`` of them so.

    Args:
        population: how many were asked; None: so many that it does not matter. Never less than ``answers``.

    Raises:
        ValueError: counts that do not fit together.
    """
    if not 0 <= successes <= answers:
        raise ValueError("successes lie between 0 and the number of answers")
    if answers == 0:
        return Interval(0.0, 1.0)
    correction = 1.0
    if population is not None:
        population = max(population, answers)
        correction = (population - answers) / (population - 1) if population > 1 else 0.0
    share = successes / answers
    factor = z * z * correction / answers
    middle = (share + factor / 2) / (1 + factor)
    half = sqrt(factor * share * (1 - share) + factor * factor / 4) / (1 + factor)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))
