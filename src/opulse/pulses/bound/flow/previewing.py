"""What a draft would do right now: systems that count, people who would be asked, and who could not be."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from opulse.db import chunked
from opulse.experience.directory import views as directory
from opulse.monitoring.maintenance.views import list_maintained_groups
from opulse.monitoring.notifications.flow.drafting import read_draft_in
from opulse.monitoring.notifications.flow.previewing import picks_of
from opulse.monitoring.notifications.models import Notification, NotificationRefused, ThresholdVerdict
from opulse.monitoring.notifications.rules import judge_threshold
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.systems.models import SystemUser
from opulse.monitoring.systems.views import list_systems_at
from opulse.ports import Ports
from opulse.pulses.bound import store
from opulse.pulses.bound.flow.own import draft_of
from opulse.pulses.bound.models import (
    AskedAt,
    PulseDraft,
    PulseFault,
    PulseProblem,
    PulseRefused,
    SensorsAt,
    WouldAsk,
)
from opulse.pulses.bound.rules import notes_on, tidy

PAGE = 1000
_CONTACTS_THERE = "Who of these people is a contact is for Qualtrics to say."
_UNCOUNTED = WouldAsk(
    0,
    0,
    0,
    False,
    0,
    0,
    0,
    ("SysTrack counts its systems; nothing of it can be counted here.",),
    counted=False,
)
_FIELDS = {"activation": "threshold", "activation.value": "threshold", "group_id": "group"}


async def preview_pulse(
    ports: Ports, evaluator: Evaluator, tenant: int, draft: PulseDraft, pulse: str = ""
) -> WouldAsk:
    """Saves nothing. ``pulse``: the id of the one that the draft would change.

    Raises:
        PulseRefused: sensors, group or threshold are missing or wrong.
    """
    wanted, now = tidy(draft), ports.clock.now()
    if wanted.where.sensors is SensorsAt.SYSTRACK:
        return _UNCOUNTED

    def query(conn: Connection) -> tuple[Notification, frozenset[int], tuple[str, ...]]:
        others = [one for one in store.list_pulses(conn, tenant) if one.id != pulse]
        found = read_draft_in(conn, tenant, draft_of(wanted, ""))
        return found, list_maintained_groups(conn, tenant, now), notes_on(wanted, others)

    try:
        notification, maintained, notes = await ports.db.read(query)
    except NotificationRefused as refused:
        raise PulseRefused(
            tuple(
                PulseProblem(_FIELDS.get(one.field, one.field), PulseFault.PART, one.text)
                for one in refused.problems
            )
        ) from refused
    hidden = evaluator.members_of(tenant, maintained)
    count = evaluator.count(
        tenant, picks_of(notification.sensors), notification.group_index, notification.needed_sensors, hidden
    )
    verdict = judge_threshold(
        notification.threshold, notification.minimum_systems, len(count.qualifying), count.reporting
    )
    people, strangers, nobody = await ports.db.read(
        _count_people, tenant, wanted.mailing_list, count.qualifying
    )
    if wanted.where.asked is not AskedAt.HERE:
        people, strangers, notes = people + strangers, 0, (*notes, _CONTACTS_THERE)
    return WouldAsk(
        len(count.qualifying),
        count.reporting,
        count.members,
        verdict is ThresholdVerdict.MET,
        people,
        strangers,
        nobody,
        notes,
    )


def _count_people(
    conn: Connection, tenant: int, mailing_list: str, idxs: Iterable[int]
) -> tuple[int, int, int]:
    """People with a contact, people without one, systems without anybody: whoever is logged on, else the primary user."""
    addresses: set[str] = set()
    nobody = 0
    for page in chunked(idxs, PAGE):
        for system in list_systems_at(conn, tenant, page):
            chosen = _asked(system.users)
            nobody += not chosen
            addresses |= {(user.email or user.user_id).casefold() for user in chosen}
    folder = _directory(conn, tenant, mailing_list)
    known = 0
    for some in chunked(sorted(addresses), PAGE):
        known += len(directory.find_ids_by_email(conn, tenant, folder, some)) if folder else 0
    return known, len(addresses) - known, nobody


def _asked(users: Iterable[SystemUser]) -> list[SystemUser]:
    here = list(users)
    return [one for one in here if one.is_logged_on] or [one for one in here if one.is_primary]


def _directory(conn: Connection, tenant: int, mailing_list: str) -> str:
    found = directory.find_list(conn, tenant, mailing_list) if mailing_list else None
    if found is not None:
        return found.directory
    folders = directory.list_directories(conn, tenant)
    return next((one.id for one in folders if one.is_default), "")
