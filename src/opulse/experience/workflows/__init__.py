"""Event or schedule + optional conditions + tasks: definitions, revisions, runs, their history, and the registry of extensions.

In: events that extensions receive. Out: runs, one per workflow and event key, whose tasks extensions carry out; a trace of the
conditions for every event, also when nothing ran. Announces ``run.started`` {run}.
"""

from opulse.experience.workflows.flow.runs import Event, start_run_in
from opulse.experience.workflows.models import (
    Condition,
    ConditionGroup,
    Gate,
    Operator,
    RunState,
    Selection,
    TaskState,
    Workflow,
    WorkflowDocument,
)
from opulse.experience.workflows.registry import (
    Extension,
    FieldKind,
    FormField,
    TaskContext,
    TaskResult,
    TaskType,
    TaskWaits,
    TriggerType,
    find_extension,
    find_task_type,
    find_trigger_type,
    list_extensions,
    register,
)

__all__ = [
    "Condition",
    "ConditionGroup",
    "Event",
    "Extension",
    "FieldKind",
    "FormField",
    "Gate",
    "Operator",
    "RunState",
    "Selection",
    "TaskContext",
    "TaskResult",
    "TaskState",
    "TaskType",
    "TaskWaits",
    "TriggerType",
    "Workflow",
    "WorkflowDocument",
    "find_extension",
    "find_task_type",
    "find_trigger_type",
    "list_extensions",
    "register",
    "start_run_in",
]
