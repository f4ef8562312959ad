"""A workflow's past, for its pages."""

from __future__ import annotations

from opulse.experience.workflows.store.history import last_runs, list_revisions

__all__ = ["last_runs", "list_revisions"]
