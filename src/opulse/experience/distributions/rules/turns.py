"""Whose mails leave next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from opulse.experience.distributions.models.sending import Turn


def decide_turn(due: Iterable[Turn], last: Mapping[tuple[int, str], int]) -> Turn | None:
    """The most urgent distribution; among equals the tenant, then the distribution, whose last turn is longest ago.

    So a small incident does not wait behind a large one, nor a small tenant behind a busy one. ``last`` numbers the turns so
    far, by (tenant, distribution); who had none comes first.
    """
    listed = list(due)
    tenants: dict[int, int] = {}
    for (tenant, _), number in last.items():
        tenants[tenant] = max(number, tenants.get(tenant, 0))
    return min(
        listed,
        key=lambda turn: (
            turn.priority,
            tenants.get(turn.tenant, 0),
            last.get((turn.tenant, turn.distribution), 0),
            turn.distribution,
        ),
        default=None,
    )
