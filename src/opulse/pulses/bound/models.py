"""What a person says of a pulse, the parts that are made of it, and how each of them stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

DEFAULT_SURVEY = "How is your work affected?"
DEFAULT_DIRECTORY = "Default directory"
DEFAULT_LIST = "People with a system"
NAME_MOST = 190  # characters: the workflow's name has "Send: " before it and fits into 200
CHANNELS = ("Email", "Desktop", "Email and desktop")


class PartKind(StrEnum):
    """What a pulse is made of, in the order in which the guide makes it."""

    ACCOUNT = "account"  # the service account's credentials that the Operational Pulse task signs in with
    RECEIVER = "receiver"  # the workflow that takes the webhook and writes lastAlarm
    KEY = "key"  # the API token in the webhook's header
    RECIPIENT = "recipient"  # the webhook itself
    SURVEY = "survey"  # what people are asked
    NOTIFICATION = "notification"  # sensors, group and threshold
    SENDER = "sender"  # the workflow that sends the survey


class PartState(StrEnum):
    """How a part stands to its pulse."""

    IN_STEP = "in_step"  # it says what the pulse says
    CHANGED = "changed"  # somebody changed by hand what the pulse says of it
    MISSING = "missing"  # it is deleted, revoked or over


class SensorsAt(StrEnum):
    """Whose monitoring counts the systems and tells the webhook."""

    HERE = "here"
    SYSTRACK = "systrack"  # a real SysTrack calls our JSON event


class AskedAt(StrEnum):
    """Whose directory and surveys the people are asked with."""

    HERE = "here"
    QUALTRICS = "qualtrics"  # our Operational Pulse task writes on contacts there, and sends a survey there
    THEIR_WORKFLOWS = "their_workflows"  # our webhook starts a workflow there, which does the rest


@dataclass(frozen=True, slots=True)
class Where:
    """Which half is a real product, and what our half must know of it. What does not matter is empty.

    ``account`` and ``webhook`` are ids of what an administrator has made before: they hold the secrets.
    """

    sensors: SensorsAt = SensorsAt.HERE
    asked: AskedAt = AskedAt.HERE
    account: str = ""  # of the Operational Pulse extension; signs in at SysTrack, at Qualtrics, or at both
    token_url: str = ""  # of SysTrack, as are the next two
    cloud_url: str = ""
    client_id: str = ""
    directory: str = ""  # POOL_… at Qualtrics
    survey: str = ""  # SV_… at Qualtrics
    subject: str = ""
    from_email: str = ""
    from_name: str = ""
    reply_to: str = ""
    webhook: str = ""  # the recipient that leads to a JSON event at Qualtrics

    @property
    def is_here(self) -> bool:
        """Both halves are ours."""
        return self.sensors is SensorsAt.HERE and self.asked is AskedAt.HERE


@dataclass(frozen=True, slots=True)
class PulseDraft:
    """The eight fields, and where its halves are.

    ``group``, ``survey`` and ``mailing_list`` are ids; an empty survey or list is the default one.
    ``threshold``: ``1`` any system, ``25`` so many systems, ``10 %`` that share of the systems that report.
    """

    name: str
    sensors: tuple[str, ...]
    group: str
    threshold: str = "10 %"
    survey: str = ""
    message: str = ""  # empty: the survey's introduction, in the language of each person
    mailing_list: str = ""
    channel: str = CHANNELS[0]
    where: Where = Where()


@dataclass(frozen=True, slots=True)
class Part:
    """``made``: by a pulse, so it may go with the last one; else somebody had made it before."""

    kind: PartKind
    id: str
    made: bool


@dataclass(frozen=True)
class Pulse:
    """A saved pulse. Not ``enabled``: it is paused, so incidents are recorded and nobody is asked."""

    id: str
    draft: PulseDraft
    enabled: bool
    revision: int  # counts saves
    changed_by: str
    changed_at: datetime
    parts: dict[PartKind, Part] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a part says otherwise than its pulse."""

    what: str
    here: str  # what the part says
    pulse: str


@dataclass(frozen=True)
class PartLook:
    """A part as it is now. ``href``: its own page; ``shared``: names of other pulses that use it."""

    kind: PartKind
    name: str
    href: str
    state: PartState
    differences: tuple[Difference, ...] = ()
    shared: tuple[str, ...] = ()


@dataclass(frozen=True)
class PulseLook:
    """A pulse with its parts and what came of it. ``asked``: people of the last activation who were asked."""

    pulse: Pulse
    parts: tuple[PartLook, ...]
    last_at: datetime | None = None
    last_activation: str = ""
    asked: int = 0
    notes: tuple[str, ...] = ()

    @property
    def in_step(self) -> bool:
        return all(part.state is PartState.IN_STEP for part in self.parts)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do by hand. ``value``: what to type or choose; ``code``: several lines to paste."""

    text: str
    value: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Procedure:
    """Steps in one of the real products, in their order."""

    title: str
    remark: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Leaving:
    """What happens to one part when its pulse is deleted; ``stays`` says why, and is empty when it goes.

    Parts in the real products stay too: nothing of ours can delete them.
    """

    kind: PartKind
    name: str
    stays: str = ""


@dataclass(frozen=True, slots=True)
class WouldAsk:
    """What the draft would do right now. Not ``counted``: a real SysTrack counts, and the notes say so."""

    count: int  # systems that count
    of: int  # systems of the group that report
    members: int
    activates: bool
    people: int  # users of the systems that count, who have a contact
    strangers: int  # users without one
    nobody: int  # systems without a user
    notes: tuple[str, ...] = ()
    counted: bool = True


class PulseFault(StrEnum):
    """Why a pulse cannot be saved; ``PulseProblem.text`` says it in a sentence."""

    NAME = "name"  # missing, too long, or another pulse's
    SENSORS = "sensors"  # none, or an unknown one
    GROUP = "group"  # none, or an unknown one
    THRESHOLD = "threshold"  # neither a number nor a percentage
    SURVEY = "survey"  # unknown, or not published
    MAILING_LIST = "mailing_list"  # unknown
    CHANNEL = "channel"  # none of the three
    WHERE = "where"  # what must be known of a real product is missing, or the two sides do not go together
    PART = "part"  # a part of the pulse was refused by its own stage
    OUTDATED = "outdated"  # somebody else has saved it since it was opened


@dataclass(frozen=True, slots=True)
class PulseProblem:
    """One thing to mend."""

    field: str
    fault: PulseFault
    text: str


class PulseRefused(Exception):
    """A pulse was not saved, and none of its parts was touched."""

    def __init__(self, problems: tuple[PulseProblem, ...]) -> None:
        super().__init__(" ".join(problem.text for problem in problems))
        self.problems = problems


class PulseUnknown(LookupError):
    """There is no such pulse here."""
