"""Cut a file that arrives in pieces into steps, each a whole number of rows and small enough for one write unit.

Both wings import files; neither keeps more of one in memory than a step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

STEP_LINES = 1_900
_FURTHER = 100
_STEP_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """Whole rows of the table. ``first_line``: the number of their first line (the heading is line 1)."""

    first_line: int
    body: bytes


class StepCutter:
    """Takes the bytes as they arrive and gives steps of about ``lines`` lines.

    A line ends a row unless a quotation is open there: an odd number of quotation marks since the row began. A mark that is
    never closed must not swallow the file: after 100 lines more, or 2 MB, the step ends all the same.

    Args:
        first_line: the number of the first line that arrives.
        lines: how many a step has, where it can end.
        ends: whether a row may end behind this line when no quotation is open; empty: behind any line.
        quotes: whether quotation marks hold lines together, as they do in CSV.
    """

    def __init__(
        self,
        first_line: int = 1,
        *,
        lines: int = STEP_LINES,
        ends: Callable[[bytes], bool] | None = None,
        quotes: bool = True,
    ) -> None:
        self._most = lines
        self._ends = ends
        self._quotes = quotes
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
            if self._quotes and b'"' in line:
                self._quoted ^= bool(line.count(b'"') % 2)
            full = len(self._lines) >= self._most or self._bytes >= _STEP_BYTES
            whole = not self._quoted and (self._ends is None or self._ends(line))
            if full and (
                whole or len(self._lines) >= self._most + _FURTHER or self._bytes >= 2 * _STEP_BYTES
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
