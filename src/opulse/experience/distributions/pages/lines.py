"""A distribution, and a group of them, as a line with numbers; what the pages of distributions share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from opulse.experience.distributions.flow.reading import Shown
from opulse.experience.distributions.models import (
    SLOT_STATES,
    WAITING_STATES,
    DistributionGroup,
    InvitationState,
    RecipientStatus,
)
from opulse.experience.distributions.rules import count_statuses, incident_code

_ON_THE_WAY = WAITING_STATES | {InvitationState.SENDING}
_FAILED = (InvitationState.REFUSED, InvitationState.BOUNCED, InvitationState.TOO_LATE)


@dataclass(frozen=True)
class Line:
    """One distribution as a line, and as the numbers at the head of its page."""

    shown: Shown
    code: str  # by which the mails' subjects name the incident

    @property
    def asked(self) -> int:
        """People whom it asked, or is asking; those who are held are not asked yet."""
        return self._people(SLOT_STATES - {InvitationState.HELD})

    @property
    def accepted(self) -> int:
        return self._people({InvitationState.ACCEPTED})

    @property
    def shown_on_desktops(self) -> int:
        """People whom only a desktop asked: no mail reached them."""
        return self._people({InvitationState.SHOWN})

    @property
    def offered(self) -> int:
        return self._people({InvitationState.OFFERED})

    @property
    def waiting(self) -> int:
        """Mails that may still leave."""
        return self._people(_ON_THE_WAY)

    @property
    def held(self) -> int:
        return self._people({InvitationState.HELD})

    @property
    def spared(self) -> int:
        return self._people({InvitationState.SPARED})

    @property
    def failed(self) -> int:
        return self._people(_FAILED)

    def _people(self, states: Collection[InvitationState]) -> int:
        return sum(people for state, people in self.shown.counts.by_state.items() if state in states)


@dataclass(frozen=True)
class Share:
    """People in one state, or in one state for one reason (empty: none)."""

    state: InvitationState
    reason: str
    people: int


@dataclass(frozen=True)
class GroupLine:
    """Distributions of one workflow, day and activation as one line. ``href`` leads to the one, or to their list."""

    group: DistributionGroup
    code: str
    href: str

    def people(self, *states: str) -> int:
        return sum(people for state, people in self.group.by_state.items() if state.value in states)

    @property
    def asked(self) -> int:
        """As of a :class:`Line`."""
        slots = SLOT_STATES - {InvitationState.HELD}
        return self.people(*(state.value for state in slots))


def line_of(shown: Shown) -> Line:
    return Line(shown, incident_code(shown.distribution.cause))


def shares_of(shown: Shown) -> tuple[Share, ...]:
    """Every state that has people, in the order of the states, split by reason where there are reasons."""
    reasons: Mapping[tuple[InvitationState, str], int] = shown.counts.by_reason
    found: list[Share] = []
    for state in InvitationState:
        people = shown.counts.by_state.get(state, 0)
        split = [
            Share(state, reason, count) for (of, reason), count in sorted(reasons.items()) if of is state
        ]
        rest = people - sum(share.people for share in split)
        found += [*([Share(state, "", rest)] if rest else []), *split]
    return tuple(found)


def statuses_of(shown: Shown) -> tuple[tuple[str, int], ...]:
    """The product's statuses that have people, in their order."""
    counts = count_statuses(shown.counts.by_standing)
    return tuple((status.value, counts[status]) for status in RecipientStatus if counts.get(status))


def group_line_of(group: DistributionGroup) -> GroupLine:
    code = incident_code(group.activation) if group.activation else ""
    href = f"/distributions/{group.only}"
    if not group.only:
        wanted = {"workflow": group.workflow, "activation": group.activation, "day": group.day.isoformat()}
        href = f"/distributions/group?{urlencode(wanted)}"
    return GroupLine(group, code, href)
