"""``POST /api/v1/sensor-states``: what machines tell us, and what we answer.

An agent or gateway sends ``{"batch", "seq", "full", "changes": [...], "heartbeat": [...]?, "users": [...]?, "prompts": [...]?}``;
an empty ``changes`` is the heartbeat of the sender itself. A line that cannot be read is refused by its index.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from opulse.wire.desktop_prompts import DesktopPrompt, Reports
from opulse.wire.errors import UnreadableBody

MAX_CHANGES: Final = 10_000
"""Changes in one batch; a gateway with more sends several batches."""
MAX_HEARTBEATS: Final = 50_000
MAX_NAME: Final = 200
MAX_INSTANCE: Final = 300
MAX_USERS: Final = 200
"""People who are logged on to one system; a terminal server has some."""

_Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
_Instance = Annotated[str, Meta(min_length=1, max_length=MAX_INSTANCE)]
_System = Annotated[str, Meta(min_length=1, max_length=64)]
_Moment = Annotated[datetime, Meta(tz=True)]
BatchName = Annotated[str, Meta(min_length=1, max_length=64)]
SequenceNumber = Annotated[int, Meta(ge=0, le=2**63 - 1)]


# It holds no container: nothing for the collector to find.
class StateChange(msgspec.Struct, frozen=True, gc=False):
    """One line: this sensor (and instance) is, or is no longer, triggered on this system."""

    sensor: _Name
    triggered: bool
    instance: _Instance | None = None
    """``None`` for a sensor without instances."""
    at: _Moment | None = None
    """When the sender saw it; ``None`` means on arrival."""
    system: _System | None = None
    """GUID; ``None`` means the system that the key belongs to."""


class LoggedOnUser(msgspec.Struct, frozen=True):
    """A person who is logged on to the sender's own system."""

    user: _Name
    """The account's name, as the system writes it."""
    since: _Moment | None = None
    """When the oldest session began, where the system says so."""


_Users = Annotated[list[LoggedOnUser], Meta(max_length=MAX_USERS)]


class StateBatch(msgspec.Struct, frozen=True):
    """One batch. ``(source, batch)`` is taken once; per system a ``seq`` below the last one is ignored."""

    batch: BatchName
    seq: SequenceNumber
    changes: list[StateChange] = []
    full: bool = False
    """The changes are all that is triggered: they replace the bits of every system named in the batch (or of the sender)."""
    heartbeat: Annotated[list[_System], Meta(max_length=MAX_HEARTBEATS)] | None = None
    """Systems that a gateway vouches for without a change."""
    users: _Users | None = None
    """All who are logged on to the sender's own system now; ``None``: nothing is said of it. For an agent's key only."""
    prompts: Reports | None = None
    """What became of questions on the sender's own desktops since the last batch that was answered. For an agent's key only."""


class RefusalReason(StrEnum):
    """Why one line was refused."""

    MALFORMED = "malformed"  # not a line of the agreed form
    UNKNOWN_SYSTEM = "unknown_system"  # no such system in this tenant
    UNKNOWN_SENSOR = "unknown_sensor"  # no such sensor in this tenant's catalogue
    NOT_YOURS = "not_yours"  # the key does not speak for that system
    NO_INSTANCES = "no_instances"  # an instance was given for a sensor that has none


class IgnoreReason(StrEnum):
    """Why a system's lines, though well formed, changed nothing."""

    OLD_SEQ = "old_seq"  # a later seq of this system was taken before
    REPEATED_BATCH = "repeated_batch"  # this batch of this source was taken before


class RefusedLine(msgspec.Struct, frozen=True):
    """``index`` counts the lines of ``changes`` from 0."""

    index: int
    reason: RefusalReason
    detail: str


class IgnoredSystem(msgspec.Struct, frozen=True):
    system: str
    reason: IgnoreReason


class StateAnswer(msgspec.Struct, frozen=True):
    """The body of the 202. ``accepted`` counts lines, ``ignored`` systems."""

    accepted: int
    refused: list[RefusedLine] = []
    ignored: list[IgnoredSystem] = []


class AgentAnswer(StateAnswer, frozen=True, omit_defaults=True):
    """The body of the 202 for an agent's key: the same, with ``prompts`` where there is something to show."""

    prompts: list[DesktopPrompt] = []


class BatchRead(NamedTuple):
    """A batch and the lines refused while reading it. ``positions[i]`` is where ``batch.changes[i]`` stood in the body; ``None``:
    at ``i``, since every line was read."""

    batch: StateBatch
    refused: list[RefusedLine]
    positions: list[int] | None


class _LooseBatch(msgspec.Struct):
    batch: BatchName
    seq: SequenceNumber
    changes: list[msgspec.Raw] = []
    full: bool = False
    heartbeat: Annotated[list[_System], Meta(max_length=MAX_HEARTBEATS)] | None = None
    users: _Users | None = None
    prompts: Reports | None = None


_EXACT: Final = msgspec.json.Decoder(StateBatch)
_LOOSE: Final = msgspec.json.Decoder(_LooseBatch)
_LINE: Final = msgspec.json.Decoder(StateChange)
_ENCODER: Final = msgspec.json.Encoder()


def decode_batch(body: bytes) -> BatchRead:
    """Read a batch: as a whole where every line is well formed, else line by line.

    Raises ``UnreadableBody`` when the body is no JSON, the frame around the lines is wrong, or there are too many lines.
    """
    try:
        read = BatchRead(_EXACT.decode(body), [], None)
    except msgspec.ValidationError:
        read = _line_by_line(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableBody("the batch is not JSON") from error
    refuse_unstorable(read.batch.batch, *(user.user for user in read.batch.users or ()))
    if len(read.batch.changes) + len(read.refused) > MAX_CHANGES:
        raise UnreadableBody(f"a batch holds at most {MAX_CHANGES} changes")
    return read


def refuse_unstorable(batch: str, *users: str) -> None:
    """Names of a batch and of users are kept as text, and not every database keeps a NUL. Raises ``UnreadableBody``."""
    if "\0" in batch:
        raise UnreadableBody("batch holds the character NUL")
    if any("\0" in user for user in users):
        raise UnreadableBody("users holds a name with the character NUL")


def encode_batch(batch: StateBatch) -> bytes:
    return _ENCODER.encode(batch)


def encode_answer(answer: StateAnswer) -> bytes:
    return _ENCODER.encode(answer)


def decode_answer(body: bytes) -> AgentAnswer:
    """Read the 202 (the agent's side). Raises ``UnreadableBody``."""
    try:
        return msgspec.json.decode(body, type=AgentAnswer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableBody("the answer to a batch is not of the agreed form") from error


def _line_by_line(body: bytes) -> BatchRead:
    try:
        loose = _LOOSE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableBody(f"the batch is not of the agreed form: {error}") from error
    changes, refused, positions = [], [], []
    for index, line in enumerate(loose.changes[: MAX_CHANGES + 1]):
        try:
            changes.append(_LINE.decode(line))
            positions.append(index)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            refused.append(RefusedLine(index, RefusalReason.MALFORMED, str(error)))
    batch = StateBatch(
        loose.batch, loose.seq, changes, loose.full, loose.heartbeat, loose.users, loose.prompts
    )
    return BatchRead(batch, refused, positions)
