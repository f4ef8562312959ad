"""What is asked for and what is kept: requests, distributions, invitations, counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from opulse.experience.distributions.models.states import (
    Channel,
    DistributionKind,
    DistributionState,
    HoldReason,
    InvitationState,
    LinkType,
    Progress,
    SpareReason,
)
from opulse.experience.distributions.models.timing import Timing
from opulse.experience.workflows.models import Selection


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
    template: str = ""  # MT_… of a mail template; empty: the built-in look
    mjml: str = ""  # of that template, frozen with the message

    def wording(self, language: str) -> Wording:
        """What is said in ``language``."""
        return self.translations.get(language, Wording(self.subject, self.body))


@dataclass(frozen=True)
class FollowUpWish:
    """A reminder ``after`` the invitation left, or a thank-you ``after`` the answer. Empty texts: our own words."""

    kind: DistributionKind
    after: timedelta
    message: MessageSpec = field(default_factory=MessageSpec)


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
    channel: Channel = Channel.MAIL
    language: str = "contact"
    link_life: timedelta | None = None
    send_by: timedelta | None = None
    asked_at: datetime | None = None
    expected: int = 0
    priority: int = 5
    timing: Timing = field(default_factory=Timing)
    embedded: Mapping[str, Any] = field(
        default_factory=dict
    )  # goes with the distribution, not onto the contacts

    follow_ups: tuple[FollowUpWish, ...] = ()

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
    taken: int  # people ever asked or held: never fewer than hold a slot now, for some gave theirs back
    shared_link: str  # 32 hex characters: the id inside an anonymous link, the same for everybody
    confirmed_by: str  # who said yes to asking more than the tenant's limit; empty: nobody
    created_at: datetime
    channel: Channel = Channel.MAIL
    kind: DistributionKind = DistributionKind.INVITE
    parent: str = ""  # the distribution whose people this one reminds or thanks
    digest: str = ""  # of what its mails say
    embedded: Mapping[str, Any] = field(default_factory=dict)

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
    of_invitation: str = ""  # whose link a reminder or thank-you carries; empty: its own
    progress: Progress = Progress.NONE
    progress_at: datetime | None = None


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
    first_sent_at: datetime | None = None  # when the relay took the first, and the newest
    last_sent_at: datetime | None = None
    by_standing: Mapping[tuple[InvitationState, str, Progress], int] = field(default_factory=dict)
    """By (state, reason, progress): what the recipients' statuses are counted from."""

    @property
    def to_confirm(self) -> int:
        """People who wait for somebody's yes."""
        return self.by_reason.get((InvitationState.HELD, HoldReason.NEEDS_CONFIRMATION.value), 0)


@dataclass(frozen=True)
class Counted:
    """A distribution with its counts."""

    distribution: Distribution
    counts: DistributionCounts


@dataclass(frozen=True)
class DistributionGroup:
    """Distributions of one workflow, day (UTC) and activation (empty: none), with the people of all of them by state."""

    workflow: str
    activation: str
    day: datetime
    name: str
    distributions: int
    only: str  # the distribution's id where there is one alone
    running: int
    paused: int
    newest_at: datetime
    by_state: Mapping[InvitationState, int]
    to_confirm: int  # people who wait for somebody's yes
