"""Bodies of ``/api/v1/pulses``."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import AwareDatetime, BaseModel, Field

from opulse.pulses.bound.models import (
    CHANNELS,
    AskedAt,
    PartKind,
    PartState,
    PulseDraft,
    PulseLook,
    SensorsAt,
    Where,
)


class WhereBody(BaseModel):
    """Which half is a real product. What does not matter for the choice is emptied."""

    sensors: SensorsAt = Field(
        default=SensorsAt.HERE, description="`systrack`: a real SysTrack tells our JSON event."
    )
    asked: AskedAt = Field(
        default=AskedAt.HERE,
        description="`qualtrics`: our task asks by its API. `their_workflows`: our webhook starts a workflow there.",
    )
    account: str = Field(default="", description="Id of an account of the extension Operational Pulse.")
    token_url: str = Field(default="", description="Of SysTrack; not needed with its API key.")
    cloud_url: str = Field(default="", description="Of SysTrack.")
    client_id: str = Field(default="", description="Of SysTrack; not needed with its API key.")
    directory: str = Field(default="", description="`POOL_` and 15 characters, at Qualtrics.")
    survey: str = Field(default="", description="`SV_` and 15 characters, at Qualtrics.")
    subject: str = Field(default="", description="With `${e://Field/lastAlarmAt}`.")
    from_email: str = ""
    from_name: str = ""
    reply_to: str = ""
    webhook: str = Field(
        default="", description="Id of the recipient that leads to a JSON event at Qualtrics."
    )


class PulseBody(BaseModel):
    """The eight fields. An empty ``survey_id`` or ``mailing_list_id`` is the default one, which is made where it is not there."""

    name: str
    sensors: list[str] = Field(description="All of them must be triggered on a system.", max_length=100)
    group_id: str
    threshold: str = Field("10 %", description="`1` any system, `25` so many, `10 %` of those that report.")
    survey_id: str = ""
    message: str = Field("", description="Empty: the survey's introduction, in each person's language.")
    mailing_list_id: str = ""
    channel: str = Field(CHANNELS[0], description=f"One of: {', '.join(CHANNELS)}.")
    where: WhereBody = WhereBody()

    def draft(self) -> PulseDraft:
        return PulseDraft(
            self.name,
            tuple(self.sensors),
            self.group_id,
            self.threshold,
            self.survey_id,
            self.message,
            self.mailing_list_id,
            self.channel,
            Where(**self.where.model_dump()),
        )


class PulseChangeBody(PulseBody):
    """``revision``: the one that was read; refused when somebody has saved since. Left out: whatever it is."""

    revision: int | None = None


class KeepBody(BaseModel):
    """Which part the pulse shall follow."""

    part: PartKind


class DifferenceView(BaseModel):
    """``here``: what the part says; ``pulse``: what the pulse says."""

    what: str
    here: str
    pulse: str


class PartView(BaseModel):
    kind: PartKind
    id: str
    name: str
    state: PartState
    differences: list[DifferenceView]
    shared_with: list[str] = Field(description="Names of other pulses that use it.")


class PulseView(PulseBody):
    """A pulse with its parts as they are now."""

    pulse_id: str
    revision: int
    enabled: bool
    in_step: bool
    parts: list[PartView]
    last_activation_at: AwareDatetime | None
    last_activation_id: str
    asked: int = Field(description="People of the last activation who were asked.")
    notes: list[str]
    changed_by: str
    changed_at: AwareDatetime


class PulseList(BaseModel):
    pulses: list[PulseView]


class WouldAskView(BaseModel):
    """What the draft would do right now."""

    count: int = Field(description="Systems that count.")
    of: int = Field(description="Systems of the group that report.")
    members: int
    would_activate: bool
    people: int = Field(description="Users of the systems that count, who have a contact.")
    without_contact: int
    systems_without_user: int
    notes: list[str]
    counted: bool = Field(True, description="False: a real SysTrack counts; all numbers are 0.")


class LeavingView(BaseModel):
    """``stays``: why it is not deleted; empty: it goes."""

    kind: PartKind
    name: str
    stays: str


class LeavingList(BaseModel):
    parts: list[LeavingView]


class StepView(BaseModel):
    """One thing to do by hand. ``value``: what to type or choose; ``code``: lines to paste."""

    text: str
    value: str
    code: str


class ProcedureView(BaseModel):
    title: str
    remark: str
    steps: list[StepView]


class Checklist(BaseModel):
    """Empty: nothing is to be done by hand."""

    procedures: list[ProcedureView]


def pulse_view(look: PulseLook) -> PulseView:
    pulse, draft = look.pulse, look.pulse.draft
    return PulseView(
        pulse_id=pulse.id,
        name=draft.name,
        sensors=list(draft.sensors),
        group_id=draft.group,
        threshold=draft.threshold,
        survey_id=draft.survey,
        message=draft.message,
        mailing_list_id=draft.mailing_list,
        channel=draft.channel,
        where=WhereBody(**asdict(draft.where)),
        revision=pulse.revision,
        enabled=pulse.enabled,
        in_step=look.in_step,
        parts=[
            PartView(
                kind=one.kind,
                id=pulse.parts[one.kind].id,
                name=one.name,
                state=one.state,
                differences=[
                    DifferenceView(what=d.what, here=d.here, pulse=d.pulse) for d in one.differences
                ],
                shared_with=list(one.shared),
            )
            for one in look.parts
        ],
        last_activation_at=look.last_at,
        last_activation_id=look.last_activation,
        asked=look.asked,
        notes=list(look.notes),
        changed_by=pulse.changed_by,
        changed_at=pulse.changed_at,
    )
