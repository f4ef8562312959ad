"""Ask: decide for everybody a request selects, in chunks, and write one invitation per contact with its reason.

The first chunk is small and is on its way while the next ones are decided. Whatever happens in between, the same request may be
made again: contacts that were decided are not decided twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from opulse.db import wake
from opulse.experience.directory import views as directory
from opulse.experience.distributions.flow.following import plan_follow_up_in
from opulse.experience.distributions.flow.planning import Plan, count_used, decide_in, draft_in, plan_in
from opulse.experience.distributions.flow.previewing import foresee
from opulse.experience.distributions.flow.tallying import Tally
from opulse.experience.distributions.models import (
    MAIL_DUE,
    OWN_ZONE,
    SLOT_STATES,
    AskRequest,
    AskResult,
    Decision,
    Distribution,
    SendWhen,
)
from opulse.experience.distributions.rules import decide_due
from opulse.experience.distributions.store import asking as store
from opulse.experience.distributions.store import candidates, desktop
from opulse.experience.distributions.store.chores import OPEN_FOR
from opulse.experience.surveys.flow import NotPublished
from opulse.jobs import JobDead
from opulse.observe import faults, get_logger
from opulse.observe.traces import span
from opulse.ports import Ports
from opulse.tenancy import get_tenant

CHUNK = 500  # contacts decided in one unit: every burst of mails that is due waits for it

log = get_logger("distributions")


@dataclass(frozen=True)
class _Chunk:
    """What one unit did: how many contacts it read, the last of them, the decisions, and how many were known."""

    read: int
    last: str
    decisions: list[Decision]
    known: int


async def ask(ports: Ports, request: AskRequest) -> AskResult:
    """Ask the contacts of ``request``. Idempotent per (workflow, cause, contact, wave); go on after a crash by calling again.

    Raises:
        SurveyUnknown: there is no such survey here.
        JobDead: the survey is not collecting answers.
    """
    try:
        plan = await ports.db.write(_open_in, request, ports.clock.now())
    except NotPublished as error:
        raise JobDead(f"the survey is not collecting answers: {error}") from error
    with span("people.ask", distribution=plan.distribution.id, wave=request.wave) as recorded:
        tally = await _ask_all(ports, request, plan)
        recorded.note(asked=tally.asked, held=tally.held.total(), spared=tally.spared.total())
    tally.publish()
    log.info(
        "people were asked",
        distribution=plan.distribution.id,
        wave=request.wave,
        asked=tally.asked,
        held=tally.held.total(),
        spared=tally.spared.total(),
        known=tally.known,
    )
    return tally.result(plan.distribution.id)


async def _ask_all(ports: Ports, request: AskRequest, plan: Plan) -> Tally:
    must_confirm = await _must_confirm(ports, request, plan)
    tally, after, limit = Tally(), "", max(1, ports.limits.first_chunk)
    while True:
        chunk = await ports.db.write(_ask_chunk, ports, request, plan, must_confirm, after, limit)
        faults.point("invitations.inserted")
        tally.add(chunk.decisions, chunk.known)
        if chunk.read < limit:
            return tally
        after, limit = chunk.last, CHUNK


def open_in(conn: Connection, request: AskRequest, now: datetime) -> Distribution:
    """The distribution of the request, before anybody is asked: for callers who ask later, and need its id now.

    Raises:
        SurveyUnknown: there is no such survey here.
        NotPublished: the survey is not collecting answers.
    """
    return _open_in(conn, request, now).distribution


def _open_in(conn: Connection, request: AskRequest, now: datetime) -> Plan:
    """The distribution of the request's cause: the one that an earlier wave made, or a new one."""
    known = store.find_by_key(conn, request)
    if known is None:
        draft = draft_in(conn, request, now)
        store.insert_distribution(conn, draft)
        known = store.find_by_key(conn, request)  # somebody else's, if it was made at this very moment
        if known is not None and known.id == draft.id:
            for wish in request.follow_ups:
                plan_follow_up_in(conn, known, wish, f"workflow {request.workflow}", now)
    if known is None:
        raise RuntimeError(f"the distribution of {request.workflow} for {request.cause} was not stored")
    store.raise_expected(conn, request.tenant, known.id, request.expected)
    return plan_in(conn, known)


