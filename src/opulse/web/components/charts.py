"""Geometry for the small charts that the server draws as SVG. Pure: numbers in, coordinates out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Tick:
    """One grid line or axis label: where it is (user units) and what it says."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class AreaChart:
    """A filled line over evenly or unevenly spaced labels, in a box of `width` × `height` user units."""

    width: float
    height: float
    left: float
    bottom: float
    line: str
    fill: str
    rows: tuple[Tick, ...]
    columns: tuple[Tick, ...]


def spark_points(values: Sequence[float], width: float = 100, height: float = 30) -> str:
    """`x,y x,y …` for a polyline that fills the box; fewer than two values give a flat line at the bottom."""
    if len(values) < 2:
        return f"0,{height:g} {width:g},{height:g}"
    top = max(*values, 0) or 1
    step = width / (len(values) - 1)
    return " ".join(
        f"{index * step:.1f},{height - 1 - value / top * (height - 2):.1f}"
        for index, value in enumerate(values)
    )


def area_chart(
    points: Sequence[tuple[str, float]], width: float = 720, height: float = 240, columns: int = 8
) -> AreaChart:
    """Points are (label of the x axis, value ≥ 0), in order. Grid lines fall on round numbers."""
    left, bottom, top, right = 44.0, height - 26, 10.0, width - 8
    ceiling, step = _round_ceiling(max((value for _, value in points), default=0))
    spread = (right - left) / max(len(points) - 1, 1)
    xs = [left + index * spread for index in range(len(points))]
    ys = [bottom - value / ceiling * (bottom - top) for _, value in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
    fill = f"{left:g},{bottom:g} {line} {xs[-1]:.1f},{bottom:g}" if points else ""
    levels = range(int(ceiling / step) + 1)
    rows = tuple(
        Tick(bottom - level * step / ceiling * (bottom - top), f"{level * step:g}") for level in levels
    )
    every = max(1, math.ceil(len(points) / columns))
    labels = tuple(Tick(xs[index], points[index][0]) for index in range(0, len(points), every))
    return AreaChart(width, height, left, bottom, line, fill, rows, labels)


def stacked_parts(values: Sequence[float]) -> list[tuple[float, float]]:
    """(start, length) of each part in percent of the whole; all zero gives empty parts."""
    total = sum(values)
    start = 0.0
    parts = []
    for value in values:
        length = value / total * 100 if total else 0.0
        parts.append((round(start, 3), round(length, 3)))
        start += length
    return parts


def _round_ceiling(highest: float) -> tuple[float, float]:
    """The top of the axis and the distance of its grid lines, so that about four lines carry round numbers."""
    if highest <= 0:
        return 4.0, 1.0
    raw = highest / 4
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * magnitude for factor in _STEPS if factor * magnitude >= raw)
    step = max(step, 1.0)
    return math.ceil(highest / step) * step, step
