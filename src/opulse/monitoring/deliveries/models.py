"""A delivery: one recipient told of one event of one activation; an attempt: one try at it (systrack.md 2.10 and 4.8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DeliveryState(StrEnum):
    """Where a delivery is. Only a waiting one moves by itself; a dead one moves when a person sends it again."""

    WAITING = "waiting"  # for its first or next attempt
    DELIVERED = (
        "delivered"  # the recipient's server took it, be it once; `reason` says how the last round ended
    )
    DEAD = "dead"  # given up; ``reason`` says why. This is the dead letter


class DeliveryReason(StrEnum):
    """Why a delivery is where it is."""

    NEW = "new"  # nothing was tried yet
    ACCEPTED = "accepted"  # any 2xx, or the relay took the mail
    TRY_AGAIN = "try_again"  # no answer, or one that invites another try
    USED_UP = (
        "used_up"  # the last attempt of the schedule failed too, or the receiver asks for too long a wait
    )
    REFUSED = "refused"  # would be refused again: another 4xx, a redirect, an address that is never called, a 5xx of the relay
    GONE = "gone"  # 410: the receiver says that it is there no more
    RECIPIENT_DELETED = "recipient_deleted"  # while the delivery waited
    RECIPIENT_DISABLED = "recipient_disabled"  # by its receiver's 410 or by a person; its bytes are kept
    RATE_LIMITED = (
        "rate_limited"  # its host had as many requests this minute as it may get; it leaves in its turn
    )
    HOST_PAUSED = "host_paused"  # its host asked for a pause (Retry-After) in its answer to another delivery
    NOT_RENDERED = "not_rendered"  # the body or the mail could not be written with this activation's values
    NO_RELAY = "no_relay"  # no mail relay is set up: it waits until there is one
    SENT_AGAIN = "sent_again"  # a person asked for another round of attempts


class AttemptOutcome(StrEnum):
    """What became of one attempt."""

    SENDING = (
        "sending"  # begun; if it stays so, the process ended meanwhile, and the same bytes were sent again
    )
    ACCEPTED = "accepted"  # the delivery is done
    FAILED = "failed"  # another attempt follows, or the delivery is dead: its own reason says which


class NotSentAgainReason(StrEnum):
    """Why a delivery, or what failed of a recipient, is not sent again."""

    NOTHING_TO_SEND = "nothing_to_send"  # its body could not be written, so there are no bytes
    RECIPIENT_DELETED = "recipient_deleted"  # nobody is there to be told
    RECIPIENT_DISABLED = "recipient_disabled"  # a person has to enable it first


class NotSentAgain(Exception):
    """It stays as it is; ``reason`` says why."""

    def __init__(self, reason: NotSentAgainReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True)
class Delivery:
    """``body`` are the very bytes of every attempt, sealed where ``sealed``; a mail's are the whole message."""

    id: str
    activation: str
    recipient: str
    recipient_name: str
    event_type: str
    wave: int
    state: DeliveryState
    reason: DeliveryReason
    detail: str
    body: bytes
    body_sha256: str  # of the bytes that are sent
    sealed: bool
    attempts: int
    round_start: int  # attempts made before the present round; the schedule counts from here
    created_at: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True)
class Attempt:
    """One try. ``status`` is the HTTP status or the relay's code; None: no answer came, ``error`` says why."""

    delivery: str
    number: int
    started_at: datetime
    finished_at: datetime | None
    outcome: AttemptOutcome
    status: int | None
    error: str
    seconds: float
    snippet: str  # the first 2 kB of the answer


@dataclass(frozen=True)
class Ended:
    """What an attempt ended in, and what follows: ``again_in`` seconds, or None for never."""

    outcome: AttemptOutcome
    reason: DeliveryReason
    status: int | None
    error: str
    seconds: float
    snippet: str
    again_in: float | None = None
    host_rests: float = 0.0  # seconds for which its host asked to be left alone, all deliveries of the tenant


@dataclass(frozen=True)
class LogFilter:
    """What of the log is wanted. Ids are empty and times None where everything is; ``until`` is exclusive."""

    recipient: str = ""
    notification: str = ""
    state: DeliveryState | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class LogCursor:
    """The last delivery of a page: the next one goes on after it."""

    created_at: datetime
    delivery: str


@dataclass(frozen=True)
class LoggedDelivery:
    """A delivery as the log shows it, without its bytes."""

    id: str
    activation: str
    notification: str
    notification_name: str
    recipient: str
    recipient_name: str
    event_type: str
    state: DeliveryState
    reason: DeliveryReason
    detail: str
    body_sha256: str
    has_body: bool
    created_at: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None

    @property
    def can_be_sent_again(self) -> bool:
        """No round of attempts is under way, and there are bytes."""
        return self.has_body and self.state is not DeliveryState.WAITING
