"""What a distribution is: whom it asks, whom it spares and why, and what became of each mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from opulse.experience.workflows.models import Selection

MAIL_DUE = "mail.due"  # wake topic of the sender: an invitation may be sent
MAIL_STOP = "mail.stop"  # wake topic of the sender: something that is being sent must stop


class InvitationState(StrEnum):
    """Where one invitation is."""

    SPARED = "spared"  # never to be asked; the reason is a SpareReason
    HELD = "held"  # not asked yet; the reason is a HoldReason
    QUEUED = "queued"  # waits for its turn at the relay
    SENDING = "sending"  # a claim has it and the relay may be taking it right now
    UNKNOWN = "unknown"  # handed over without an answer; resent once, then stays
    ACCEPTED = "accepted"  # the relay took it
    DEFERRED = "deferred"  # the relay said "not now"; tried again until send_by
    REFUSED = "refused"  # the relay said no for good, or the message cannot be written for this person
    BOUNCED = "bounced"  # accepted, then returned
    CANCELLED = "cancelled"  # stopped by a person before it left
    TOO_LATE = "too_late"  # send_by passed before the relay took it


class SpareReason(StrEnum):
    """Why a person is not asked."""

    DELETED = "deleted"  # no longer in the directory
    OPTED_OUT = "opted_out"  # of the directory
    OPTED_OUT_OF_LIST = "opted_out_of_list"  # of the mailing list that is asked
    MUTED = "muted"  # asked to be left alone until a time that has not come
    NO_EMAIL = "no_email"  # the contact has no address
    BAD_EMAIL = "bad_email"  # the contact's address is not one that mail can reach
    NOT_ON_ALLOW_LIST = "not_on_allow_list"  # the tenant's mail is not open and the address is not listed
    ALREADY_ASKED = "already_asked"  # this pulse asked the same person or address: other system, earlier wave
    ONE_PER_ACTIVATION = "one_per_activation"  # another pulse asked this person about the same activation
    FATIGUE_RULE = "fatigue_rule"  # a frequency rule says not now; the row names the rule
    OVER_CAP = "over_cap"  # the activation has asked as many people as the tenant allows
    STOPPED_BY_OPERATOR = "stopped_by_operator"  # the distribution was cancelled


class HoldReason(StrEnum):
    """What a held invitation waits for."""

    IN_ANOTHER_PULSE = "in_another_pulse"  # the end of another pulse's open invitation
    NEEDS_CONFIRMATION = "needs_confirmation"  # a person's yes to asking so many


class WaitReason(StrEnum):
    """Why a distribution with due invitations sends none; not a state of the invitations."""

    MAIL_SWITCHED_OFF = "mail_switched_off"  # the tenant's mail switch
    HELD_AFTER_RESTORE = "held_after_restore"  # restored from a backup and not yet released
    PAUSED = "paused"  # this distribution was paused
    NO_RELAY = "no_relay"  # no mail relay is set


class DistributionState(StrEnum):
    """Where a distribution is."""

    RUNNING = "running"  # sends what is due
    PAUSED = "paused"  # sends nothing until it is resumed
    CANCELLED = "cancelled"  # sends nothing any more; its links are closed
    DONE = "done"  # nothing waits; another wave makes it run again


class LinkType(StrEnum):
    """What the link in the mail may be used for (qualtrics-product.md 9.1)."""

    INDIVIDUAL = "individual"  # one answer, known whose
    MULTIPLE = "multiple"  # many answers, known whose
    ANONYMOUS = "anonymous"  # many answers, nobody's


SLOT_STATES = frozenset(
    {
        InvitationState.HELD,
        InvitationState.QUEUED,
        InvitationState.SENDING,
        InvitationState.UNKNOWN,
        InvitationState.ACCEPTED,
        InvitationState.DEFERRED,
        InvitationState.BOUNCED,
    }
)
"""States that use up a slot of the frequency rules and of the cap: a refused mail gives its slot back."""

WAITING_STATES = frozenset({InvitationState.QUEUED, InvitationState.DEFERRED, InvitationState.UNKNOWN})
"""States from which an invitation with a ``next_try_at`` may be claimed."""


@dataclass(frozen=True)
class Wording:
    """Subject and body of one language; empty: the survey's own title and introduction."""

    subject: str = ""
    body: str = ""  # plain text with light Markdown and pipes


