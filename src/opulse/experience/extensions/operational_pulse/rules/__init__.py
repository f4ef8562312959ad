"""Pure decisions of the Operational Pulse task."""

from opulse.experience.extensions.operational_pulse.rules.tasks import (
    MAIL_FIELDS,
    as_text_patch,
    choose_people,
    is_on,
    list_name,
    qualtrics_mail,
    qualtrics_target,
    sensor_names,
    target_problems,
    twins,
)
from opulse.experience.extensions.operational_pulse.rules.theirs import answers_of, document_of, next_look

__all__ = [
    "MAIL_FIELDS",
    "answers_of",
    "as_text_patch",
    "choose_people",
    "document_of",
    "is_on",
    "list_name",
    "next_look",
    "qualtrics_mail",
    "qualtrics_target",
    "sensor_names",
    "target_problems",
    "twins",
]
