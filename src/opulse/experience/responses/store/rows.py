"""Read and write single responses and corrections."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from opulse.db import upsert
from opulse.experience.responses.models import (
    Asked,
    CorrectionKind,
    QuarantineReason,
    Response,
    ResponseState,
)
from opulse.experience.responses.store.tables import owner_corrections, response_history, responses


def claim_response(
    conn: Connection, tenant: int, invitation: str, states: Collection[ResponseState]
) -> Response | None:
    """The latest response in one of ``states``, locked until the unit ends."""
    bound = {"tenant": tenant, "invitation": invitation, "states": [state.value for state in states]}
    rows = conn.execute(_CLAIM, bound).all()
    return response_of(rows[-1]) if rows else None


def insert_response(
    conn: Connection, asked: Asked, response: Response, quarantine: Sequence[QuarantineReason]
) -> None:
    """A new response and the first entry of its history. ``quarantine``: why it is not believed, the heaviest sign first."""
    counts = response.state is ResponseState.RECORDED
    row = {
        "tenant": asked.tenant,
        "id": response.id,
        "invitation": asked.invitation,
        "individual": asked.individual,
        "distribution": asked.distribution,
        "survey": asked.survey,
        "version": asked.version,
        "activation": asked.activation,
        "state": response.state.value,
        "quarantine": " ".join(sign.value for sign in quarantine),
        "answers": response.answers,
        "language": response.language,
        "revision": response.revision,
        "counted": 0 if counts else response.revision,
        "started_at": response.started_at,
        "updated_at": response.updated_at,
        "recorded_at": response.updated_at if counts else None,
    }
    conn.execute(_INSERT, row)
    _insert_history(conn, asked.tenant, response)


def update_response(conn: Connection, tenant: int, response: Response) -> None:
    """The next revision of a response; the former ones stay in the history."""
    values: dict[str, Any] = {
        "state": response.state.value,
        "answers": response.answers,
        "language": response.language,
        "revision": response.revision,
        "updated_at": response.updated_at,
    }
    if response.state is ResponseState.RECORDED:
        values["recorded_at"] = response.updated_at
    conn.execute(
        update(responses).where(responses.c.tenant == tenant, responses.c.id == response.id).values(values)
    )
    _insert_history(conn, tenant, response)


def upsert_correction(conn: Connection, asked: Asked, kind: CorrectionKind, now: datetime) -> None:
    """The person says that the computer is not theirs, or that the mail was not meant for them."""
    row = {
        "tenant": asked.tenant,
        "invitation": asked.invitation,
        "contact": asked.contact,
        "activation": asked.activation,
        "kind": kind.value,
        "at": now,
    }
    upsert(conn, owner_corrections, [row], key=["tenant", "invitation"], change=["kind", "at"])


def delete_correction(conn: Connection, tenant: int, invitation: str) -> None:
    """It was a mistake: the person answers after all."""
    conn.execute(_DELETE_CORRECTION, {"tenant": tenant, "invitation": invitation})


# Built once, with their values bound on execution: building a statement takes longer than running it.
_CLAIM = (
    select(responses)
    .where(
        responses.c.tenant == bindparam("tenant"),
        responses.c.invitation == bindparam("invitation"),
        responses.c.state.in_(bindparam("states", expanding=True)),
    )
    .order_by(responses.c.updated_at, responses.c.id)
    .with_for_update()
)
_INSERT = insert(responses)
_INSERT_HISTORY = insert(response_history)
_DELETE_CORRECTION = delete(owner_corrections).where(
    owner_corrections.c.tenant == bindparam("tenant"),
    owner_corrections.c.invitation == bindparam("invitation"),
)


def _insert_history(conn: Connection, tenant: int, response: Response) -> None:
    row = {
        "tenant": tenant,
        "response": response.id,
        "revision": response.revision,
        "state": response.state.value,
        "answers": response.answers,
        "language": response.language,
        "at": response.updated_at,
    }
    conn.execute(_INSERT_HISTORY, row)


def response_of(row: Row[Any]) -> Response:
    """A response from its row."""
    return Response(
        id=row.id,
        invitation=row.invitation,
        state=ResponseState(row.state),
        answers=row.answers,
        language=row.language,
        revision=row.revision,
        started_at=row.started_at,
        updated_at=row.updated_at,
    )
