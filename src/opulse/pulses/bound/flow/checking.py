"""What is wrong with a pulse, said on the field that it is about; and what a wing refuses of its parts, likewise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opulse.experience.directory import views as directory
from opulse.experience.surveys.models import SurveyState
from opulse.experience.surveys.views import list_all_surveys
from opulse.experience.workflows.flow.checking import WorkflowProblem
from opulse.monitoring.notifications.models import NotificationRefused
from opulse.monitoring.recipients.models import RecipientRefused
from opulse.monitoring.sensors.views import find_sensors
from opulse.monitoring.systems.models import Group
from opulse.monitoring.systems.views import find_group
from opulse.pulses.bound.flow.work import Work
from opulse.pulses.bound.models import (
    AskedAt,
    Pulse,
    PulseDraft,
    PulseFault,
    PulseProblem,
    PulseRefused,
)
from opulse.pulses.bound.rules import check_draft, check_where

_FIELDS = {"activation": "threshold", "activation.value": "threshold", "group_id": "group"}


def check_in(work: Work, draft: PulseDraft, others: Sequence[Pulse]) -> Group:
    """The group of a tidy draft.

    Raises:
        PulseRefused: with everything to mend.
    """
    known = find_sensors(work.conn, work.tenant, draft.sensors)
    problems = check_draft(draft, known, {one.draft.name.casefold() for one in others})
    group = find_group(work.conn, work.tenant, draft.group) if draft.group else None
    if draft.group and group is None:
        text = "This group is not there any more; choose another one."
        problems.append(PulseProblem("group", PulseFault.GROUP, text))
    problems += [*_wrong_choices(work, draft), *check_where(draft)]
    if problems or group is None:
        raise PulseRefused(tuple(problems))
    return group


def _wrong_choices(work: Work, draft: PulseDraft) -> Iterator[PulseProblem]:
    if draft.mailing_list and directory.find_list(work.conn, work.tenant, draft.mailing_list) is None:
        text = "This mailing list is not there any more; choose another one."
        yield PulseProblem("mailing_list", PulseFault.MAILING_LIST, text)
    if draft.survey and draft.where.asked is AskedAt.HERE:
        found = {one.id: one for one in list_all_surveys(work.conn, work.tenant)}.get(draft.survey)
        if found is None or found.state is not SurveyState.ACTIVE:
            text = "This survey collects no answers: publish it, or choose another one."
            yield PulseProblem("survey", PulseFault.SURVEY, text)


@contextmanager
def refusals_named() -> Iterator[None]:
    """What a wing refuses, on the field of the pulse that it is about."""
    try:
        yield
    except NotificationRefused as refused:
        raise PulseRefused(
            tuple(
                PulseProblem(_FIELDS.get(one.field, one.field), PulseFault.PART, one.text)
                for one in refused.problems
            )
        ) from refused
    except RecipientRefused as refused:
        problems = (
            PulseProblem("name", PulseFault.PART, f"The webhook: {one.text}") for one in refused.problems
        )
        raise PulseRefused(tuple(problems)) from refused
    except WorkflowProblem as refused:
        problems = (
            PulseProblem("name", PulseFault.PART, f"The workflow: {text}.") for text in refused.problems
        )
        raise PulseRefused(tuple(problems)) from refused
