"""The form of a pulse: what it offers to choose from, and what was typed into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import Connection
from starlette.datastructures import FormData

from opulse.experience.directory.views import list_lists
from opulse.experience.surveys.models import SurveyState
from opulse.experience.surveys.views import list_all_surveys
from opulse.experience.workflows import views as workflows
from opulse.monitoring.recipients.flow.saving import list_recipients_in
from opulse.monitoring.sensors.views import list_sensors
from opulse.monitoring.systems.views import list_groups
from opulse.ports import Ports
from opulse.pulses.bound.models import (
    CHANNELS,
    DEFAULT_LIST,
    DEFAULT_SURVEY,
    AskedAt,
    PulseDraft,
    PulseRefused,
    SensorsAt,
    Where,
    WouldAsk,
)
from opulse.web.access import Caller


@dataclass(frozen=True)
class PulseFormPage:
    """The form. ``pulse`` empty: a new one. ``would`` None: no preview was asked for."""

    draft: PulseDraft
    sensors: tuple[str, ...]
    groups: tuple[tuple[str, str], ...]
    surveys: tuple[tuple[str, str], ...]
    lists: tuple[tuple[str, str], ...]
    pulse: str = ""
    revision: int = 0
    would: WouldAsk | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    accounts: tuple[tuple[str, str], ...] = ()
    webhooks: tuple[tuple[str, str], ...] = ()
    channels: tuple[str, ...] = CHANNELS
    sensors_at: tuple[tuple[str, str], ...] = (
        (SensorsAt.HERE.value, "Here"),
        (SensorsAt.SYSTRACK.value, "A real SysTrack"),
    )
    asked_at: tuple[tuple[str, str], ...] = (
        (AskedAt.HERE.value, "Here"),
        (AskedAt.QUALTRICS.value, "A real Qualtrics, by its API"),
        (AskedAt.THEIR_WORKFLOWS.value, "A real Qualtrics, by its own workflows"),
    )
    default_survey: str = DEFAULT_SURVEY
    default_list: str = DEFAULT_LIST


async def form_of(ports: Ports, caller: Caller, draft: PulseDraft) -> PulseFormPage:
    """The form, filled with a draft."""

    def query(conn: Connection) -> PulseFormPage:
        surveys = [one for one in list_all_surveys(conn, caller.tenant) if one.state is SurveyState.ACTIVE]
        return PulseFormPage(
            draft,
            tuple(sorted(one.name for one in list_sensors(conn, caller.tenant))),
            tuple((one.guid, one.name) for one in list_groups(conn, caller.tenant)),
            tuple((one.id, one.name) for one in surveys),
            tuple((one.id, one.name) for one in list_lists(conn, caller.tenant)),
            accounts=tuple(
                (one["id"], one["name"])
                for one in workflows.list_accounts(conn, caller.tenant, "operational_pulse")
            ),
            webhooks=tuple(
                (one.id, one.name) for one in list_recipients_in(conn, caller.tenant) if one.webhook
            ),
        )

    return await ports.db.read(query)


def read_draft(sent: FormData) -> PulseDraft:
    """What was typed and chosen; wrong or not."""
    sensors = (value.strip() for value in sent.getlist("sensor") if isinstance(value, str))
    return PulseDraft(
        name=text_of(sent, "name"),
        sensors=tuple(dict.fromkeys(name for name in sensors if name)),
        group=text_of(sent, "group"),
        threshold=text_of(sent, "threshold"),
        survey=text_of(sent, "survey"),
        message=text_of(sent, "message"),
        mailing_list=text_of(sent, "mailing_list"),
        channel=text_of(sent, "channel"),
        where=_read_where(sent),
    )


def _read_where(sent: FormData) -> Where:
    """Whatever the two choices leave out is emptied when it is saved; until then it stays in the form."""
    said: dict[str, Any] = {one.name: text_of(sent, f"where_{one.name}") for one in fields(Where)}
    sensors, asked = said["sensors"], said["asked"]
    said["sensors"] = SensorsAt(sensors) if sensors in set(SensorsAt) else SensorsAt.HERE
    said["asked"] = AskedAt(asked) if asked in set(AskedAt) else AskedAt.HERE
    return Where(**said)


def text_of(sent: FormData, name: str) -> str:
    """A field's text without spaces around it; empty: it was not sent."""
    value = sent.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def errors_of(refused: PulseRefused) -> dict[str, str]:
    """Field of the form → what is wrong with it."""
    errors: dict[str, str] = {}
    for one in refused.problems:
        name = one.field if one.field.startswith("where.") else one.field.split(".")[0]
        errors.setdefault(name.replace(".", "_"), one.text)
    return errors