async def _must_confirm(ports: Ports, request: AskRequest, plan: Plan) -> bool:
    """Whether this request would bring the distribution above the number that needs a person's yes.

    The selection's size is an upper bound that costs nothing; only above it are people counted who would really be asked.
    """
    if plan.distribution.confirmed_by:
        return False
    tenant = await ports.db.read(get_tenant, request.tenant)
    size = request.selection.count if request.selection else len(request.contact_ids)
    expected = max(plan.distribution.expected, request.expected)
    if max(expected, plan.distribution.taken + size) <= tenant.confirm_above:
        return False  # even with those who gave their slots back
    already = await ports.db.read(store.count_slots, request.tenant, [plan.distribution.id])
    if max(expected, already + size) <= tenant.confirm_above:
        return False
    to_ask = (await foresee(ports, request, plan)).slots
    return max(expected, already + to_ask) > tenant.confirm_above


def _ask_chunk(
    conn: Connection,
    ports: Ports,
    request: AskRequest,
    plan: Plan,
    must_confirm: bool,
    after: str,
    limit: int,
) -> _Chunk:
    """Counts are read and rows inserted in one transaction with the contacts locked: else two incidents ask the same person."""
    now = ports.clock.now()
    selected = candidates.list_selected(conn, request, after, limit)
    if not selected:
        return _Chunk(0, after, [], 0)
    siblings = store.lock_distributions(conn, request.tenant, request.cause)
    current = next(one for one in siblings if one.id == plan.distribution.id)
    directory.lock_contacts(conn, request.tenant, selected)
    known = candidates.list_decided(
        conn, request.tenant, request.workflow, request.cause, request.wave, selected
    )
    fresh = [one for one in selected if one not in known]
    cap = get_tenant(conn, request.tenant).cap_per_activation
    used = count_used(conn, siblings, enough=cap - len(fresh))
    hold = must_confirm and not current.confirmed_by  # somebody may have said yes since the count
    decisions = decide_in(conn, plan, current, used, fresh, now, must_confirm=hold)
    if decisions:
        for delay, some in _by_delay(request, decisions, request.asked_at or now).items():
            asked_at = (request.asked_at or now) + delay
            store.insert_invitations(
                conn,
                current,
                some,
                wave=request.wave,
                domain=ports.mail_from.rpartition("@")[2],
                language_of=plan.language_of,
                asked_at=now,
                due=max(now, asked_at) if delay else now,
                send_by=asked_at + (request.send_by or ports.limits.send_by),
                expires_at=asked_at + (request.link_life or ports.limits.link_life),
                open_for=OPEN_FOR,
            )
        slots = sum(one.state in SLOT_STATES for one in decisions)
        store.add_taken(conn, request.tenant, current.id, slots)
        if current.channel.has_desktop:
            desktop.offer_until(
                conn, request.tenant, current.id, asked_at + (request.send_by or ports.limits.send_by)
            )
        wake(conn, MAIL_DUE)
    return _Chunk(len(selected), selected[-1], decisions, len(known))


def _by_delay(
    request: AskRequest, decisions: list[Decision], asked_at: datetime
) -> dict[timedelta, list[Decision]]:
    """The decisions by how long their mails wait: all at once, unless each person has their own time of day; then by zone."""
    timing = request.timing
    if timing.when is not SendWhen.TIME_OF_DAY or timing.zone != OWN_ZONE:
        return {decide_due(timing, "", asked_at) - asked_at: decisions}
    waits: dict[str, timedelta] = {}
    grouped: dict[timedelta, list[Decision]] = {}
    for one in decisions:  # 500 at most; what is computed is computed once per zone
        zone = one.candidate.time_zone
        if zone not in waits:
            waits[zone] = decide_due(timing, zone, asked_at) - asked_at
        grouped.setdefault(waits[zone], []).append(one)
    return grouped
