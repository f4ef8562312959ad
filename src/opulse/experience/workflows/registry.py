"""Extensions: what the user picks for an event or a task. Each is one folder; a third party adds one by an entry point.

An extension says what its forms ask, checks what was typed, and carries out its tasks. Workflows know no extension by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import Connection

from opulse.experience.workflows.models import ConditionGroup, Gate, Selection, TaskState
from opulse.experience.workflows.rules.fields import Escape
from opulse.ports import Ports


class FieldKind(StrEnum):
    """How a form field is shown and filled."""

    TEXT = "text"  # one line, taken as typed
    PIPED = "piped"  # one line with an {a} button: pipes are resolved when the task runs
    LONG = "long"  # several lines, with pipes
    CHOICE = "choice"  # one of `choices`
    SECRET = "secret"  # noqa: S105  # sealed at rest, never shown again
    LIST = "list"  # a mailing list of the directory
    DIRECTORY = "directory"  # a directory
    SURVEY = "survey"  # a survey
    SWITCH = "switch"  # yes or no
    MANY = "many"  # some of `choices`: a list
    NAMES = "names"  # names that the author makes up: a list
    PATHS = "paths"  # rows of a name and a JSON path: [{"name", "path"}]
    PAIRS = "pairs"  # names and values: an object
    ADDRESS = "address"  # a URL with pipes; their values are percent-encoded unless one is the whole address
    BODY = "body"  # several lines with pipes; the field `body_type` says whether their values stand in json, xml or plain text
    CONDITIONS = "conditions"  # a group of conditions, drawn as the workflow's own are


@dataclass(frozen=True)
class FormField:
    """One field of a form. ``choices`` are (value, label); it may be empty where the account has the field ``unless``."""

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    required: bool = True
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    default: str = ""
    unless: str = ""

    @property
    def must_be_typed(self) -> bool:
        """Required whatever the account holds."""
        return self.required and not self.unless

    def is_missing(self, value: object, account: Mapping[str, Any]) -> bool:
        """Whether it is required, not among the given, and nothing in the account stands for it."""
        return self.required and value in (None, "", []) and not (self.unless and account.get(self.unless))


@dataclass(frozen=True)
class TaskContext:
    """What a task is given. ``form`` has the event's and earlier tasks' pipes resolved; contact pipes are still in it."""

    tenant: int
    workflow: str
    workflow_name: str
    run: str
    task: str
    task_run: str
    attempt: int
    form: Mapping[str, Any]
    account: Mapping[str, str]
    event: Mapping[str, Any]
    selection: Selection | None
    activation: str
    wave: int
    chain: tuple[str, ...]
    started_at: datetime  # of the run, or when its last hold or wait was over
    begun_at: datetime  # of this task, the same at every try


@dataclass(frozen=True)
class TaskResult:
    """How a task ended. ``output`` can be piped by later tasks; ``error`` says what to do about a failure.

    ``gate``: the task is a block of conditions, and says who goes on; ``waited``: it let time pass, what follows counts from now.
    """

    state: TaskState
    output: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    gate: Gate | None = None
    waited: bool = False


class TaskWaits(Exception):
    """A task has nothing to do before ``until``. No try is counted, and the workflow's retry window does not run meanwhile."""

    def __init__(self, until: datetime, why: str) -> None:
        super().__init__(why)
        self.until = until


class TaskType(Protocol):
    """A task that an extension offers."""

    @property
    def type(self) -> str:
        """Name in a workflow's document, for example ``operational_pulse``."""
        ...

    @property
    def title(self) -> str: ...

    @property
    def form(self) -> Sequence[FormField]: ...

    @property
    def account_fields(self) -> Sequence[FormField]:
        """What an account of it holds; none: it needs no account."""
        ...

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        """What is wrong with the form as typed; nothing: it can be saved."""
        ...

    async def run(self, ports: Ports, context: TaskContext) -> TaskResult:
        """Carry the task out. May be run again after a crash: unique keys must make that safe.

        Raises:
            JobRetry: the other side does not answer now; try again within the workflow's retry window.
            TaskWaits: nothing is to be done yet.
        """
        ...


class TriggerType(Protocol):
    """An event that an extension offers."""

    @property
    def type(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def form(self) -> Sequence[FormField]: ...

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]: ...

    def seal(self, ports: Ports, form: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        """The form as it is stored: secrets sealed, those that were left out taken from ``known``."""
        ...

    def show(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """The stored form as it may be shown: without secrets."""
        ...

    def saved_in(
        self,
        conn: Connection,
        tenant: int,
        workflow: str,
        form: Mapping[str, Any],
        conditions: ConditionGroup,
        enabled: bool,
    ) -> None:
        """The workflow was saved, switched, or (enabled False) deleted: keep what the trigger keeps in step."""
        ...

    def field_names(self, form: Mapping[str, Any]) -> list[str]:
        """The fields that conditions and pipes may name."""
        ...


@dataclass(frozen=True)
class Extension:
    """One extension: its tile, what it may call, its trigger and tasks."""

    name: str
    title: str
    help: str
    trigger: TriggerType | None = None
    tasks: tuple[TaskType, ...] = ()
    domains: tuple[str, ...] = ()  # hosts that it calls; "*": hosts that an administrator types
    built_in: bool = False  # needs no installation


_EXTENSIONS: dict[str, Extension] = {}


def register(extension: Extension) -> None:
    """Offer ``extension``; bootstrap calls this once for each.

    Raises:
        ValueError: another extension of that name, or one of its types, is registered already.
    """
    known = _EXTENSIONS.get(extension.name)
    if known is extension:
        return
    if known is not None:
        raise ValueError(f"two extensions are called {extension.name!r}")
    for task in extension.tasks:
        if find_task_type(task.type) is not None:
            raise ValueError(f"two extensions offer the task {task.type!r}")
    _EXTENSIONS[extension.name] = extension


def list_extensions() -> list[Extension]:
    return sorted(_EXTENSIONS.values(), key=lambda extension: extension.title)


def find_extension(name: str) -> Extension | None:
    return _EXTENSIONS.get(name)


def find_task_type(name: str) -> TaskType | None:
    tasks = (task for extension in _EXTENSIONS.values() for task in extension.tasks)
    return next((task for task in tasks if task.type == name), None)


def find_trigger_type(name: str) -> TriggerType | None:
    triggers = (extension.trigger for extension in _EXTENSIONS.values())
    return next((one for one in triggers if one is not None and one.type == name), None)


def extension_of_task(name: str) -> Extension | None:
    """The extension that offers a task type."""
    offered = (one for one in _EXTENSIONS.values() if any(task.type == name for task in one.tasks))
    return next(offered, None)


def gate_types() -> frozenset[str]:
    """The task types that are blocks of conditions: those whose form asks for some."""
    return frozenset(
        task.type
        for extension in _EXTENSIONS.values()
        for task in extension.tasks
        if any(one.kind is FieldKind.CONDITIONS for one in task.form)
    )


def escapes_of(task_type: str, form: Mapping[str, Any]) -> dict[str, Escape]:
    """Form field → how the values of its pipes must be written where they stand; without an entry they stay as they are."""
    kind = find_task_type(task_type)
    escapes: dict[str, Escape] = {}
    for one in kind.form if kind else ():
        if one.kind is FieldKind.ADDRESS:
            escapes[one.name] = Escape.URL
        elif one.kind is FieldKind.BODY and form.get("body_type") in ("json", "xml"):
            escapes[one.name] = Escape(str(form["body_type"]))
    return escapes
