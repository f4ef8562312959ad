"""Read-only selectables and look-ups that later stages use."""

from opulse.experience.workflows.store.definitions import (
    find_account,
    find_workflow,
    list_accounts,
    list_installs,
    list_names,
    list_workflows,
    workflows,
)
from opulse.experience.workflows.store.runs import (
    count_runs_since,
    find_run,
    insert_trace,
    list_runs,
    list_task_runs,
    list_traces,
    note_task,
    runs,
    set_activation,
    task_runs,
    traces,
)

__all__ = [
    "count_runs_since",
    "find_account",
    "find_run",
    "find_workflow",
    "insert_trace",
    "list_accounts",
    "list_installs",
    "list_names",
    "list_runs",
    "list_task_runs",
    "list_traces",
    "list_workflows",
    "note_task",
    "runs",
    "set_activation",
    "task_runs",
    "traces",
    "workflows",
]
