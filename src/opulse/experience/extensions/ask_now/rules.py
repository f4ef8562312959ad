"""Read pasted people. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from opulse.experience.extensions.ask_now.models import LINES_MOST, Line

_ADDRESS = re.compile(r"[^\s<>,;\"]+@[^\s<>,;\"]+")


def read_lines(text: str) -> list[Line]:
    """One person per line, or several with commas or semicolons between: ``Zoe Zed <zoe@example.org>``, an address, or a name.

    Raises:
        ValueError: more than 2,000.
    """
    parts = [part.strip().strip('"') for part in re.split(r"[\r\n;,\t]+", text)]
    lines: dict[tuple[str, str], Line] = {}
    for part in parts:
        if not part:
            continue
        found = _ADDRESS.search(part)
        line = (
            Line(part, email=found[0].lower()) if found else Line(part, name=" ".join(part.lower().split()))
        )
        lines.setdefault((line.email, line.name), line)
    if len(lines) > LINES_MOST:
        raise ValueError(f"At most {LINES_MOST:,} people can be pasted: put them on a list instead.")
    return list(lines.values())


def sort_found(
    lines: Sequence[Line],
    by_email: Mapping[str, str],
    by_reference: Mapping[str, str],
    by_name: Mapping[str, Sequence[str]],
) -> tuple[list[str], list[tuple[str, str]]]:
    """The contacts, and the lines that name nobody, or more than one person, with the reason."""
    found: list[str] = []
    unknown: list[tuple[str, str]] = []
    for line in lines:
        one = by_email.get(line.email) or by_reference.get(line.name)
        named = by_name.get(line.name, ())
        if one is not None:
            found.append(one)
        elif len(named) == 1:
            found.append(named[0])
        elif named:
            unknown.append((line.written, f"{len(named)} contacts have this name: paste the address"))
        elif line.email:
            unknown.append((line.written, "no contact has this address"))
        else:
            unknown.append((line.written, "no contact has this name or external reference"))
    return list(dict.fromkeys(found)), unknown
