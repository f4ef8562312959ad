"""Which column of a file goes where: shown with the first rows of the file, and said by menus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response

from opulse.experience.directory import Directory, MailingList, views
from opulse.experience.directory.flow.columns import first_rows, start_mapped
from opulse.experience.directory.flow.taking import Destination
from opulse.experience.directory.models import ContactImport, FieldScope, ImportState
from opulse.experience.directory.pages.shared import Editor, PortsDep, fillable_lists, find_directory
from opulse.experience.directory.rules import TableUnreadable, guess_targets, split_heading
from opulse.experience.directory.rules.table import DATA, PRIVATE
from opulse.ports import Ports
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/directory/{directory}/import")
PLACES = (
    ("", "Leave it out"),
    ("email", "E-mail address"),
    ("ext_ref", "External reference"),
    ("first_name", "First name"),
    ("last_name", "Last name"),
    ("phone", "Phone"),
    ("language", "Language"),
    ("time_zone", "Time zone"),
    ("unsubscribed", "Opted out (yes or no)"),
    (DATA, "Embedded data, named"),
    (PRIVATE, "Data on the list alone, named"),
)
MAIN_TARGETS = frozenset(value for value, _ in PLACES) - {"", DATA, PRIVATE}


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """A column of the file: its name, what its first rows hold, where it goes, and under which name."""

    name: str
    samples: tuple[str, ...]
    to: str
    target: str


@dataclass(frozen=True, slots=True)
class ColumnsPage:
    """Which column goes where. ``rules`` are the directory's merge rules, ``declared`` its typed fields."""

    directory: Directory
    one: ContactImport
    columns: tuple[ColumnRow, ...]
    lists: tuple[MailingList, ...]
    rules: tuple[tuple[str, ...], ...]
    declared: tuple[tuple[str, str], ...]
    chosen: str
    events: bool
    errors: dict[str, str] = field(default_factory=dict)
    places: tuple[tuple[str, str], ...] = PLACES

    @property
    def list_options(self) -> list[tuple[str, str]]:
        return [(one.id, one.name) for one in self.lists]

    @property
    def names(self) -> dict[str, str]:
        return dict(PLACES)


@router.get("/{import_id}/columns")
async def show_columns(
    directory: str, import_id: str, request: Request, ports: PortsDep, caller: Editor
) -> Response:
    """Which column goes where, as their names suggest."""
    one = await find_import(ports, caller, directory, import_id)
    if one.state is not ImportState.MAPPING:
        return see_other(f"/directory/{directory}/import/{import_id}", "")
    _, columns = split_heading(one.heading)
    return await _columns(request, ports, caller, one, guess_targets(columns), {})


@router.post("/{import_id}/columns")
async def save_columns(
    directory: str, import_id: str, request: Request, ports: PortsDep, caller: Editor
) -> Response:
    """Take the rows, each column to its place."""
    one = await find_import(ports, caller, directory, import_id)
    if one.state is not ImportState.MAPPING:
        return see_other(f"/directory/{directory}/import/{import_id}", "This file is under way already.")
    sent = await request.form(max_files=0)
    list_id, events = str(sent.get("list") or ""), bool(sent.get("events"))
    targets = tuple(
        _target(str(to), str(name))
        for to, name in zip(sent.getlist("to"), sent.getlist("name"), strict=False)
    )
    where = Destination(caller.tenant, directory, list_id, events, caller.name)
    try:
        await check_list(ports, caller, directory, list_id)
        await start_mapped(ports, where, import_id, targets)
    except LookupError as error:
        raise NotFound("import") from error
    except TableUnreadable as error:
        return await _columns(request, ports, caller, one, targets, {"to-0": str(error)}, list_id, events)
    return see_other(f"/directory/{directory}/import/{import_id}", "The rows are being taken.")


def _target(to: str, name: str) -> str:
    """The place of a column as :func:`guess_targets` writes it; embedded data and data of a list have a name."""
    return (
        f"{to}:{name.strip()}" if to in (DATA, PRIVATE) and name.strip() else to if to in MAIN_TARGETS else ""
    )


async def _columns(
    request: Request,
    ports: Ports,
    caller: Caller,
    one: ContactImport,
    targets: Sequence[str],
    errors: dict[str, str],
    list_id: str = "",
    events: bool = False,
) -> Response:
    folder = await find_directory(ports, caller, one.directory)
    _, names = split_heading(one.heading)
    rows = await first_rows(ports, caller.tenant, one)
    declared = await ports.db.read(views.find_declared, caller.tenant, one.directory, FieldScope.CONTACT)
    padded = (*targets, *[""] * len(names))[: len(names)]
    columns = tuple(
        ColumnRow(
            name,
            tuple(row[place] for row in rows if place < len(row) and row[place].strip()),
            target.partition(":")[0],
            target.partition(":")[2] or name,
        )
        for place, (name, target) in enumerate(zip(names, padded, strict=True))
    )
    context = ColumnsPage(
        folder,
        one,
        columns,
        tuple(await fillable_lists(ports, caller, one.directory)),
        await ports.db.read(views.find_merge_rules, caller.tenant, one.directory),
        tuple((field.name, field.kind.value) for field in declared.values()),
        list_id or one.list_id,
        events or one.raise_events,
        errors,
    )
    return await page(request, "directory/columns.html", context, 422 if errors else 200)


async def check_list(ports: Ports, caller: Caller, directory: str, list_id: str) -> None:
    """Raises: TableUnreadable, when it is no list here that the caller may put people on."""
    if list_id and list_id not in {one.id for one in await fillable_lists(ports, caller, directory)}:
        raise TableUnreadable("There is no such mailing list here that you may put people on.")


async def find_import(ports: Ports, caller: Caller, directory: str, import_id: str) -> ContactImport:
    """The import of the address. Raises: NotFound."""
    one = await ports.db.read(views.find_import, caller.tenant, import_id)
    if one is None or one.directory != directory:
        raise NotFound("import")
    return one
