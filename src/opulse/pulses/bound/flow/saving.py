"""Save a pulse: both wings follow in one unit, or neither does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from uuid import uuid4

from sqlalchemy import Connection

from opulse.experience.directory import views as directory
from opulse.experience.directory.flow.lists import create_directory_in, create_list_in
from opulse.experience.directory.models import MailingList
from opulse.experience.surveys import flow as surveys
from opulse.experience.surveys import recommended_pulse
from opulse.experience.surveys.models import SurveyState
from opulse.experience.surveys.views import list_all_surveys
from opulse.experience.workflows.flow.checking import WorkflowProblem
from opulse.monitoring.notifications.models import NotificationRefused
from opulse.monitoring.recipients.models import RecipientRefused
from opulse.monitoring.sensors.views import find_sensors
from opulse.monitoring.systems.views import find_group
from opulse.ports import Ports
from opulse.pulses.bound import store
from opulse.pulses.bound.flow.own import save_notification_in, save_sender_in
from opulse.pulses.bound.flow.removing import remove_shared_in
from opulse.pulses.bound.flow.shared import ensure_shared_in
from opulse.pulses.bound.flow.work import Work
from opulse.pulses.bound.models import (
    DEFAULT_DIRECTORY,
    DEFAULT_LIST,
    DEFAULT_SURVEY,
    Part,
    PartKind,
    Pulse,
    PulseDraft,
    PulseFault,
    PulseProblem,
    PulseRefused,
    PulseUnknown,
)
from opulse.pulses.bound.rules import check_draft, tidy
from opulse.tenancy import audit_in

_FIELDS = {"activation": "threshold", "activation.value": "threshold", "group_id": "group"}


async def create_pulse(ports: Ports, tenant: int, actor: str, draft: PulseDraft) -> Pulse:
    """All five procedures.

    Raises:
        PulseRefused: with everything to mend; nothing was made.
    """
    return await ports.db.write(create_pulse_in, ports, tenant, actor, draft)


def create_pulse_in(conn: Connection, ports: Ports, tenant: int, actor: str, draft: PulseDraft) -> Pulse:
    """:func:`create_pulse` inside another unit."""
    work = Work(ports, conn, tenant, actor, ports.clock.now())
    fresh = Pulse(str(uuid4()), draft, True, 1, actor, work.now)
    saved = _carried_out(work, fresh, store.lock_pulses(conn, tenant))
    store.insert_pulse(conn, tenant, saved)
    audit_in(conn, tenant, actor, "pulse.created", saved.draft.name, None, describe(saved), work.now)
    return saved


async def change_pulse(
    ports: Ports, tenant: int, actor: str, pulse: str, draft: PulseDraft, revision: int | None = None
) -> Pulse:
    """Every part follows; what somebody changed by hand is put back. ``revision``: the one that was looked at.

    Raises:
        PulseUnknown: there is none of this id.
        PulseRefused: see :func:`create_pulse`.
    """
    return await ports.db.write(change_pulse_in, ports, tenant, actor, pulse, draft, revision)


def change_pulse_in(
    conn: Connection,
    ports: Ports,
    tenant: int,
    actor: str,
    pulse: str,
    draft: PulseDraft,
    revision: int | None = None,
) -> Pulse:
    """:func:`change_pulse` inside another unit."""
    work = Work(ports, conn, tenant, actor, ports.clock.now())
    known = store.lock_pulses(conn, tenant)
    before = _find(known, pulse)
    if revision is not None and revision != before.revision:
        text = f"{before.changed_by} has saved this pulse since you opened it. Open it again and look what is different."
        raise PulseRefused((PulseProblem("name", PulseFault.OUTDATED, text),))
    wanted = replace(before, draft=draft, revision=before.revision + 1, changed_by=actor, changed_at=work.now)
    saved = _carried_out(work, wanted, [one for one in known if one.id != pulse])
    store.update_pulse(conn, tenant, saved)
    if saved.draft.mailing_list != before.draft.mailing_list:
        remove_shared_in(work, before, [saved, *(one for one in known if one.id != pulse)])
    change = describe(before), describe(saved)
    audit_in(conn, tenant, actor, "pulse.changed", saved.draft.name, *change, work.now)
    return saved


async def switch_pulse(ports: Ports, tenant: int, actor: str, pulse: str, enabled: bool) -> Pulse:
    """Pause or resume: incidents go on being recorded; while it is paused nobody is asked.

    Raises:
        PulseUnknown: there is none of this id.
    """
    return await ports.db.write(_switch_in, ports, tenant, actor, pulse, enabled)


def _switch_in(conn: Connection, ports: Ports, tenant: int, actor: str, pulse: str, enabled: bool) -> Pulse:
    work = Work(ports, conn, tenant, actor, ports.clock.now())
    known = store.lock_pulses(conn, tenant)
    before = _find(known, pulse)
    wanted = replace(
        before, enabled=enabled, revision=before.revision + 1, changed_by=actor, changed_at=work.now
    )
    saved = _carried_out(work, wanted, [one for one in known if one.id != pulse])
    store.update_pulse(conn, tenant, saved)
    what = "pulse.resumed" if enabled else "pulse.paused"
    change = {"enabled": before.enabled}, {"enabled": enabled}
    audit_in(conn, tenant, actor, what, saved.draft.name, *change, work.now)
    return saved


def describe(pulse: Pulse) -> dict[str, object]:
    """For the audit trail."""
    made = {kind.value: part.id for kind, part in pulse.parts.items()}
    return {**asdict(pulse.draft), "enabled": pulse.enabled, "parts": made}


def _find(known: Sequence[Pulse], pulse: str) -> Pulse:
    found = next((one for one in known if one.id == pulse), None)
    if found is None:
        raise PulseUnknown(pulse)
    return found


def _carried_out(work: Work, pulse: Pulse, others: Sequence[Pulse]) -> Pulse:
    """The pulse with its parts as it says. What a wing refuses ends the unit."""
    draft = tidy(pulse.draft)
    known = find_sensors(work.conn, work.tenant, draft.sensors)
    problems = check_draft(draft, known, {one.draft.name.casefold() for one in others})
    group = find_group(work.conn, work.tenant, draft.group) if draft.group else None
    if draft.group and group is None:
        text = "This group is not there any more; choose another one."
        problems.append(PulseProblem("group", PulseFault.GROUP, text))
    problems += _wrong_choices(work, draft)
    if problems or group is None:
        raise PulseRefused(tuple(problems))
    mailing_list = _mailing_list(work, draft.mailing_list)
    draft = replace(draft, mailing_list=mailing_list.id, survey=_survey(work, draft.survey))
    with _refusals_named():
        same_list = [one for one in others if one.draft.mailing_list == mailing_list.id]
        mine = [pulse] if pulse.draft.mailing_list == mailing_list.id else []
        shared = ensure_shared_in(work, mailing_list, [*mine, *same_list])
        recipient = next(part.id for part in shared if part.kind is PartKind.RECIPIENT)
        before = pulse.parts.get(PartKind.RECIPIENT)
        left = before.id if before and before.id != recipient else ""
        notification = save_notification_in(
            work, draft, group.name, recipient, pulse.parts.get(PartKind.NOTIFICATION), left
        )
        sender = save_sender_in(work, draft, mailing_list, pulse.enabled, pulse.parts.get(PartKind.SENDER))
    asked = Part(PartKind.SURVEY, draft.survey, made=False)
    parts = {part.kind: part for part in (*shared, asked, notification, sender)}
    return replace(pulse, draft=draft, parts=parts)


def _wrong_choices(work: Work, draft: PulseDraft) -> Iterator[PulseProblem]:
    if draft.mailing_list and directory.find_list(work.conn, work.tenant, draft.mailing_list) is None:
        text = "This mailing list is not there any more; choose another one."
        yield PulseProblem("mailing_list", PulseFault.MAILING_LIST, text)
    if draft.survey:
        found = {one.id: one for one in list_all_surveys(work.conn, work.tenant)}.get(draft.survey)
        if found is None or found.state is not SurveyState.ACTIVE:
            text = "This survey collects no answers: publish it, or choose another one."
            yield PulseProblem("survey", PulseFault.SURVEY, text)


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


@contextmanager
def _refusals_named() -> Iterator[None]:
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
