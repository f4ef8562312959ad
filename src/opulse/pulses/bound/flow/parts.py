"""All parts of a pulse, as many as its halves leave to us, made or brought in step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from opulse.experience.directory import views as directory
from opulse.experience.directory.flow.lists import create_directory_in, create_list_in
from opulse.experience.directory.models import MailingList
from opulse.experience.surveys import flow as surveys
from opulse.experience.surveys import recommended_pulse
from opulse.experience.surveys.models import SurveyState
from opulse.experience.surveys.views import list_all_surveys
from opulse.monitoring.recipients.flow.saving import list_recipients_in
from opulse.pulses.bound.flow.checking import check_in, refusals_named
from opulse.pulses.bound.flow.elsewhere import (
    asker_name,
    chosen_account,
    ensure_receiver_in,
    save_asker_in,
    switch_in,
)
from opulse.pulses.bound.flow.own import save_notification_in, save_sender_in
from opulse.pulses.bound.flow.shared import ensure_recipient_in, ensure_shared_in, known_parts
from opulse.pulses.bound.flow.work import Work
from opulse.pulses.bound.models import (
    DEFAULT_DIRECTORY,
    DEFAULT_LIST,
    DEFAULT_SURVEY,
    AskedAt,
    Part,
    PartKind,
    Pulse,
    PulseDraft,
    PulseFault,
    PulseProblem,
    PulseRefused,
    SensorsAt,
)
from opulse.pulses.bound.rules import same_place, tidy


def carry_out_in(work: Work, pulse: Pulse, others: Sequence[Pulse], before: Pulse | None = None) -> Pulse:
    """The pulse with its parts as it says. ``before``: as it stood until now. What a wing refuses ends the unit."""
    wanted = replace(pulse, draft=tidy(pulse.draft))
    group = check_in(work, wanted.draft, others).name
    with refusals_named():
        if wanted.draft.where.asked is AskedAt.HERE:
            made, parts = _asked_here(work, wanted, group, others, before)
            wanted = replace(wanted, draft=made)
        elif wanted.draft.where.asked is AskedAt.QUALTRICS:
            parts = _asked_at_qualtrics(work, wanted, group)
        else:
            parts = [_told(work, wanted), _notification(work, wanted, group, wanted.draft.where.webhook)]
    return replace(wanted, parts={part.kind: part for part in parts})


def _asked_here(
    work: Work, pulse: Pulse, group: str, others: Sequence[Pulse], before: Pulse | None
) -> tuple[PulseDraft, list[Part]]:
    """What pulses of one list share, the survey, and the workflow that sends it; the notification unless SysTrack has it."""
    mailing_list = _mailing_list(work, pulse.draft.mailing_list)
    draft = replace(pulse.draft, mailing_list=mailing_list.id, survey=_survey(work, pulse.draft.survey))
    mine = [before] if before is not None else []
    known = [one for one in (*mine, *others) if same_place(one.draft, draft)]
    if draft.where.sensors is SensorsAt.SYSTRACK:
        account = chosen_account(work, draft)
        parts = [account, ensure_receiver_in(work, draft, mailing_list, account, known)[1]]
    else:
        parts = ensure_shared_in(work, mailing_list, known)
        recipient = next(part.id for part in parts if part.kind is PartKind.RECIPIENT)
        parts.append(_notification(work, replace(pulse, draft=draft), group, recipient))
    sender = save_sender_in(work, draft, mailing_list, pulse.enabled, pulse.parts.get(PartKind.SENDER))
    return draft, [*parts, Part(PartKind.SURVEY, draft.survey, made=False), sender]


def _asked_at_qualtrics(work: Work, pulse: Pulse, group: str) -> list[Part]:
    """A receiving workflow of its own, since whatever tells it asks; paused, it is not told or takes nothing."""
    account = chosen_account(work, pulse.draft)
    mine = pulse.parts.get(PartKind.RECEIVER)
    was_own = (
        mine is not None and PartKind.SENDER not in pulse.parts
    )  # else it is what pulses of a list share
    receiver, part = save_asker_in(work, pulse.draft, account, mine if was_own else None)
    if pulse.draft.where.sensors is SensorsAt.SYSTRACK:
        switch_in(work, receiver, pulse.enabled)
        return [account, part]
    switch_in(work, receiver, True)
    known = known_parts([pulse] if was_own else [])
    told = ensure_recipient_in(work, asker_name(pulse.draft), receiver, known)
    recipient = next(one.id for one in told if one.kind is PartKind.RECIPIENT)
    return [account, part, *told, _notification(work, pulse, group, recipient)]


def _told(work: Work, pulse: Pulse) -> Part:
    """The webhook that leads to a JSON event at Qualtrics; an administrator made it, with the token for there."""
    chosen = pulse.draft.where.webhook
    if chosen not in {one.id for one in list_recipients_in(work.conn, work.tenant) if one.webhook}:
        text = "This webhook is not there any more; choose another one."
        raise PulseRefused((PulseProblem("where.webhook", PulseFault.WHERE, text),))
    return Part(PartKind.RECIPIENT, chosen, made=False)


def _notification(work: Work, pulse: Pulse, group: str, recipient: str) -> Part:
    """It tells the webhook of this pulse, and no longer another one that was the pulse's before."""
    before = pulse.parts.get(PartKind.RECIPIENT)
    left = before.id if before and before.id != recipient else ""
    part = pulse.parts.get(PartKind.NOTIFICATION)
    return save_notification_in(work, pulse, group, recipient, part, left)


def _mailing_list(work: Work, chosen: str) -> MailingList:
    """The chosen one; else the only one there is; else a new one in the default directory."""
    if chosen:
        found = directory.find_list(work.conn, work.tenant, chosen)
        assert found is not None, "it was looked up before"
        return found
    for one in directory.list_lists(work.conn, work.tenant):
        if one.name == DEFAULT_LIST:
            return one
    folders = directory.list_directories(work.conn, work.tenant)
    folder = next((one for one in folders if one.is_default), folders[0] if folders else None)
    if folder is None:
        folder = create_directory_in(work.conn, work.tenant, DEFAULT_DIRECTORY, work.actor, work.now)
    return create_list_in(work.conn, work.tenant, folder.id, DEFAULT_LIST, work.actor, work.now)


def _survey(work: Work, chosen: str) -> str:
    """The chosen one; else the recommended questions, made once for all pulses."""
    if chosen:
        return chosen
    for one in list_all_surveys(work.conn, work.tenant):
        if one.name == DEFAULT_SURVEY and one.state is SurveyState.ACTIVE:
            return one.id
    who = (work.actor, work.now)
    made = surveys.create_survey_in(work.conn, work.tenant, DEFAULT_SURVEY, recommended_pulse(), *who)
    surveys.publish_survey_in(work.conn, work.tenant, made.id, *who)
    return made.id
