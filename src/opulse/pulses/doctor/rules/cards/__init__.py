"""The words of each kind: how bad, why it matters, what mends it, how a user makes it. docs/reference/doctor.md has them too.

That no kind is without a card, and none has two, is a test's matter: tests/flows/doctor/test_doctor_planted.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opulse.pulses.doctor.models import Action, Card, Kind
from opulse.pulses.doctor.rules.cards.around import AROUND
from opulse.pulses.doctor.rules.cards.contract import CONTRACT
from opulse.pulses.doctor.rules.cards.people import PEOPLE
from opulse.pulses.doctor.rules.cards.wiring import WIRING

CARDS: Final[Mapping[Kind, Card]] = {**CONTRACT, **WIRING, **PEOPLE, **AROUND}

LABELS: Final[Mapping[Action, str]] = {
    Action.ADD_SENSORS: "Add the missing sensors",
    Action.SWITCH_ON: "Switch it on",
    Action.LISTEN: "Tick updated and created",
    Action.ENABLE_RECIPIENT: "Enable it",
}
"""What is written on each button."""
