"""Geometry for the small charts that the server draws as SVG. Pure: numbers in, coordinates out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class AreaChart:
    """Filled lines in a box of 100 × 100 that the page stretches: one (line, fill) per stretch of known values. `levels` are the
    grid lines' values, from 0 up; `labels` are evenly spaced words for the x axis, the first and the last point among them."""

    pieces: tuple[tuple[str, str], ...]
    levels: tuple[float, ...]
    labels: tuple[str, ...]

    def height_of(self, value: float) -> float:
        """Where a value lies in the box, 0 at the top."""
        return round(100 - value / self.levels[-1] * 100, 2)


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


def area_chart(points: Sequence[tuple[str, float | None]], labels: int = 7) -> AreaChart:
    """Points are (label of the x axis, value ≥ 0 or None: not known), evenly spaced. Grid lines fall on round numbers."""
    levels = _round_levels(max((value for _, value in points if value is not None), default=0))
    step = 100 / max(len(points) - 1, 1)
    stretches: list[list[tuple[float, float]]] = [[]]
    for index, (_, value) in enumerate(points):
        if value is not None:
            stretches[-1].append((index * step, 100 - value / levels[-1] * 100))
        elif stretches[-1]:
            stretches.append([])
    pieces = tuple(_piece(places, step) for places in stretches if places)
    return AreaChart(pieces, levels, tuple(points[index][0] for index in _spread(len(points), labels)))


def _piece(places: list[tuple[float, float]], step: float) -> tuple[str, str]:
    """Line and fill through these places; a single one becomes a dash as wide as half a step."""
    if len(places) == 1:
        x, y = places[0]
        places = [(max(x - step / 4, 0), y), (min(x + step / 4, 100), y)]
    line = " ".join(f"{x:.2f},{y:.2f}" for x, y in places)
    return line, f"{places[0][0]:.2f},100 {line} {places[-1][0]:.2f},100"


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


def _spread(count: int, wanted: int) -> list[int]:
    """Up to `wanted` indices of `count`, evenly spaced from the first to the last."""
    if count <= wanted:
        return list(range(count))
    return [round(place * (count - 1) / (wanted - 1)) for place in range(wanted)]


def _round_levels(highest: float) -> tuple[float, ...]:
    """0 and about four round numbers above it; the last is the top of the axis and not below `highest`."""
    if highest <= 0:
        return (0.0, 1.0)
    raw = highest / 4
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = max(next(factor * magnitude for factor in _STEPS if factor * magnitude >= raw * 0.999), 1.0)
    return tuple(step * level for level in range(math.ceil(highest / step) + 1))
