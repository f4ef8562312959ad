"""A select that is compiled once and run by the driver itself: for the look-up that a whole staff makes within a minute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Select


class CompiledLookUp:
    """``statement`` with the bound parameters ``names``. Its values and rows are the driver's own: no type is converted."""

    def __init__(self, statement: Select[Any], *names: str) -> None:
        self._statement = statement
        self._names = names
        self._compiled: dict[str, tuple[str, list[Any], list[tuple[int, int]]]] = {}

    def rows(self, conn: Connection, *values: Any) -> Sequence[tuple[Any, ...]]:
        """All rows for ``values`` of the names, in their order."""
        found = self._compiled.get(conn.dialect.name)
        if found is None:
            found = self._compiled[conn.dialect.name] = self._compile(conn.dialect)
        text, bound, places = found
        bound = bound.copy()
        for place, number in places:
            bound[place] = values[number]
        cursor = conn.connection.cursor()
        try:
            cursor.execute(text, tuple(bound))
            rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
            return rows
        finally:
            cursor.close()

    def _compile(self, dialect: Dialect) -> tuple[str, list[Any], list[tuple[int, int]]]:
        """The text, the values of its parameters in their order, and which of them stand for which name."""
        compiled = self._statement.compile(dialect=dialect)
        order = list(compiled.positiontup or ())
        bound = [compiled.params[name] for name in order]
        places = [(place, self._names.index(name)) for place, name in enumerate(order) if name in self._names]
        return str(compiled), bound, places
