"""Contacts that turned out to be one person have one past."""

from __future__ import annotations

from collections.abc import Sequence

from opulse.experience.distributions.store.merging import move_invitations
from opulse.ports import Ports


async def take_past(ports: Ports, tenant: int, survivor: str, others: Sequence[str]) -> None:
    """Invitations of the others are the survivor's from now on; done twice it changes nothing more."""
    await ports.db.write(move_invitations, tenant, survivor, others)
