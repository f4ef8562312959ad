"""Frequency rules: how often this directory's people may be asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from opulse.experience.directory import Directory, FrequencyRule, RuleKind, views
from opulse.experience.directory.flow.lists import set_rules
from opulse.experience.directory.pages.shared import (
    Editor,
    PortsDep,
    Viewer,
    find_directory,
    may_edit,
    sentence,
)
from opulse.ports import Ports
from opulse.web.components.flashes import see_other
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/directory/{directory}/rules")
UNITS = (("3600", "hours"), ("86400", "days"))
KINDS = (
    ("", "No rule"),
    (RuleKind.MAX_IN_PERIOD.value, "At most this many invitations within"),
    (RuleKind.MIN_GAP.value, "At least this long between two invitations"),
    (RuleKind.ONE_PER_ACTIVATION.value, "One invitation per activation"),
)
BLANK_ROWS = 2


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as it is typed: the period is a number and a unit in seconds."""

    kind: str = ""
    limit: str = "1"
    period: str = "1"
    unit: str = "86400"


@dataclass(frozen=True, slots=True)
class RulesPage:
    """The rules of a directory, as stored for a viewer, as typed for an editor."""

    directory: Directory
    rows: tuple[RuleRow, ...]
    may_edit: bool
    errors: dict[str, str] = field(default_factory=dict)
    kinds: tuple[tuple[str, str], ...] = KINDS
    units: tuple[tuple[str, str], ...] = UNITS


@router.get("")
async def show_rules(directory: str, request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """The directory's frequency rules."""
    await find_directory(ports, caller, directory)
    stored = await ports.db.read(views.list_rules, caller.tenant, directory)
    return await _show(request, ports, caller, directory, tuple(_row(rule) for rule in stored), {})


@router.post("")
async def save_rules(directory: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Replace the rules by the typed ones; a row without a rule is left out."""
    await find_directory(ports, caller, directory)
    rows = _read(await request.form(max_files=0))
    errors = {
        f"row-{number}": f"Rule {number + 1} needs whole numbers above 0."
        for number, row in enumerate(rows)
        if not (row.limit.isdigit() and row.period.isdigit() and int(row.limit) and int(row.period))
    }
    if not errors:
        wanted = [_wanted(row) for row in rows]
        try:
            await set_rules(ports, caller.tenant, directory, wanted, caller.name)
        except ValueError as error:
            errors = {"row-0": sentence(error)}
    if errors:
        return await _show(request, ports, caller, directory, rows, errors)
    return see_other(
        f"/directory/{directory}/rules", "The rules are saved; they count from the next invitation on."
    )


async def _show(
    request: Request,
    ports: Ports,
    caller: Caller,
    directory: str,
    rows: tuple[RuleRow, ...],
    errors: dict[str, str],
) -> Response:
    folder = await find_directory(ports, caller, directory)
    blank = (RuleRow(),) * BLANK_ROWS if may_edit(caller) else ()
    context = RulesPage(folder, (*rows, *blank), may_edit(caller), errors)
    return await page(request, "directory/rules.html", context, 422 if errors else 200)


def _read(sent: FormData) -> tuple[RuleRow, ...]:
    columns = [
        [str(one).strip() for one in sent.getlist(name)] for name in ("kind", "limit", "period", "unit")
    ]
    kinds, units = set(RuleKind), dict(UNITS)
    rows = [RuleRow(*values) for values in zip(*columns, strict=False)]
    return tuple(row for row in rows if row.kind in kinds and row.unit in units)


def _row(rule: FrequencyRule) -> RuleRow:
    whole_days = rule.period_seconds % 86_400 == 0
    unit = 86_400 if whole_days else 3_600
    return RuleRow(
        rule.kind.value, str(rule.limit), str(max(round(rule.period_seconds / unit), 1)), str(unit)
    )


def _wanted(row: RuleRow) -> tuple[RuleKind, int, int]:
    kind = RuleKind(row.kind)
    period = 0 if kind is RuleKind.ONE_PER_ACTIVATION else int(row.period) * int(row.unit)
    return kind, int(row.limit), period
