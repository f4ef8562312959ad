"""The states in which an affected system can end, in their order of precedence, each with a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class LedgerState(StrEnum):
    """Where one affected system ended. A system with several people takes the first of these that any of them is in."""

    ANSWERED = "answered"  # somebody in front of it answered, and the answer counts
    ANSWERED_THERE = "answered_there"  # answered the survey at Qualtrics
    ANSWERED_LATE = "answered_late"  # answered after closing: kept, not counted
    STARTED = "started"  # began to answer and has not sent it
    NOT_THEIRS = "not_theirs"  # said "not my computer" or "not me": the owner on record is wrong
    QUARANTINED = "quarantined"  # only an answer that looks like a machine's
    ANSWER_DELETED = "answer_deleted"  # answered; those who ask deleted the answer
    ACCEPTED = "accepted"  # the relay took the mail; no answer yet
    SHOWN = "shown"  # a desktop showed the question, and no mail was taken; no answer yet
    ASKED_THERE = (
        "asked_there"  # Qualtrics holds the distribution that asks the person; no answer is known yet
    )
    HANDED_OVER = "handed_over"  # lastAlarm stands on the person's contact at Qualtrics, whose workflows ask
    EXPIRED = "expired"  # the relay took the mail, or a desktop showed it; the time to answer is over
    AMBIGUOUS = "ambiguous"  # the relay may or may not have taken the mail
    UNCLEAR_THERE = "unclear_there"  # Qualtrics did not say in time whether it took the person
    QUEUED = "queued"  # the mail waits for its turn at the relay
    OFFERED = "offered"  # waits for a system on which the person is logged on, to be shown there
    REFUSED = "refused"  # the relay refused the mail for good
    REFUSED_THERE = "refused_there"  # Qualtrics refused the account, the directory or the person
    BOUNCED = "bounced"  # the mail came back
    TOO_LATE = "too_late"  # the mail could not leave in time to be of use
    STOPPED = "stopped"  # an operator stopped the pulse before the mail left
    SAME_PERSON = "same_person"  # the same person is asked about another system
    IN_ANOTHER_PULSE = "in_another_pulse"  # waits for the end of another pulse's question
    QUIET_HOURS = "quiet_hours"  # waits for the hours at which the person may be asked
    NEEDS_CONFIRMATION = "needs_confirmation"  # waits for somebody's yes to asking so many
    OPTED_OUT = "opted_out"  # does not want to be asked
    MUTED = "muted"  # wants to be left alone for now
    FATIGUE_RULE = "fatigue_rule"  # was asked too often of late
    NOT_ON_ALLOW_LIST = "not_on_allow_list"  # mail is not open to everybody yet
    OVER_CAP = "over_cap"  # the activation has asked as many people as is allowed
    BAD_ADDRESS = "bad_address"  # the contact has no address that mail can reach
    RUN_FAILED = "run_failed"  # a workflow failed on the way
    CONDITIONS_FALSE = "conditions_false"  # no workflow's conditions held for the contact
    WORKFLOW_OFF = "workflow_off"  # the workflow that would ask is switched off
    NO_WORKFLOW = "no_workflow"  # no workflow listens to changes of these contacts
    NO_CONTACT = "no_contact"  # the person is not in the directory
    NO_EMAIL = "no_email"  # the person on record has no address
    NO_USER = "no_user"  # nobody is known to use the system
    SILENCED = "silenced"  # a silence or the incident's cause kept its recipients from being told
    NOT_TOLD = "not_told"  # no webhook of this activation was accepted
    JOINED_LATER = "joined_later"  # affected only after the snapshot, which is all that was asked for
    BEING_RESOLVED = "being_resolved"  # on its way; nothing is stuck


ORDER: tuple[LedgerState, ...] = tuple(LedgerState)
RANK: Mapping[LedgerState, int] = {state: number for number, state in enumerate(ORDER)}

SENTENCES: Mapping[LedgerState, str] = {
    LedgerState.ANSWERED: "Somebody in front of it answered.",
    LedgerState.ANSWERED_THERE: "Somebody in front of it answered the survey at Qualtrics.",
    LedgerState.ANSWERED_LATE: "An answer came after closing; it is kept and not counted.",
    LedgerState.STARTED: "Somebody began to answer.",
    LedgerState.NOT_THEIRS: "The person says that it is not their device; the owner on record is wrong.",
    LedgerState.QUARANTINED: "Only an answer that looks like a machine's came; it is not counted.",
    LedgerState.ANSWER_DELETED: "Somebody answered; the answer was deleted and counts nowhere.",
    LedgerState.ACCEPTED: "The mail was accepted by the relay; there is no answer yet.",
    LedgerState.SHOWN: "The question was shown on the person's desktop; there is no answer yet.",
    LedgerState.ASKED_THERE: "A survey of Qualtrics was sent to the person from there, at our request.",
    LedgerState.HANDED_OVER: "lastAlarm stands on the person's contact at Qualtrics; its workflows ask from there.",
    LedgerState.EXPIRED: "The mail was accepted, or the question shown on the desktop; nobody answered in time.",
    LedgerState.AMBIGUOUS: "The connection broke; the relay may or may not have taken the mail.",
    LedgerState.UNCLEAR_THERE: "Qualtrics did not say in time whether it took the person.",
    LedgerState.QUEUED: "The mail waits for its turn at the relay.",
    LedgerState.OFFERED: "The question waits for a device on which the person is logged on.",
    LedgerState.REFUSED: "The relay refused the mail.",
    LedgerState.REFUSED_THERE: "Qualtrics refused the account, the directory or the person; the run says why.",
    LedgerState.BOUNCED: "The mail came back.",
    LedgerState.TOO_LATE: "No mail could leave, and no desktop could show it, while the question was still of use.",
    LedgerState.STOPPED: "An operator stopped the pulse.",
    LedgerState.SAME_PERSON: "The same person is asked about another affected system.",
    LedgerState.IN_ANOTHER_PULSE: "The person has an open question of another pulse; this one waits.",
    LedgerState.QUIET_HOURS: "The person is asked when their quiet hours are over, if the question is still of use then.",
    LedgerState.NEEDS_CONFIRMATION: "So many people are asked only after somebody confirms it.",
    LedgerState.OPTED_OUT: "The person does not want to be asked.",
    LedgerState.MUTED: "The person wants to be left alone for now.",
    LedgerState.FATIGUE_RULE: "The person was asked too often of late.",
    LedgerState.NOT_ON_ALLOW_LIST: "Mail is not open to everybody yet, and the address is not on the allow list.",
    LedgerState.OVER_CAP: "The activation has asked as many people as the tenant allows.",
    LedgerState.BAD_ADDRESS: "The contact has no address that mail can reach.",
    LedgerState.RUN_FAILED: "A workflow failed on the way; its run says why.",
    LedgerState.CONDITIONS_FALSE: "No workflow's conditions held for the contact; the trace says which line failed.",
    LedgerState.WORKFLOW_OFF: "The workflow that would ask is switched off.",
    LedgerState.NO_WORKFLOW: "No workflow listens to changes of these contacts.",
    LedgerState.NO_CONTACT: "The person is not in the directory.",
    LedgerState.NO_EMAIL: "The person on record has no e-mail address.",
    LedgerState.NO_USER: "Nobody is known to use the system.",
    LedgerState.SILENCED: "A silence, or an open activation of its cause, kept its recipients from being told.",
    LedgerState.NOT_TOLD: "No webhook of this activation was accepted; see its deliveries.",
    LedgerState.JOINED_LATER: "It was affected only after the activation, and only the first systems were asked for.",
    LedgerState.BEING_RESOLVED: "It is on its way.",
}

REST = "Not reached"
GROUPS: Mapping[str, frozenset[str]] = {
    "Answered": frozenset(
        {
            "answered",
            "answered_there",
            "answered_late",
            "started",
            "not_theirs",
            "quarantined",
            "answer_deleted",
        }
    ),
    "Mail accepted": frozenset({"accepted", "shown", "asked_there", "expired", "ambiguous"}),
    "On the way": frozenset(
        {"queued", "offered", "being_resolved", "in_another_pulse", "quiet_hours", "needs_confirmation"}
    ),
    "Same person": frozenset({"same_person"}),
    "Spared": frozenset({"opted_out", "muted", "fatigue_rule", "not_on_allow_list", "over_cap", "stopped"}),
    REST: frozenset(),
}
"""The states in six words, for people. What is in none of the others was not reached."""


@dataclass(frozen=True)
class Ledger:
    """``states`` sum to ``total``, the systems that the activation ever affected."""

    activation: str
    total: int
    states: Mapping[LedgerState, int]
    at: datetime
    """The moment that it tells of."""
    counted: int | None = None
    """How many systems the activation itself has counted; None: it is another installation's, which was not asked."""

    @property
    def unaccounted(self) -> int:
        """By how many the sum differs from what the activation counted. Above 0: the other side heard of too many."""
        return sum(self.states.values()) - (self.total if self.counted is None else self.counted)


