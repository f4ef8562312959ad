"""What every page of groups takes, and the sentences for what was refused."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Form

from opulse.monitoring.systems.flow import groups as flow
from opulse.monitoring.systems.models import Group, GroupProblem, GroupRefused
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.errors import NotFound

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]
Text = Annotated[str, Form()]

_SENTENCES = {
    GroupProblem.NAME_TAKEN: "Another group has this name; choose a different one.",
    GroupProblem.BUILT_IN: "All Systems always holds every system and cannot be changed.",
    GroupProblem.UNKNOWN_SYSTEM: "A system was deleted meanwhile; look again.",
    GroupProblem.KEPT_BY_RULE: "The group holds what its rule is true of; change the rule.",
    GroupProblem.NO_RULE: "The group's systems were chosen by hand; make a new group for a rule.",
}


def sentence(error: GroupRefused) -> str:
    """Why a group was not made or changed, in a sentence that says what to do."""
    if error.problem is GroupProblem.BAD_RULE:
        return error.what[0]
    if error.problem is GroupProblem.IN_USE:
        shown = ", ".join(error.what[:5]) + (
            f" and {len(error.what) - 5} more" if len(error.what) > 5 else ""
        )
        return f"It cannot be deleted: notifications watch it ({shown}). Give them another group first."
    return _SENTENCES[error.problem]


async def find_group(ports: Ports, caller: Caller, guid: str) -> Group:
    """The group, or 404."""
    group = await flow.find_group(ports, caller.tenant, guid)
    if group is None:
        raise NotFound("group")
    return group


def may_edit(caller: Caller) -> bool:
    """Whether the page offers buttons that change something."""
    return caller.may(*needs_editor.roles)
