"""Forms drawn from the registry: what an extension says that it asks becomes inputs, and what was sent becomes its form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection
from starlette.datastructures import FormData

from opulse.experience.directory import MAIN_FIELDS
from opulse.experience.directory import views as directory
from opulse.experience.directory.models import EVERYTHING, Viewer
from opulse.experience.workflows.models import ConditionGroup, TaskDefinition
from opulse.experience.workflows.pages.conditions import EditedGroup, edited
from opulse.experience.workflows.registry import FieldKind, FormField, find_task_type

BLANK_ROWS = 2
_ROWS = (FieldKind.PATHS, FieldKind.PAIRS)
_PICKED = {FieldKind.LIST: "lists", FieldKind.DIRECTORY: "directories", FieldKind.SURVEY: "surveys"}


@dataclass(frozen=True, slots=True)
class Pipe:
    """A text to insert, under its words."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Objects:
    """The tenant's own objects that fields may name, as (id, words)."""

    directories: tuple[tuple[str, str], ...]
    lists: tuple[tuple[str, str], ...]
    surveys: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field as the template draws it. ``value``: text; names and rows as their kinds need them."""

    name: str
    label: str
    kind: str
    required: bool
    help: str
    options: tuple[tuple[str, str], ...]
    value: str
    picked: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]
    error: str
    is_set: bool  # a secret that is stored already
    conditions: EditedGroup | None = None  # of a block of conditions, as it was typed


def find_objects(
    conn: Connection, tenant: int, surveys: Sequence[tuple[str, str]], viewer: Viewer = EVERYTHING
) -> Objects:
    """What the fields of this tenant may name; surveys are given, for they are read through their flow."""
    folders = directory.list_directories(conn, tenant)
    names = {one.id: one.name for one in folders}
    found = directory.list_lists(conn, tenant, viewer=viewer)
    return Objects(
        tuple((one.id, f"{one.name} (default)" if one.is_default else one.name) for one in folders),
        tuple((one.id, f"{one.name}, {one.members} members ({names[one.directory]})") for one in found),
        tuple(surveys),
    )


def draw(
    fields: Sequence[FormField],
    form: Mapping[str, Any],
    objects: Objects,
    errors: Mapping[str, str],
    stored: Sequence[str] = (),
    blank_rows: int = BLANK_ROWS,
    groups: Mapping[str, EditedGroup] = MappingProxyType({}),
) -> tuple[FieldView, ...]:
    """The fields with their values.

    ``stored``: names of secrets that are kept unless they are typed again; ``groups``: conditions that are typed and not stored.
    """
    return tuple(
        FieldView(
            name=one.name,
            label=one.label,
            kind=one.kind.value,
            required=one.must_be_typed and one.kind not in (*_ROWS, FieldKind.SWITCH, FieldKind.MANY),
            help=one.help,
            options=_options(one, objects),
            value=_text(one, form),
            picked=_picked(one, form),
            rows=_rows(one, form, blank_rows),
            error=errors.get(one.name, ""),
            is_set=one.name in stored,
            conditions=_conditions(one, form, groups),
        )
        for one in fields
    )


def read(fields: Sequence[FormField], sent: FormData) -> dict[str, Any]:
    """The form that was sent, in the shapes that the extension checks and stores."""
    return {
        one.name: _read(one, sent)
        for one in fields
        if one.kind is not FieldKind.CONDITIONS and (one.kind is not FieldKind.SECRET or sent.get(one.name))
    }


def with_pipe(form: dict[str, Any], insert: str, sent: FormData) -> str:
    """Append the pipe of an insert button (``field:pipe``) to what was typed into its field: blanks at its end stay, and a field
    that was emptied does not return to its default first. Returns the field's name."""
    name, _, pipe = insert.partition(":")
    if name in form and isinstance(form[name], str):
        typed = str(sent.get(name) or "").replace("\r\n", "\n").lstrip()
        form[name] = f"{typed}{pipe}"
    return name


def task_pipes(tasks: Sequence[TaskDefinition], before: str) -> tuple[Pipe, ...]:
    """What the tasks before ``before`` provide (all of them where it is new): each output that its task names."""
    pipes = []
    for task in tasks:
        if task.id == before:
            break
        kind = find_task_type(task.type)
        name_outputs = getattr(kind, "output_names", None)
        for name in name_outputs(task.form) if kind and name_outputs else ():
            pipes.append(Pipe(f"{kind.title}: {name}" if kind else name, f"${{t://{task.id}/{name}}}"))
    return tuple(pipes)


