"""Read what people answered to a survey at Qualtrics, so that the incident's own page shows it.

Whose answer it is tells the history of the distribution that we made: by contact, so no answer to another incident and no
answer of somebody else gets in. What it says tells a file of the survey's responses. The first writes a row per answer, the
second fills it and counts it in the same unit: whatever is cut off or told twice, each answer is here once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from opulse.bridges.qualtrics import (
    AnswerCalls,
    ExportedAnswer,
    QualtricsBusy,
    QualtricsClient,
    QualtricsRefused,
)
from opulse.experience.extensions.operational_pulse import store
from opulse.experience.extensions.operational_pulse.flow.handing import TOKENS, account_of, note_wrong
from opulse.experience.extensions.operational_pulse.rules import (
    answers_of,
    document_of,
    next_look,
    qualtrics_mail,
)
from opulse.experience.extensions.operational_pulse.store import AnswerLook
from opulse.experience.responses import tally
from opulse.experience.responses.models import CountChange
from opulse.experience.surveys.models import SurveyDocument
from opulse.experience.workflows import TaskContext
from opulse.jobs import JobRetry
from opulse.observe import faults
from opulse.ports import Ports

FILE_ROWS: Final = 2_000
"""Responses of one file: a few MB."""
SLACK: Final = timedelta(minutes=5)
"""A file begins so long before the first answer that it shall hold: the two moments are of two clocks there."""
FILES: Final = 10
"""How often all files are read through for an answer that none of them holds."""
POLL: Final = 3.0
"""Seconds between looks at a file that is being made."""
WRONG: Final = 600.0
"""Seconds until the next look after a refusal: somebody may mend the account meanwhile."""


@dataclass(frozen=True)
class _Reading:
    """One task run's reading."""

    ports: Ports
    context: TaskContext
    calls: AnswerCalls
    look: AnswerLook

    @property
    def key(self) -> tuple[int, str]:
        return self.context.tenant, self.context.task_run


async def read_answers(ports: Ports, context: TaskContext, activation: str) -> None:
    """One look at who has answered, and what.

    Raises:
        JobRetry: come again to look.
    """
    mail = qualtrics_mail(context.form)
    if mail is None:
        return
    calls = AnswerCalls(QualtricsClient(ports.http, ports.clock, TOKENS, account_of(context)))
    try:
        look = await _begun(ports, context, activation, calls, mail.survey)
        reading = _Reading(ports, context, calls, look)
        if not look.export:
            await _find_finished(reading)
        await _read_file(reading)
    except QualtricsBusy as busy:
        raise JobRetry(busy.seconds, str(busy), counts=False) from busy
    except QualtricsRefused as refused:
        await note_wrong(ports, context, f"answers at Qualtrics cannot be read: {refused}")
        await _come_again(ports, context, WRONG)
    await _come_again(ports, context, 0)


async def _pause(ports: Ports, context: TaskContext) -> float | None:
    """Seconds until the next look; None: the time of looking is over."""
    sent = await ports.db.read(store.list_sent, context.tenant, context.task_run)
    last = max((one.sent_at for one in sent), default=None)
    return next_look((ports.clock.now() - last).total_seconds()) if last else None


async def _come_again(ports: Ports, context: TaskContext, at_least: float) -> None:
    pause = await _pause(ports, context)
    if pause is not None:
        raise JobRetry(max(pause, at_least), "answers at Qualtrics are looked for again", counts=False)


async def _begun(
    ports: Ports, context: TaskContext, activation: str, calls: AnswerCalls, survey: str
) -> AnswerLook:
    key = (context.tenant, context.task_run)
    known = await ports.db.read(store.find_look, *key)
    if known is not None:
        return known
    found = await calls.read_survey(survey)
    document = document_of(found)
    kept = None if document is None else document.model_dump(mode="json")
    look = AnswerLook(survey, found.name, kept, "", None)
    await ports.db.write(store.begin_look, *key, activation, look)
    return look


async def _find_finished(reading: _Reading) -> None:
    """Ask of each distribution how many have finished, and who, where it is more than we know of."""
    db = reading.ports.db
    for sent in await db.read(store.list_sent, *reading.key):
        try:
            finished = await reading.calls.count_finished(reading.look.survey, sent.distribution)
            if finished <= sent.finished:
                continue
            found = await reading.calls.list_finished(sent.distribution)
        except QualtricsRefused as refused:
            if refused.is_total or refused.status != 404:
                raise
            continue  # somebody has deleted the distribution there: the others are looked at
        await db.write(store.note_finished, *reading.key, sent, len(found), found)
        faults.point("qualtrics.answers_told")


async def _read_file(reading: _Reading) -> None:
    """Have a file made of the answers that we know of and have not read; read it, then the next one."""
    unread = await reading.ports.db.read(store.find_unread, *reading.key)
    if unread.first_at is None and not reading.look.export:
        return
    if not reading.look.export:
        since = reading.look.since or (unread.first_at or reading.ports.clock.now()) - SLACK
        await _begin_file(reading, since)
    try:
        state = await reading.calls.export_state(reading.look.survey, reading.look.export)
    except QualtricsRefused as refused:
        if refused.is_total or refused.status != 404:
            raise
        await _begin_file(reading, reading.look.since)  # files are forgotten after a week
        return
    if state.has_failed:  # another one is begun with the next look, not at once and for ever
        await reading.ports.db.write(store.set_export, *reading.key, "", reading.look.since)
        return
    if not state.file:
        if await _pause(reading.ports, reading.context) is None:
            return
        raise JobRetry(POLL, "Qualtrics makes the file of answers", counts=False)
    rows = await reading.calls.download(reading.look.survey, state.file)
    if await reading.ports.db.write(_take_in, reading.key, reading.look, rows):
        raise JobRetry(POLL, "the next file of answers", counts=False)
    faults.point("qualtrics.answers_read")


async def _begin_file(reading: _Reading, since: datetime | None) -> None:
    """That a file is made again after a crash does no harm: it is read once."""
    if since is None:
        await reading.ports.db.write(store.set_export, *reading.key, "", None)
    else:
        export = await reading.calls.begin_export(reading.look.survey, since, FILE_ROWS)
        await reading.ports.db.write(store.set_export, *reading.key, export, since)
    raise JobRetry(POLL, "Qualtrics makes the file of answers", counts=False)


def _take_in(
    conn: Connection, key: tuple[int, str], look: AnswerLook, rows: Sequence[ExportedAnswer]
) -> bool:
    """Keep and count whatever of the file is to be read yet. Whether there is a next file."""
    wanted = store.list_unread(conn, *key, [one.response for one in rows])
    document = None if look.document is None else SurveyDocument.model_validate(look.document)
    read = {
        one.response: answers_of(document, one.values) if document else {}
        for one in rows
        if one.response in wanted
    }
    changes = [CountChange(response, look.survey, 1, {}, said) for response, said in read.items()]
    store.take_answers(conn, *key, read, tally(changes))
    is_full = len(rows) >= FILE_ROWS
    last = max((one.recorded_at for one in rows), default=None)
    if is_full and last is not None and last != look.since:
        store.set_export(conn, *key, "", last)
        return True
    store.note_not_found(conn, *key, FILES)
    store.set_export(conn, *key, "", None)
    return False
