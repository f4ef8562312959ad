"""A tenant's colour on the respondent's pages: shades of it that can be read, whatever was chosen.

Contrast after WCAG 2.2 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio): text needs 4.5 to 1. A colour that is too pale or too
dark for its ground is darkened or lightened until it is not, so no choice makes a page unreadable.
"""

from __future__ import annotations

from dataclasses import dataclass

WANTED = 4.5
LIGHT_GROUND, DARK_GROUND = "#f3f4f8", "#1a202c"
_WHITE, _INK = "#ffffff", "#18212f"
_STEPS = 50

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Shades:
    """``light`` and ``dark`` are for links and marks on either ground, ``button`` for buttons with ``label`` on them.

    ``adjusted``: the colour as chosen could not have been read everywhere.
    """

    button: str
    label: str
    light: str
    dark: str
    adjusted: bool


def shades_of(accent: str) -> Shades:
    """The shades of a colour ``#rrggbb``."""
    light = _until_readable(accent, LIGHT_GROUND, _INK)
    dark = _until_readable(accent, DARK_GROUND, _WHITE)
    label = max((_WHITE, _INK), key=lambda text: contrast(accent, text))
    button = _until_readable(accent, label, _INK if label == _WHITE else _WHITE)
    return Shades(
        button, label, light, dark, adjusted=accent.lower() not in (light, button) or light != button
    )


def contrast(one: str, other: str) -> float:
    """1 (the same) to 21 (black on white)."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def stylesheet_of(accent: str) -> str:
    """What a page loads beside its own style sheet."""
    shades = shades_of(accent)
    return (
        f":root{{--go:light-dark({shades.light},{shades.dark});--on:color-mix(in srgb,var(--go) 12%,var(--card))}}"
        f".go{{color:{shades.label};background:{shades.button}}}"
        f"a:not(.alt),.plain{{color:light-dark({shades.light},{shades.dark})}}"
    )


def _until_readable(accent: str, ground: str, towards: str) -> str:
    for step in range(_STEPS + 1):
        mixed = _mix(accent, towards, step / _STEPS)
        if contrast(mixed, ground) >= WANTED:
            return mixed
    return towards


def _mix(one: str, other: str, share: float) -> str:
    pairs = zip(_rgb(one), _rgb(other), strict=True)
    return "#" + "".join(f"{round(left + (right - left) * share):02x}" for left, right in pairs)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
