"""Cut a table that arrives in pieces into steps, each a whole number of rows and small enough for one write unit."""

from __future__ import annotations

from dataclasses import dataclass

STEP_LINES = 1_900
_LINES_MAX = 2_000
_STEP_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """Whole rows of the table. ``first_line``: the number of their first line (the heading is line 1)."""

    first_line: int
    body: bytes


class StepCutter:
    """Takes the bytes as they arrive and gives steps of at most 2,000 lines.

    A line ends a row unless a quotation is open there: an odd number of quotation marks since the row began. A mark that is
    never closed must not swallow the file: after 2,000 lines, or 2 MB, the step ends all the same.
    """

    def __init__(self, first_line: int = 1) -> None:
        self._rest = b""
        self._lines: list[bytes] = []
        self._bytes = 0
        self._quoted = False
        self._next = first_line

    def take(self, piece: bytes) -> list[Step]:
        """The steps that ``piece`` completes."""
        lines = (self._rest + piece).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > _STEP_BYTES:
            lines, self._rest = [*lines, self._rest], b""
        steps = []
        for line in lines:
            self._lines.append(line)
            self._bytes += len(line)
            if b'"' in line:
                self._quoted ^= bool(line.count(b'"') % 2)
            full = len(self._lines) >= STEP_LINES or self._bytes >= _STEP_BYTES
            if full and (
                not self._quoted or len(self._lines) >= _LINES_MAX or self._bytes >= 2 * _STEP_BYTES
            ):
                steps.append(self._cut())
        return steps

    def end(self) -> list[Step]:
        """What is left when nothing more arrives."""
        if self._rest:
            self._lines.append(self._rest)
            self._rest = b""
        return [self._cut()] if self._lines else []

    def _cut(self) -> Step:
        step = Step(self._next, b"\n".join(self._lines) + b"\n")
        self._next += len(self._lines)
        self._lines, self._bytes, self._quoted = [], 0, False
        return step
