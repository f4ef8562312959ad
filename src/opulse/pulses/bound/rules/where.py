"""What a pulse must say of a real product on one of its sides, and when two pulses share their way there."""

from __future__ import annotations

from collections.abc import Iterator

from opulse.experience.extensions.operational_pulse.rules import (
    qualtrics_mail,
    qualtrics_target,
    target_problems,
)
from opulse.pulses.bound.models import AskedAt, PulseDraft, PulseFault, PulseProblem, SensorsAt

_ANY_SURVEY = f"SV_{'0' * 15}"
_MAIL = ("survey", "subject", "from_email", "from_name", "reply_to")


def asking_form(draft: PulseDraft) -> dict[str, str]:
    """The Operational Pulse task's fields of a directory and a survey at Qualtrics."""
    where = draft.where
    mail = {f"qualtrics_{name}": str(getattr(where, name)) for name in _MAIL}
    return {
        "directory_at": "qualtrics",
        "qualtrics_directory": where.directory,
        "qualtrics_message": draft.message,
        **mail,
    }


def check_where(draft: PulseDraft) -> Iterator[PulseProblem]:
    """What can be said of it without asking the wings."""
    where = draft.where
    if where.sensors is SensorsAt.SYSTRACK and where.asked is AskedAt.THEIR_WORKFLOWS:
        yield _wrong("where.asked", "Then nothing of it is here: follow the guide in the two products.")
        return
    if where.sensors is SensorsAt.SYSTRACK and not where.cloud_url:
        yield _wrong("where.cloud_url", "Write SysTrack's Cloud URL, for example cloud.lakesidesoftware.com.")
    if where.asked is AskedAt.THEIR_WORKFLOWS:
        if not where.webhook:
            yield _wrong("where.webhook", "Choose the webhook that leads to the JSON event at Qualtrics.")
    elif not where.is_here and not where.account:
        yield _wrong("where.account", "Choose the account that signs in there.")
    if where.asked is AskedAt.QUALTRICS:
        yield from _wrong_mail(draft)


def same_place(one: PulseDraft, other: PulseDraft) -> bool:
    """Whether one webhook does for both: they ask for the same SysTrack's systems, and write on the same list."""
    return _place(one) == _place(other) and one.where.asked is AskedAt.HERE


def _place(draft: PulseDraft) -> tuple[str, ...]:
    where = draft.where
    systrack = (where.account, where.token_url, where.cloud_url, where.client_id)
    return (draft.mailing_list, where.sensors, where.asked, *systrack)


def _wrong_mail(draft: PulseDraft) -> Iterator[PulseProblem]:
    form = asking_form(draft)
    if not draft.where.survey:
        yield _wrong("where.survey", "Write the ID of the survey at Qualtrics: SV_ and 15 characters.")
        form["qualtrics_survey"] = _ANY_SURVEY  # so that the other fields are looked at too
    target = qualtrics_target(form)
    assert target is not None, "the form says so"
    for text in target_problems(target, qualtrics_mail(form)):
        yield _wrong(_field_of(text), f"{text}.")


def _field_of(text: str) -> str:
    """The field of the pulse that a sentence of the task's form is about; each begins with the field's label."""
    fields = {
        "Qualtrics Directory ID": "where.directory",
        "Qualtrics Survey ID": "where.survey",
        "Qualtrics subject": "where.subject",
        "Qualtrics message": "message",
        "Qualtrics From Address": "where.from_email",
        "Qualtrics From Name": "where.from_name",
    }
    return next((field for label, field in fields.items() if text.startswith(label)), "where.asked")


def _wrong(field: str, text: str) -> PulseProblem:
    return PulseProblem(field, PulseFault.WHERE, text)