class FileKind(StrEnum):
    """In which form a ledger is exported."""

    CSV = "csv"
    NDJSON = "ndjson"


MEDIA_TYPES: Mapping[FileKind, str] = {
    FileKind.CSV: "text/csv; charset=utf-8",
    FileKind.NDJSON: "application/x-ndjson",
}


@dataclass(frozen=True)
class Wanted:
    """Which systems of a ledger are looked at; everything that is not said is."""

    states: frozenset[LedgerState] = frozenset(ORDER)
    wave: int | None = None
    """The wave of the row that gives the state; 0: systems that the experience side has not heard of."""
    words: str = ""
    """The beginning of a device's name or GUID; with ``people`` also of a name, an address or an account."""
    people: bool = False

    @property
    def every_state(self) -> bool:
        return len(self.states) == len(ORDER)


@dataclass(frozen=True)
class SystemEnd:
    """One affected system with its one state, and the row of the person who gives it that state."""

    system: str
    name: str
    state: LedgerState
    wave: int = 0
    contact: str = ""
    person: str = ""
    person_name: str = ""
    detail: str = ""
    asked_by: str = ""

    def without_people(self) -> SystemEnd:
        """For readers who may not see names. The relay's words may hold an address."""
        return replace(self, contact="", person="", person_name="", detail="")


@dataclass(frozen=True)
class SystemsPage:
    """Some systems of a ledger. ``next``: ask with it for those behind; empty: there are none."""

    found: tuple[SystemEnd, ...]
    next: str


@dataclass(frozen=True)
class Explanation:
    """What became of one person on one device, in words."""

    system: str
    person: str
    name: str
    state: LedgerState
    sentence: str
    detail: str
    wave: int
    asked_by: str = ""
    """``mail``, ``desktop``, ``mail and desktop``; empty: not asked, or not yet."""