@dataclass(frozen=True)
class MessageSpec:
    """The mail as its author wrote it. Pipes of the event and of earlier tasks are resolved, contact pipes are not.

    ``subject`` and ``body`` are for every language that ``translations`` does not name; both may be empty.
    """

    subject: str = ""
    body: str = ""
    from_address: str = ""  # empty: the installation's
    from_name: str = ""
    reply_to: str = ""
    translations: Mapping[str, Wording] = field(default_factory=dict)

    def wording(self, language: str) -> Wording:
        """What is said in ``language``."""
        return self.translations.get(language, Wording(self.subject, self.body))


@dataclass(frozen=True)
class AskRequest:
    """Ask these contacts with this survey. Give ``selection`` or ``contact_ids``.

    ``language`` is ``contact`` or a code of the survey. ``link_life`` and ``send_by`` count from ``asked_at`` (None: now);
    None means the installation's limits. ``expected`` is how many people the whole incident is known to reach (0: not known);
    ``priority`` orders distributions, smaller first. ``task`` keeps two tasks of one workflow apart.
    """

    tenant: int
    workflow: str
    run: str
    task_run: str
    activation: str
    wave: int
    survey: str
    message: MessageSpec = field(default_factory=MessageSpec)
    selection: Selection | None = None
    contact_ids: tuple[str, ...] = ()
    name: str = ""
    task: str = ""
    list_id: str = ""
    link_type: LinkType = LinkType.INDIVIDUAL
    language: str = "contact"
    link_life: timedelta | None = None
    send_by: timedelta | None = None
    asked_at: datetime | None = None
    expected: int = 0
    priority: int = 5

    @property
    def cause(self) -> str:
        """What a person is asked about once: the activation, else the run."""
        return self.activation or self.run


@dataclass(frozen=True)
class AskResult:
    """How many were asked, held and spared by this request. ``known`` were decided by an earlier try of it."""

    distribution: str  # EMD_…; empty in a preview of a distribution that does not exist yet
    asked: int
    held: Mapping[HoldReason, int]
    spared: Mapping[SpareReason, int]
    known: int = 0


@dataclass(frozen=True)
class Distribution:
    """One sending of one survey for one cause, with a frozen copy of message and version; waves join it."""

    tenant: int
    id: str  # EMD_…
    survey: str
    version: int
    workflow: str
    task: str
    cause: str
    activation: str
    name: str
    state: DistributionState
    link_type: LinkType
    list_id: str
    language: str  # "contact" or a code
    message: MessageSpec
    priority: int
    expected: int
    confirmed_by: str  # who said yes to asking more than the tenant's limit; empty: nobody
    created_at: datetime

    @property
    def individual(self) -> bool:
        """Whether a link takes one answer."""
        return self.link_type is LinkType.INDIVIDUAL


@dataclass(frozen=True)
class Invitation:
    """One contact's individual link in one distribution, asked or spared, with the reason."""

    tenant: int
    id: str  # 32 hex characters
    distribution: str
    workflow: str
    activation: str
    contact: str
    wave: int
    state: InvitationState
    reason: str  # SpareReason, HoldReason, or the mail floor's word for a refusal; empty: none
    rule: str  # FQ_… of the frequency rule that spared
    email: str
    first_name: str
    last_name: str
    language: str  # of the survey, resolved from the contact's
    attempts: int
    ambiguous: bool  # may have been delivered twice
    relay_code: int  # 0: the relay said nothing
    relay_text: str
    asked_at: datetime
    send_by: datetime
    expires_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True)
class InvitedLink:
    """What the page behind a link must know: the invitation, its distribution, and the contact's time zone."""

    invitation: Invitation
    distribution: Distribution
    time_zone: str


@dataclass(frozen=True)
class DistributionCounts:
    """Invitations of one distribution by state, and by (state, reason) where there is a reason."""

    by_state: Mapping[InvitationState, int]
    by_reason: Mapping[tuple[InvitationState, str], int]
    ambiguous: int

    @property
    def to_confirm(self) -> int:
        """People who wait for somebody's yes."""
        return self.by_reason.get((InvitationState.HELD, HoldReason.NEEDS_CONFIRMATION.value), 0)


Values = Mapping[str, Any]
