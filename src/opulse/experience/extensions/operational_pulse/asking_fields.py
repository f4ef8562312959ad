"""The part of the task's form that asks the people of a directory at Qualtrics with a survey there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from opulse.experience.extensions.operational_pulse.rules import MAIL_FIELDS
from opulse.experience.workflows import FieldKind, FormField

_HELP: Final = {
    "survey": "SV_ and 15 characters. Then the task asks them itself, and no workflow there should.",
    "subject": "With ${e://Field/lastAlarmAt}, which makes the mails of two incidents unlike.",
    "message": "With ${l://SurveyLink?d=Take the survey}. Pipes are those of Qualtrics.",
    "from_email": "An address that Qualtrics may send from.",
}
_KINDS: Final = {"message": FieldKind.LONG}

ASKING_FIELDS: Final[Sequence[FormField]] = tuple(
    FormField(
        f"qualtrics_{name}",
        label,
        _KINDS.get(name, FieldKind.TEXT),
        required=False,
        help=_HELP.get(name, ""),
    )
    for name, label in MAIL_FIELDS.items()
)
