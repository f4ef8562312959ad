"""When this directory's people may be asked: frequency rules, quiet hours, shifts."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from opulse.experience.directory import Directory, FrequencyRule, RuleKind, views
from opulse.experience.directory.flow.limits import WantedRule, set_hours, set_rules
from opulse.experience.directory.models import AskingHours, RuleScope, viewer_of
from opulse.experience.directory.pages.shared import (
    Editor,
    PortsDep,
    Viewer,
    find_directory,
    may_edit,
    sentence,
)
from opulse.experience.directory.rules import DAYS, read_minutes
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
    scope: str = "directory"  # or "survey", or "list:" and the list's id
    survey: str = ""


@dataclass(frozen=True, slots=True)
class HoursForm:
    """Asking hours as they are typed."""

    zone: str
    quiet_from: str = ""
    quiet_until: str = ""
    quiet_days: tuple[str, ...] = ()
    shift_field: str = ""


@dataclass(frozen=True, slots=True)
class RulesPage:
    """The rules of a directory, as stored for a viewer, as typed for an editor."""

    directory: Directory
    rows: tuple[RuleRow, ...]
    may_edit: bool
    hours: HoursForm
    scopes: tuple[tuple[str, str], ...]
    errors: dict[str, str] = field(default_factory=dict)
    days: tuple[str, ...] = DAYS
    kinds: tuple[tuple[str, str], ...] = KINDS
    units: tuple[tuple[str, str], ...] = UNITS

    @property
    def scope_names(self) -> dict[str, str]:
        return dict(self.scopes)


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
        try:
            wanted = [_wanted(row) for row in rows]
            await set_rules(ports, caller.tenant, directory, wanted, caller.name)
        except ValueError as error:
            errors = {"row-0": sentence(error)}
    if errors:
        return await _show(request, ports, caller, directory, rows, errors)
    return see_other(
        f"/directory/{directory}/rules", "The rules are saved; they count from the next invitation on."
    )


@router.post("/hours")
async def save_hours(directory: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Set quiet hours, quiet days and the field with people's own working hours."""
    await find_directory(ports, caller, directory)
    sent = await request.form(max_files=0)
    typed = HoursForm(
        str(sent.get("zone") or "").strip(),
        str(sent.get("quiet_from") or "").strip(),
        str(sent.get("quiet_until") or "").strip(),
        tuple(day for day in DAYS if day in sent.getlist("quiet_days")),
        str(sent.get("shift_field") or "").strip(),
    )
    errors: dict[str, str] = {}
    times: dict[str, int | None] = {}
    for name in ("quiet_from", "quiet_until"):
        try:
            times[name] = read_minutes(getattr(typed, name))
        except ValueError as error:
            errors[name] = sentence(error)
    if not errors:
        days = tuple(DAYS.index(day) for day in typed.quiet_days)
        hours = AskingHours(
            typed.zone or "UTC", times["quiet_from"], times["quiet_until"], days, typed.shift_field
        )
        try:
            await set_hours(ports, caller.tenant, directory, hours, caller.name)
        except ValueError as error:
            errors["zone" if "zone" in str(error) else "quiet_from"] = sentence(error)
    if errors:
        stored = await ports.db.read(views.list_rules, caller.tenant, directory)
        rows = tuple(_row(rule) for rule in stored)
        return await _show(request, ports, caller, directory, rows, errors, typed)
    return see_other(
        f"/directory/{directory}/rules", "The hours are saved; they count from the next invitation on."
    )


async def _show(
    request: Request,
    ports: Ports,
    caller: Caller,
    directory: str,
    rows: tuple[RuleRow, ...],
    errors: dict[str, str],
    typed: HoursForm | None = None,
) -> Response:
    folder = await find_directory(ports, caller, directory)
    blank = (RuleRow(),) * BLANK_ROWS if may_edit(caller) else ()
    hours = typed or _hours(await ports.db.read(views.find_hours, caller.tenant, directory))
    lists = await ports.db.read(views.list_lists, caller.tenant, directory, viewer_of(caller))
    scopes = (
        ("directory", "for all invitations"),
        *((f"list:{one.id}", f"for the list {one.name}") for one in lists),
        ("survey", "for the survey with this id"),
    )
    context = RulesPage(folder, (*rows, *blank), may_edit(caller), hours, scopes, errors)
    return await page(request, "directory/rules.html", context, 422 if errors else 200)


def _read(sent: FormData) -> tuple[RuleRow, ...]:
    columns = [
        [str(one).strip() for one in sent.getlist(name)]
        for name in ("kind", "limit", "period", "unit", "scope", "survey")
    ]
    kinds, units = set(RuleKind), dict(UNITS)
    columns[4] += [RuleScope.DIRECTORY.value] * (
        len(columns[0]) - len(columns[4])
    )  # a form of old has no such column
    columns[5] += [""] * (len(columns[0]) - len(columns[5]))
    rows = [RuleRow(*values) for values in zip(*columns, strict=False)]
    return tuple(row for row in rows if row.kind in kinds and row.unit in units)


def _row(rule: FrequencyRule) -> RuleRow:
    whole_days = rule.period_seconds % 86_400 == 0
    unit = 86_400 if whole_days else 3_600
    return RuleRow(
        rule.kind.value,
        str(rule.limit),
        str(max(round(rule.period_seconds / unit), 1)),
        str(unit),
        f"list:{rule.target}" if rule.scope is RuleScope.LIST else rule.scope.value,
        rule.target if rule.scope is RuleScope.SURVEY else "",
    )


def _hours(hours: AskingHours) -> HoursForm:
    return HoursForm(
        hours.zone,
        _clock_time(hours.quiet_from),
        _clock_time(hours.quiet_until),
        tuple(DAYS[day] for day in hours.quiet_days),
        hours.shift_field,
    )


def _clock_time(minutes: int | None) -> str:
    return "" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"


def _wanted(row: RuleRow) -> WantedRule:
    kind = RuleKind(row.kind)
    period = 0 if kind is RuleKind.ONE_PER_ACTIVATION else int(row.period) * int(row.unit)
    scope, _, target = row.scope.partition(":")
    if scope == RuleScope.SURVEY:
        target = row.survey
    return WantedRule(kind, int(row.limit), period, RuleScope(scope), target)
