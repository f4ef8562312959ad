"""Reading of the forms of this stage, and where their problems stand on the page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from opulse.clock import zone_names


class Problem(Protocol):
    """What both kinds of problems have."""

    @property
    def field(self) -> str: ...

    @property
    def text(self) -> str: ...


def errors_of(problems: Iterable[Problem]) -> dict[str, str]:
    """Id of the field → sentence; the first problem of a field stands for it."""
    errors: dict[str, str] = {}
    for problem in problems:
        errors.setdefault(problem.field, problem.text)
    return errors


def read_text(sent: FormData, name: str) -> str:
    """One field, without spaces around it; empty where it was not sent."""
    value = sent.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def read_moment(text: str, zone: str) -> datetime | None:
    """What an ``<input type=datetime-local>`` sent, as wall-clock time of ``zone``. None: nothing, or nothing readable."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=ZoneInfo(zone if zone in zone_names() else "UTC"))
