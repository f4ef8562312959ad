"""Read-only selectables and look-ups that later stages use."""

from opulse.experience.workflows.store.accounts import find_account, list_accounts, list_installs
from opulse.experience.workflows.store.captures import find_capture
from opulse.experience.workflows.store.definitions import (
    find_workflow,
    is_listened_to,
    list_names,
    list_workflows,
    workflows,
)
from opulse.experience.workflows.store.runs import (
    count_runs_since,
    find_run,
    list_recent_activations,
    list_runs,
    list_task_runs,
    note_task,
    runs,
    set_activation,
    task_runs,
)
from opulse.experience.workflows.store.traces import insert_trace, list_traces, traces

__all__ = [
    "count_runs_since",
    "find_account",
    "find_capture",
    "find_run",
    "find_workflow",
    "insert_trace",
    "is_listened_to",
    "list_accounts",
    "list_installs",
    "list_names",
    "list_recent_activations",
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
