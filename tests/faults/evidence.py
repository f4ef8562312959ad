"""What the database and the SMTP server say about one activation, beside what the product says of itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, text

from opulse.db import open_database
from tests.servers.smtp import SmtpSink

P = ParamSpec("P")
T = TypeVar("T")

GROWING = (
    "activations",
    "deliveries",
    "delivery_attempts",
    "runs",
    "task_runs",
    "reach",
    "change_sets",
    "distributions",
    "invitations",
    "responses",
    "response_history",
)
"""Tables that a decision or an effect would make longer if it were repeated."""

_WAITING = """
    SELECT count(*) FROM invitations WHERE activation = :activation
    AND (next_try_at IS NOT NULL OR hold_until IS NOT NULL OR state IN ('sending', 'held', 'queued'))
"""
_TWICE = {
    "open activation of a notification": """
        SELECT notification FROM activations WHERE notification = :notification AND state = 'active'
        GROUP BY notification HAVING count(*) > 1""",
    "delivery of an event to a recipient": """
        SELECT recipient FROM deliveries WHERE activation = :activation
        GROUP BY recipient, event_type, wave HAVING count(*) > 1""",
    "run of a workflow for an event": """
        SELECT workflow FROM runs WHERE activation = :activation OR event_key = :activation
        GROUP BY workflow, event_key HAVING count(*) > 1""",
    "task of a run": """
        SELECT task FROM task_runs WHERE run IN (SELECT id FROM runs WHERE activation = :activation)
        GROUP BY run, task HAVING count(*) > 1""",
    "reach of a system and person": """
        SELECT system FROM reach WHERE activation = :activation GROUP BY system, person HAVING count(*) > 1""",
    "change of a contact by a page": """
        SELECT contact FROM change_members WHERE change_set IN
        (SELECT id FROM change_sets WHERE activation = :activation)
        GROUP BY change_set, contact HAVING count(*) > 1""",
    "invitation of a person that uses a slot": """
        SELECT email_key FROM invitations WHERE activation = :activation AND state <> 'spared'
        GROUP BY email_key HAVING count(*) > 1""",
    "recorded response to an invitation": """
        SELECT invitation FROM responses WHERE activation = :activation AND state = 'recorded'
        GROUP BY invitation HAVING count(*) > 1""",
}


@dataclass(frozen=True)
class Asked:
    """An invitation that was not spared."""

    state: str
    message_id: str
    ambiguous: bool


@dataclass(frozen=True)
class Evidence:
    """Rows about one activation, by plain queries."""

    activations: int  # of the notification, ended ones included
    ever: int  # systems that the activation ever affected
    reached: int  # systems with a reach row
    deliveries: Counter[str]  # by state
    attempts: Counter[str]  # of the webhook, by outcome
    runs: Counter[str]  # by state
    invitations: dict[str, Asked]  # by address
    twice: dict[str, int]  # records that exist more than once: none may
    dead_jobs: int
    looks: int  # jobs that will ask for newcomers
    responses: int  # recorded
    counted: int  # answers to the first question that the counts hold

    @property
    def ambiguous(self) -> int:
        """Invitations of which the relay may hold more than one copy."""
        return sum(one.ambiguous for one in self.invitations.values())


async def ask(
    url: str, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run ``query`` on the database at ``url``, beside the process that serves it."""
    database = await open_database(url)
    try:
        return await database.read(query, *args, **kwargs)
    finally:
        await database.close()


def list_activations(conn: Connection, notification: str) -> list[str]:
    query = text("SELECT id FROM activations WHERE notification = :notification ORDER BY opened_at")
    return list(conn.execute(query, {"notification": notification}).scalars())


def nothing_waits(conn: Connection, activation: str) -> bool:
    """No invitation waits for anything."""
    return _number(conn, _WAITING, activation=activation) == 0


def count_rows(conn: Connection) -> dict[str, int]:
    return {name: _number(conn, f"SELECT count(*) FROM {name}") for name in GROWING}


def gather(conn: Connection, notification: str, activation: str) -> Evidence:
    """Everything about one activation."""
    ids = {"notification": notification, "activation": activation}
    mine = "WHERE activation = :activation"
    told = "WHERE delivery IN (SELECT id FROM deliveries WHERE activation = :activation)"
    first = "(SELECT min(question) FROM answer_counts WHERE activation = :activation)"
    asked = f"SELECT email_key, state, message_id, ambiguous FROM invitations {mine} AND state <> 'spared'"
    return Evidence(
        activations=_number(
            conn, "SELECT count(*) FROM activations WHERE notification = :notification", **ids
        ),
        ever=_number(conn, "SELECT ever_count FROM activations WHERE id = :activation", **ids),
        reached=_number(conn, f"SELECT count(DISTINCT system) FROM reach {mine}", **ids),
        deliveries=_tally(conn, f"SELECT state FROM deliveries {mine}", **ids),
        attempts=_tally(conn, f"SELECT outcome FROM delivery_attempts {told}", **ids),
        runs=_tally(conn, f"SELECT state FROM runs {mine}", **ids),
        invitations={
            row.email_key: Asked(row.state, row.message_id, bool(row.ambiguous))
            for row in conn.execute(text(asked), ids)
        },
        twice={what: len(conn.execute(text(query), ids).all()) for what, query in _TWICE.items()},
        dead_jobs=_number(conn, "SELECT count(*) FROM jobs WHERE state = 'dead'"),
        looks=_number(
            conn, f"SELECT count(*) FROM jobs WHERE kind = 'pulse.wave_due' AND {_of_runs(conn)}", **ids
        ),
        responses=_number(conn, f"SELECT count(*) FROM responses {mine} AND state = 'recorded'", **ids),
        counted=_number(
            conn, f"SELECT coalesce(sum(count), 0) FROM answer_counts {mine} AND question = {first}", **ids
        ),
    )


def mails_of(sink: SmtpSink, people: Iterable[str]) -> dict[str, list[str]]:
    """Message-IDs of the mails that the server accepted, by recipient."""
    wanted = frozenset(people)
    found: dict[str, list[str]] = defaultdict(list)
    for mail in sink.mails():
        for recipient in wanted.intersection(mail.recipients):
            head = BytesHeaderParser().parsebytes(mail.raw)
            found[recipient].append(str(head["Message-ID"]).strip("<> "))
    return found


def _of_runs(conn: Connection) -> str:
    run = "payload->>'run'" if conn.dialect.name == "postgresql" else "json_extract(payload, '$.run')"
    return f"{run} IN (SELECT id FROM runs WHERE activation = :activation)"


def _number(conn: Connection, query: str, **values: Any) -> int:
    return int(conn.execute(text(query), values).scalar_one())


def _tally(conn: Connection, query: str, **values: Any) -> Counter[str]:
    return Counter(conn.execute(text(query), values).scalars())
