"""The table for people, the object for programs, and ``bench/results.json``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Figure
from bench.machine import describe

RESULTS = Path(__file__).with_name("results.json")


def as_object(figures: Sequence[Figure]) -> dict[str, float]:
    """Key → value, rounded to what the measurement can tell."""
    return {figure.key: _rounded(figure.value) for figure in figures}


def table(figures: Sequence[Figure]) -> str:
    """One line per figure, in columns."""
    rows = [("what", "measured", "goal", "met", "beside")]
    for one in figures:
        unit = "" if one.unit == "x" else f" {one.unit}"
        shown = "×" if one.unit == "x" else ""
        met = {True: "yes", False: "NO", None: ""}[one.met]
        spread = f" ({min(one.values):.3g} to {max(one.values):.3g})" if len(one.values) > 1 else ""
        rows.append(
            (one.what, f"{_rounded(one.value):g}{shown}{unit}{spread}", str(one.goal or ""), met, one.beside)
        )
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)).rstrip()
        for row in rows
    )


def write(figures: Sequence[Figure], machine: dict[str, object], *, quick: bool) -> None:
    """Keep everything that was measured, with the machine and the day."""
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "form": "quick" if quick else "full",
        "machine": machine,
        "figures": [
            {
                "key": one.key,
                "what": one.what,
                "value": _rounded(one.value),
                "values": [_rounded(value) for value in one.values],
                "unit": one.unit,
                "goal": str(one.goal) if one.goal else None,
                "met": one.met,
                "beside": one.beside,
                "detail": one.detail,
            }
            for one in figures
        ],
    }
    RESULTS.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


__all__ = ["as_object", "describe", "table", "write"]
