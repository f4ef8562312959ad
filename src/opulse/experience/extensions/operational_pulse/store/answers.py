"""Answers at Qualtrics: how far each task run has looked for them, each answer once, and how often each choice was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from opulse.bridges.qualtrics import FinishedAnswer
from opulse.db import Instant, json_list
from opulse.experience.extensions.operational_pulse.models import AnswerState, AskState, ReachReason
from opulse.experience.extensions.operational_pulse.store.answer_tables import (
    TEXT,
    answer_looks,
    answers_there,
    counts_there,
)
from opulse.experience.extensions.operational_pulse.store.asked import handed_asks
from opulse.experience.extensions.operational_pulse.store.handed import handed_people
from opulse.experience.extensions.operational_pulse.store.reached import reach


@dataclass(frozen=True)
class AnswerLook:
    """How far one task run is; see the table."""

    survey: str
    title: str
    document: dict[str, Any] | None
    export: str
    since: datetime | None


@dataclass(frozen=True)
class Sent:
    """A batch whose people were asked. ``finished``: of whom we know that they have answered."""

    number: int
    distribution: str
    sent_at: datetime
    people: int
    finished: int


@dataclass(frozen=True)
class Unread:
    """What is to be read yet: how many, and when the first of them was completed."""

    count: int
    first_at: datetime | None


def find_look(conn: Connection, tenant: int, task_run: str) -> AnswerLook | None:
    """How far the looking of a task run is; None: it has not begun."""
    table = answer_looks.c
    row = conn.execute(
        select(answer_looks).where(table.tenant == tenant, table.task_run == task_run)
    ).one_or_none()
    return None if row is None else AnswerLook(row.survey, row.title, row.document, row.export, row.since)


def begin_look(conn: Connection, tenant: int, task_run: str, activation: str, look: AnswerLook) -> None:
    """Write what the survey asks; a second time nothing is changed."""
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    row = {
        "tenant": tenant,
        "task_run": task_run,
        "activation": activation,
        "survey": look.survey,
        "title": look.title,
        "document": look.document,
        "export": "",
        "since": None,
    }
    conn.execute(dialect.insert(answer_looks).values(row).on_conflict_do_nothing())


def set_export(conn: Connection, tenant: int, task_run: str, export: str, since: datetime | None) -> None:
    """Remember the file that is being made, and from when the next one shall be."""
    table = answer_looks.c
    own = (table.tenant == tenant, table.task_run == task_run)
    conn.execute(update(answer_looks).where(*own).values(export=export, since=since))


def list_sent(conn: Connection, tenant: int, task_run: str) -> list[Sent]:
    """The batches that were asked, in order."""
    table = handed_asks.c
    rows = conn.execute(
        select(handed_asks)
        .where(
            table.tenant == tenant,
            table.task_run == task_run,
            table.state == AskState.ASKED.value,
            table.distribution != "",
        )
        .order_by(table.batch)
    )
    return [Sent(row.batch, row.distribution, row.sent_at, row.people, row.finished) for row in rows]


def note_finished(
    conn: Connection, tenant: int, task_run: str, sent: Sent, finished: int, found: Sequence[FinishedAnswer]
) -> int:
    """Write down who of a batch has answered: a row per answer, and the end of their systems in the ledger.

    Somebody who is not of the batch's people is passed over. Returns how many answers are new.
    """
    people = _people_of(conn, tenant, task_run, sent.number, [one.contact for one in found])
    fresh = {one.contact: one for one in found if one.contact in people}  # one answer of each person
    rows = [
        {
            "tenant": tenant,
            "task_run": task_run,
            "response": one.response,
            "person": people[one.contact][0],
            "state": AnswerState.TOLD.value,
            "answers": {},
            "has_words": False,
            "tries": 0,
            "completed_at": one.at,
        }
        for one in fresh.values()
    ]
    if rows:
        dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
        conn.execute(dialect.insert(answers_there).on_conflict_do_nothing(), rows)
        _end_people(conn, tenant, task_run, [person for same in people.values() for person in same])
    table = handed_asks.c
    own = (table.tenant == tenant, table.task_run == task_run, table.batch == sent.number)
    conn.execute(update(handed_asks).where(*own).values(finished=finished))
    return len(rows)


def find_unread(conn: Connection, tenant: int, task_run: str) -> Unread:
    """What is to be read yet."""
    row = conn.execute(
        select(func.count(), func.min(answers_there.c.completed_at, type_=Instant())).where(
            *_to_read(tenant, task_run)
        )
    ).one()
    return Unread(row[0], row[1])


def list_unread(
    conn: Connection, tenant: int, task_run: str, responses: Sequence[str]
) -> dict[str, datetime]:
    """Those of these responses that are to be read yet, and when they were completed."""
    wanted = json_list(conn, responses)
    rows = conn.execute(
        select(answers_there.c.response, answers_there.c.completed_at)
        .where(*_to_read(tenant, task_run), answers_there.c.response.in_(select(wanted.c.value)))
        .with_for_update()  # a second worker, whose lease began when ours ran out, finds them read
    )
    return {row.response: row.completed_at for row in rows}


def take_answers(
    conn: Connection,
    tenant: int,
    task_run: str,
    read: Mapping[str, dict[str, Any]],
    counts: Mapping[tuple[str, str], int],
) -> None:
    """Keep what these responses say, and count it. The caller has looked in this unit that each is to be read yet."""
    statement = (
        update(answers_there)
        .where(
            answers_there.c.tenant == tenant,
            answers_there.c.task_run == task_run,
            answers_there.c.response == bindparam("of_response"),
        )
        .values(
            state=AnswerState.READ.value,
            answers=bindparam("said", type_=answers_there.c.answers.type),
            has_words=bindparam("speaks"),
        )
    )
    if read:
        given = [{"of_response": key, "said": said, "speaks": has_words(said)} for key, said in read.items()]
        conn.execute(statement, given)
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    for (question, choice), count in sorted(counts.items()):
        row = {"tenant": tenant, "task_run": task_run, "question": question, "choice": choice, "count": count}
        made = dialect.insert(counts_there).values(row)
        more = {"count": counts_there.c.count + made.excluded.count}
        conn.execute(
            made.on_conflict_do_update(index_elements=["tenant", "task_run", "question", "choice"], set_=more)
        )


def note_not_found(conn: Connection, tenant: int, task_run: str, most: int) -> None:
    """All files were read through: what is unread yet was not in them, and after ``most`` times it never will be."""
    table = answers_there.c
    conn.execute(update(answers_there).where(*_to_read(tenant, task_run)).values(tries=table.tries + 1))
    conn.execute(
        update(answers_there)
        .where(*_to_read(tenant, task_run), table.tries >= most)
        .values(state=AnswerState.UNREAD.value)
    )


def _to_read(tenant: int, task_run: str) -> tuple[Any, ...]:
    table = answers_there.c
    return (table.tenant == tenant, table.task_run == task_run, table.state == AnswerState.TOLD.value)


def has_words(answers: Mapping[str, Any]) -> bool:
    """Whether some of these are free texts."""
    return any(key.endswith(TEXT) for key in answers)


def without_words(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The same without free texts."""
    return {key: value for key, value in answers.items() if not key.endswith(TEXT)}


def _people_of(
    conn: Connection, tenant: int, task_run: str, number: int, contacts: Sequence[str]
) -> dict[str, list[str]]:
    """Contact → people of a batch who were asked and are not known to have answered; mostly one."""
    wanted, table = json_list(conn, contacts), handed_people.c
    rows = conn.execute(
        select(table.contact, table.person)
        .where(
            table.tenant == tenant,
            table.task_run == task_run,
            table.batch == number,
            table.reason == ReachReason.ASKED_AT_QUALTRICS.value,
            table.contact.in_(select(wanted.c.value)),
        )
        .order_by(table.person)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.contact, []).append(row.person)
    return found


def _end_people(conn: Connection, tenant: int, task_run: str, people: Sequence[str]) -> None:
    """On all their systems, and for those that will be affected later."""
    wanted = json_list(conn, people)
    for table in (reach, handed_people):
        conn.execute(
            update(table)
            .where(
                table.c.tenant == tenant,
                table.c.task_run == task_run,
                table.c.person.in_(select(wanted.c.value)),
                table.c.reason == ReachReason.ASKED_AT_QUALTRICS.value,
            )
            .values(reason=ReachReason.ANSWERED_AT_QUALTRICS.value)
        )
