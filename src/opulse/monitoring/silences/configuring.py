"""Silences that are not over, and inhibitions, as a part of the tenant's configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import AwareDatetime
from sqlalchemy import Connection

from opulse.monitoring.notifications.configuring import list_keyed_in as list_notifications_in
from opulse.monitoring.silences.flow import reading, setting
from opulse.monitoring.silences.models import Inhibition, Silence, SilenceDraft, SilenceRefused
from opulse.monitoring.systems.configuring import map_names_in as map_groups_in
from opulse.tenancy.sections import Change, Entry, Section, Work, keyed

SILENCES = "silences"
INHIBITIONS = "inhibitions"


class SilenceEntry(Entry):
    """Its comment is its name. What is left out of ``notification``, ``sensor`` and ``group`` may be any."""

    notification: str | None = None
    sensor: str | None = None
    group: str | None = None
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class InhibitionEntry(Entry):
    """Its cause is its name: while that notification has an open activation, nobody is told of these."""

    symptoms: tuple[str, ...]


def _silences_in(conn: Connection, tenant: int, now: datetime) -> dict[str, Silence]:
    return keyed((silence.comment, silence) for silence in reading.list_silences(conn, tenant, now))


def _read_silences_in(conn: Connection, tenant: int, now: datetime) -> dict[str, SilenceEntry]:
    notifications = {found.id: key for key, found in list_notifications_in(conn, tenant).items()}
    groups = {guid: name for name, guid in map_groups_in(conn, tenant).items()}
    return {
        key: SilenceEntry(
            notification=notifications.get(silence.notification),
            sensor=silence.sensor or None,
            group=groups.get(silence.group),
            starts_at=silence.starts_at,
            ends_at=silence.ends_at,
        )
        for key, silence in _silences_in(conn, tenant, now).items()
        # what it silenced may be gone: then it silences nothing, and stands in no document
        if silence.notification in ("", *notifications) and silence.group in ("", *groups)
    }


def _save_silences_in(work: Work, changes: Sequence[Change]) -> None:
    """A silence that is changed ends, and the new one begins in its place."""
    known = _silences_in(work.conn, work.tenant, work.now)
    ids = {key: found.id for key, found in list_notifications_in(work.conn, work.tenant).items()}
    groups = map_groups_in(work.conn, work.tenant)
    for change in changes:
        entry: SilenceEntry = change.after
        if not _names_are_known(work, change.key, entry, ids, groups):
            continue
        before = known.get(change.key)
        if before is not None:
            setting.end_silence_in(work.conn, work.tenant, work.actor, before.id, work.now)
        draft = SilenceDraft(
            comment=before.comment if before else change.key,
            notification=ids[entry.notification] if entry.notification else "",
            sensor=entry.sensor or "",
            group=groups[entry.group] if entry.group else "",
            starts_at=entry.starts_at,
            ends_at=entry.ends_at,
        )
        try:
            setting.set_silence_in(work.conn, work.tenant, work.actor, draft, work.now)
        except SilenceRefused as refused:
            for problem in refused.problems:
                work.refuse(SILENCES, change.key, problem.text, problem.field)


def _names_are_known(
    work: Work, key: str, entry: SilenceEntry, ids: Mapping[str, str], groups: Mapping[str, str]
) -> bool:
    missing = [
        (field, name)
        for field, name, known in (("notification", entry.notification, ids), ("group", entry.group, groups))
        if name and name not in known
    ]
    for field, name in missing:
        work.refuse(SILENCES, key, f"There is no {field} {name!r}.", field)
    return not missing


def _remove_silences_in(work: Work, keys: Sequence[str]) -> None:
    known = _silences_in(work.conn, work.tenant, work.now)
    for key in keys:
        setting.end_silence_in(work.conn, work.tenant, work.actor, known[key].id, work.now)


def _is_over(entry: SilenceEntry, now: datetime) -> bool:
    return entry.ends_at <= now


def _inhibitions_in(conn: Connection, tenant: int, names: Mapping[str, str]) -> dict[str, Inhibition]:
    found = reading.list_inhibitions(conn, tenant)
    return keyed((names[one.cause], one) for one in found if one.cause in names)


def _read_inhibitions_in(conn: Connection, tenant: int, now: datetime) -> dict[str, InhibitionEntry]:
    names = {found.id: key for key, found in list_notifications_in(conn, tenant).items()}
    read = {
        key: tuple(names[symptom] for symptom in found.symptoms if symptom in names)
        for key, found in _inhibitions_in(conn, tenant, names).items()
    }
    return {key: InhibitionEntry(symptoms=symptoms) for key, symptoms in read.items() if symptoms}


def _save_inhibitions_in(work: Work, changes: Sequence[Change]) -> None:
    """All that are changed go before the new ones come: two may only be wrong together."""
    ids = {key: found.id for key, found in list_notifications_in(work.conn, work.tenant).items()}
    known = _inhibitions_in(work.conn, work.tenant, {number: key for key, number in ids.items()})
    for change in changes:
        if change.key in known:
            before = known[change.key].id
            setting.delete_inhibition_in(work.conn, work.tenant, work.actor, before, work.now)
    for change in changes:
        cause = ids.get(change.key, known[change.key].cause if change.key in known else "")
        unknown = [name for name in change.after.symptoms if name not in ids]
        for name in unknown:
            text = f"There is no notification {name!r}."
            work.refuse(INHIBITIONS, change.key, text, "symptoms")
        if not cause:
            work.refuse(INHIBITIONS, change.key, "No notification is called so.")
        if unknown or not cause:
            continue
        symptoms = [ids[name] for name in change.after.symptoms]
        try:
            setting.set_inhibition_in(work.conn, work.tenant, work.actor, cause, symptoms, work.now)
        except SilenceRefused as refused:
            for problem in refused.problems:
                work.refuse(INHIBITIONS, change.key, problem.text, problem.field)


def _remove_inhibitions_in(work: Work, keys: Sequence[str]) -> None:
    names = {found.id: key for key, found in list_notifications_in(work.conn, work.tenant).items()}
    known = _inhibitions_in(work.conn, work.tenant, names)
    for key in keys:
        setting.delete_inhibition_in(work.conn, work.tenant, work.actor, known[key].id, work.now)


SECTIONS = (
    Section(SILENCES, SilenceEntry, _read_silences_in, _save_silences_in, _remove_silences_in, _is_over),
    Section(INHIBITIONS, InhibitionEntry, _read_inhibitions_in, _save_inhibitions_in, _remove_inhibitions_in),
)
