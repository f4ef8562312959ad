"""What incidents are called where one is chosen: by the name of what asked in them, and the code in its mails' subjects."""

from __future__ import annotations

from collections.abc import Iterable

from opulse.experience.distributions.rules import incident_code


def name_incidents(found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """(incident, name) → (incident, *name [code]*)."""
    return [(activation, f"{name} [{incident_code(activation)}]".strip()) for activation, name in found]