def pipes_of(names: Sequence[str]) -> tuple[Pipe, ...]:
    """What a task may insert, by the fields of the workflow's event."""
    if set(MAIN_FIELDS) <= set(names):
        main = [Pipe(f"Main Contact Data: {name}", f"${{m://{name}}}") for name in MAIN_FIELDS]
        own = [
            Pipe(f"Embedded data: {name}", f"${{e://Field/{name}}}")
            for name in names
            if name not in MAIN_FIELDS
        ]
        links = [
            Pipe("Link to the survey", "${l://SurveyLink?d=Answer%20now}"),
            Pipe("Address of the survey", "${l://SurveyURL}"),
            Pipe("Link to opt out", "${l://OptOutLink?d=Unsubscribe}"),
        ]
        return (*main, *own, *links)
    return tuple(Pipe(f"JSON field: {name}", f"${{a://Field/{name}}}") for name in names)


def errors_by_field(fields: Sequence[FormField], problems: Sequence[str], fallback: str) -> dict[str, str]:
    """Problems of a form by the field whose label they begin with, or whose name they hold; the rest under ``fallback``."""
    errors: dict[str, str] = {}
    for problem in problems:
        words = problem.partition(": ")[2] if problem.startswith(("event: ", "task ")) else problem
        spoken = words.lower()
        labelled = (one.name for one in fields if spoken.startswith(one.label.lower()))
        named = (one.name for one in fields if one.name in spoken.split())
        owner = next(labelled, None) or next(named, fallback)
        errors[owner] = f"{errors[owner]} {sentence(words)}" if owner in errors else sentence(words)
    return errors


def sentence(words: str) -> str:
    """``choose a directory`` → ``Choose a directory.``"""
    return f"{words[:1].upper()}{words[1:]}".rstrip(".") + "."


def _options(one: FormField, objects: Objects) -> tuple[tuple[str, str], ...]:
    if one.kind in _PICKED:
        found: tuple[tuple[str, str], ...] = getattr(objects, _PICKED[one.kind])
        return found
    return one.choices


def _conditions(
    one: FormField, form: Mapping[str, Any], groups: Mapping[str, EditedGroup]
) -> EditedGroup | None:
    if one.kind is not FieldKind.CONDITIONS:
        return None
    return groups.get(one.name) or edited(ConditionGroup.model_validate(form.get(one.name) or {}))


def _text(one: FormField, form: Mapping[str, Any]) -> str:
    value = form.get(one.name)
    if one.kind in (*_ROWS, FieldKind.MANY, FieldKind.SECRET, FieldKind.CONDITIONS):
        return ""
    if one.kind is FieldKind.NAMES:
        return "\n".join(
            str(name) for name in value or ([one.default] if one.default and value is None else ())
        )
    if one.kind is FieldKind.SWITCH:
        return "on" if str(value or one.default).lower() in ("true", "on", "yes", "1") else ""
    return one.default if value is None else str(value)


def _picked(one: FormField, form: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(form.get(one.name) or ()) if one.kind is FieldKind.MANY else ()


def _rows(one: FormField, form: Mapping[str, Any], blank: int) -> tuple[tuple[str, str], ...]:
    value = form.get(one.name)
    rows: list[tuple[str, str]] = []
    if one.kind is FieldKind.PATHS:
        rows = [(str(row.get("name", "")), str(row.get("path", ""))) for row in value or ()]
    elif one.kind is FieldKind.PAIRS:
        rows = [(str(name), str(text)) for name, text in (value or {}).items()]
    else:
        return ()
    return (*rows, *[("", "")] * blank)


def _read(one: FormField, sent: FormData) -> Any:
    if one.kind is FieldKind.MANY:
        return [str(value) for value in sent.getlist(one.name)]
    if one.kind in _ROWS:
        return _read_rows(one, sent)
    text = str(sent.get(one.name) or "").replace("\r\n", "\n").strip()
    if one.kind is FieldKind.NAMES:
        return list(
            dict.fromkeys(name.strip() for name in text.replace(",", "\n").split("\n") if name.strip())
        )
    if one.kind is FieldKind.SWITCH:
        return "true" if text else "false"
    return text or (one.default if one.required else "")


def _read_rows(one: FormField, sent: FormData) -> Any:
    names = [str(value).strip() for value in sent.getlist(f"{one.name}.name")]
    values = [str(value).strip() for value in sent.getlist(f"{one.name}.value")]
    rows = [row for row in zip(names, values, strict=False) if any(row)]
    if one.kind is FieldKind.PATHS:
        return [{"name": name, "path": path} for name, path in rows]
    return dict(rows)
