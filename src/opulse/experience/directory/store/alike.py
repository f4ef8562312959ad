"""Groups of a change set that are alike in a few fields: what one workflow's conditions can tell apart.

A change set keeps one group per distinct set of values of *all* fields that *any* workflow reads, so one that reads the address
makes a group of every person. Another that reads ``lastAlarm`` alone still has two or three sets of values to look at.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import reduce
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Text, cast, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB

from opulse.db import chunked
from opulse.experience.directory.models import AlikeGroups, ChangeKind
from opulse.experience.directory.store.tables import change_groups

_PAIRS = 40  # PostgreSQL takes 100 arguments, SQLite 127


def list_alike(conn: Connection, tenant: int, change_set: str, fields: Iterable[str]) -> list[AlikeGroups]:
    """The distinct values of ``fields`` before and after, each with the (number, members) of its groups. Absent is left out."""
    names = sorted(fields)
    before, after = (
        _picked(conn, column, names) for column in (change_groups.c.before, change_groups.c.after)
    )
    query = select(
        change_groups.c.kind,
        before.label("was"),
        after.label("becomes"),
        _numbers(conn).label("numbers"),
    ).where(change_groups.c.tenant == tenant, change_groups.c.change_set == change_set)
    # SQLite cannot tell that two parameters are one, so it groups by the names of the columns
    keys = (
        [literal_column("was"), literal_column("becomes")]
        if conn.dialect.name == "sqlite"
        else [before, after]
    )
    query = query.group_by(change_groups.c.kind, *keys)
    found = [
        AlikeGroups(
            ChangeKind(row.kind),
            _values(row.was),
            _values(row.becomes),
            tuple(sorted((int(number), int(members)) for number, members in json.loads(row.numbers))),
        )
        for row in conn.execute(query)
    ]
    return sorted(found, key=lambda one: one.groups)


def _picked(conn: Connection, column: Column[Any], names: list[str]) -> ColumnElement[str]:
    """A JSON text of some of the document's members: the same text for the same values."""
    if conn.dialect.name == "postgresql":
        objects: list[ColumnElement[Any]] = [
            cast(func.jsonb_build_object(*(part for name in some for part in _member(column, name))), JSONB)
            for some in chunked(names, _PAIRS)
        ]
        if not objects:
            return cast(literal("{}"), Text)
        return cast(reduce(lambda one, other: one.op("||")(other), objects), Text)
    texts: list[ColumnElement[str]] = [
        func.json_object(
            *(
                part
                for name in some
                for part in (cast(literal(name), Text), func.json(column.op("->")(f'$."{name}"')))
            ),
            type_=Text,
        )
        for some in chunked(names, _PAIRS)
    ]
    return (
        reduce(lambda one, other: func.json_patch(one, other, type_=Text), texts)
        if texts
        else cast(literal("{}"), Text)
    )


def _member(column: Column[Any], name: str) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    key = cast(literal(name), Text)
    return key, column.op("->")(key)


def _numbers(conn: Connection) -> ColumnElement[str]:
    number, members = change_groups.c.number, change_groups.c["count"]
    if conn.dialect.name == "postgresql":
        return cast(func.jsonb_agg(func.jsonb_build_array(number, members)), Text)
    return func.json_group_array(func.json_array(number, members), type_=Text)


def _values(text: str) -> dict[str, Any]:
    return {name: value for name, value in json.loads(text).items() if value not in (None, "")}
