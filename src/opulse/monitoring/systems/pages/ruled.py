"""Dynamic groups: a rule is typed, its matches are looked at, then it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response

from opulse.monitoring.systems.flow import groups as flow
from opulse.monitoring.systems.flow.groups import RulePreview
from opulse.monitoring.systems.models import Group, GroupKind, GroupProblem, GroupRefused
from opulse.monitoring.systems.pages.shared import Editor, PortsDep, Text, find_group, sentence
from opulse.monitoring.systems.rules.filters import FIELDS
from opulse.ports import Ports
from opulse.web.access import Caller
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/groups")


@dataclass(frozen=True, slots=True)
class RulePage:
    """The form of a dynamic group. ``group`` is None for a new one; ``matches`` are shown when they were asked for."""

    group: Group | None
    name: str = ""
    rule: str = ""
    matches: RulePreview | None = None
    errors: dict[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=lambda: FIELDS)


@router.get("/new/rule")
async def show_new_rule(request: Request, caller: Editor) -> Response:
    """The form for a new dynamic group."""
    return await page(request, "systems/rule.html", RulePage(None))


@router.post("/new/rule")
async def save_new_rule(
    request: Request, caller: Editor, ports: PortsDep, name: Text = "", rule: Text = "", do: Text = ""
) -> Response:
    """Show what the rule is true of, or make the group."""
    return await _save(request, ports, caller, None, name, rule, looks=do == "preview")


@router.get("/{group_id}/rule")
async def show_rule(group_id: str, request: Request, caller: Editor, ports: PortsDep) -> Response:
    """The form of a dynamic group with what its rule is true of now."""
    group = await find_group(ports, caller, group_id)
    if group.kind is not GroupKind.DYNAMIC:
        return _has_no_rule(group)
    matches = await flow.preview_rule(ports, caller.tenant, group.rule)
    return await page(request, "systems/rule.html", RulePage(group, group.name, group.rule, matches))


@router.post("/{group_id}/rule")
async def save_rule(
    group_id: str,
    request: Request,
    caller: Editor,
    ports: PortsDep,
    name: Text = "",
    rule: Text = "",
    do: Text = "",
) -> Response:
    """Show what the changed rule is true of, or change the group."""
    group = await find_group(ports, caller, group_id)
    if group.kind is not GroupKind.DYNAMIC:
        return _has_no_rule(group)
    return await _save(request, ports, caller, group, name, rule, looks=do == "preview")


async def _save(
    request: Request, ports: Ports, caller: Caller, group: Group | None, name: str, rule: str, *, looks: bool
) -> Response:
    errors: dict[str, str] = {}
    matches = await _look(ports, caller, rule, errors)
    if looks:
        context = RulePage(group, name, rule, matches, errors)
        return await page(request, "systems/rule.html", context, 422 if errors else 200)
    if not name.strip():
        errors["name"] = "Give the group a name, so that a notification can watch it."
    if not errors:
        try:
            saved = await _write(ports, caller, group, name[:200], rule)
            return see_other(f"/groups/{saved.guid}", f"The group holds {saved.size} systems now.")
        except GroupRefused as error:
            errors["rule" if error.problem is GroupProblem.BAD_RULE else "name"] = sentence(error)
    return await page(request, "systems/rule.html", RulePage(group, name, rule, matches, errors), 422)


async def _look(ports: Ports, caller: Caller, rule: str, errors: dict[str, str]) -> RulePreview | None:
    try:
        return await flow.preview_rule(ports, caller.tenant, rule)
    except GroupRefused as error:
        errors["rule"] = sentence(error)
        return None


async def _write(ports: Ports, caller: Caller, group: Group | None, name: str, rule: str) -> Group:
    if group is None:
        return await flow.create_ruled_group(ports, caller.tenant, name, rule, caller.name)
    changed = await flow.change_rule(ports, caller.tenant, group.guid, name, rule, caller.name)
    if changed is None:
        raise NotFound("group")
    return changed


def _has_no_rule(group: Group) -> Response:
    problem = GroupProblem.BUILT_IN if group.kind is GroupKind.ALL else GroupProblem.NO_RULE
    return see_other(f"/groups/{group.guid}", sentence(GroupRefused(problem)), "amber")
