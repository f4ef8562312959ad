"""Fields of a directory: their types, and what is done to a field on all contacts."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response

from opulse.experience.directory import Directory, views
from opulse.experience.directory.flow.fields import change_field, declare_field, undeclare_field
from opulse.experience.directory.models import (
    ContactField,
    FieldAction,
    FieldChange,
    FieldChangeState,
    FieldKind,
    FieldRefused,
    FieldScope,
)
from opulse.experience.directory.pages.shared import (
    Editor,
    PortsDep,
    Text,
    Viewer,
    find_directory,
    may_edit,
    sentence,
)
from opulse.ports import Ports
from opulse.web.components.flashes import see_other
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/directory/{directory}/fields")
KINDS = (
    (FieldKind.TEXT.value, "Text"),
    (FieldKind.NUMBER.value, "Number"),
    (FieldKind.DATE.value, "Date"),
    (FieldKind.LIST.value, "List of texts"),
    (FieldKind.BOOLEAN.value, "Yes or no"),
)
SCOPES = ((FieldScope.CONTACT.value, "Contacts"), (FieldScope.TRANSACTION.value, "Transactions"))
ACTIONS = (
    (FieldAction.RENAME.value, "Rename it to"),
    (FieldAction.MERGE.value, "Merge it into"),
    (FieldAction.REMOVE.value, "Remove it from all contacts"),
)
CHANGES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class FieldsPage:
    """Declared fields, names that were seen without a type, and what is being changed."""

    directory: Directory
    declared: tuple[ContactField, ...]
    seen: tuple[tuple[str, int], ...]  # not declared: name, and how many of the newest contacts have it
    changes: tuple[FieldChange, ...]
    may_edit: bool
    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    kinds: tuple[tuple[str, str], ...] = KINDS
    scopes: tuple[tuple[str, str], ...] = SCOPES
    actions: tuple[tuple[str, str], ...] = ACTIONS

    @property
    def kind_names(self) -> dict[str, str]:
        return dict(self.kinds)

    @property
    def moves(self) -> bool:
        """Whether there will be news."""
        return any(one.state is FieldChangeState.RUNNING for one in self.changes)


@router.get("")
async def show_fields(directory: str, request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """The directory's fields."""
    return await _show(request, ports, caller, directory)


@router.post("")
async def save_field(
    directory: str,
    request: Request,
    ports: PortsDep,
    caller: Editor,
    name: Text = "",
    kind: Text = "",
    scope: Text = FieldScope.CONTACT.value,
) -> Response:
    """Declare the type of a field."""
    await find_directory(ports, caller, directory)
    typed = {"name": name, "kind": kind, "scope": scope}
    if kind not in set(FieldKind) or scope not in set(FieldScope):
        return await _show(request, ports, caller, directory, typed, {"kind": "Choose what its values are."})
    try:
        await declare_field(
            ports, caller.tenant, directory, FieldScope(scope), name, FieldKind(kind), caller.name
        )
    except FieldRefused as error:
        return await _show(request, ports, caller, directory, typed, {"name": sentence(error)})
    return see_other(
        f"/directory/{directory}/fields", "The field is declared; other values of it are refused from now on."
    )


@router.post("/undeclare")
async def save_field_undeclared(
    directory: str, ports: PortsDep, caller: Editor, name: Text = "", scope: Text = FieldScope.CONTACT.value
) -> Response:
    """Forget the type of a field; values stay."""
    await find_directory(ports, caller, directory)
    try:
        await undeclare_field(ports, caller.tenant, directory, FieldScope(scope), name, caller.name)
    except (LookupError, ValueError):
        return see_other(f"/directory/{directory}/fields", "No such field is declared.", "amber")
    return see_other(f"/directory/{directory}/fields", "The field takes any value again.")


@router.post("/change")
async def save_field_change(
    directory: str,
    request: Request,
    ports: PortsDep,
    caller: Editor,
    field_name: Text = "",
    action: Text = "",
    target: Text = "",
) -> Response:
    """Rename, merge or remove a field on all contacts."""
    await find_directory(ports, caller, directory)
    typed = {"field_name": field_name, "action": action, "target": target}
    try:
        if action not in {value for value, _ in ACTIONS}:
            raise FieldRefused("choose what is to be done")
        await change_field(
            ports, caller.tenant, directory, FieldAction(action), field_name, target, caller.name
        )
    except FieldRefused as error:
        return await _show(request, ports, caller, directory, typed, {"field_name": sentence(error)})
    return see_other(f"/directory/{directory}/fields", "The contacts are being changed in the background.")


async def _show(
    request: Request,
    ports: Ports,
    caller: Caller,
    directory: str,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    folder = await find_directory(ports, caller, directory)
    of_contacts = await ports.db.read(views.find_declared, caller.tenant, directory, FieldScope.CONTACT)
    others = await ports.db.read(views.find_declared, caller.tenant, directory, FieldScope.TRANSACTION)
    seen = await ports.db.read(views.list_seen, caller.tenant, directory)
    changes = await ports.db.read(views.list_changes, caller.tenant, directory, CHANGES_SHOWN)
    context = FieldsPage(
        folder,
        (*of_contacts.values(), *others.values()),
        tuple((name, count) for name, count in seen.items() if name.casefold() not in of_contacts),
        tuple(changes),
        may_edit(caller),
        values or {},
        errors or {},
    )
    return await page(request, "directory/fields.html", context, 422 if errors else 200)
