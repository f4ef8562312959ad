"""Which findings belong on which page of the console."""

from __future__ import annotations

import re
from collections.abc import Iterable

from opulse.pulses.doctor.models import Finding

_PLACES = re.compile(
    r"/(notifications|recipients|workflows)(/[\w-]+)*|/directory/[\w-]+/rules|/admin/(tenant|api-keys)"
)
LISTS = ("/notifications", "/recipients", "/workflows")
"""Saving leads to these, so each shows what is found about any object in it."""


def is_place(path: str) -> bool:
    """Whether findings can belong there. On no other page anything is read for them."""
    return _PLACES.fullmatch(path) is not None


def belonging_to(findings: Iterable[Finding], path: str) -> tuple[Finding, ...]:
    """Of the object at this path, of the one that the path lies under, and on a list of all that are in it."""
    return tuple(one for one in findings if any(_is_at(page, path) for page in (one.subject.page, *one.also)))


def _is_at(page: str, path: str) -> bool:
    if not page:
        return False
    return path == page or path.startswith(f"{page}/") or (path in LISTS and page.startswith(f"{path}/"))
