"""What the overview shows: what is on now, and how far the set-up has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opulse.experience.distributions.flow.reading import Shown
from opulse.monitoring.activations.models import Activation
from opulse.tenancy import Tenant


@dataclass(frozen=True, slots=True)
class SetUp:
    """Which parts of the guide's five procedures, and of what they need first, exist already."""

    extension: bool  # Operational Pulse is installed
    contacts: bool  # a directory has somebody in it
    mailing_list: bool
    service_account: bool
    recipient_workflow: bool  # a JSON event leads to the Operational Pulse task
    recipient: bool  # a webhook that calls us, or another installation
    survey: bool  # a published one
    notification: bool
    survey_workflow: bool  # a contact change leads to a survey
    mail: bool  # a relay is set and somebody may be mailed

    @property
    def complete(self) -> bool:
        """Whether an incident would ask people."""
        return all(
            (
                self.recipient_workflow,
                self.recipient,
                self.survey,
                self.notification,
                self.survey_workflow,
                self.mail,
            )
        )


@dataclass(frozen=True, slots=True)
class DeadJob:
    """Background work that was given up, and why."""

    id: int
    kind: str
    attempts: int
    error: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Overview:
    """The console's home. ``wing``: which half this process serves."""

    tenant: Tenant
    wing: str
    open_activations: tuple[Activation, ...]
    running: tuple[Shown, ...]
    to_confirm: int
    dead: tuple[DeadJob, ...]
    set_up: SetUp
    relay: bool
    may_edit: bool
    is_admin: bool


def dead_job(row: Mapping[str, Any]) -> DeadJob:
    """A row of the outbox as the page shows it."""
    return DeadJob(row["id"], row["kind"], row["attempts"], row["last_error"], row["run_at"])
