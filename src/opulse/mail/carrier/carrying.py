"""What a carrier is given, and what it promises."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from opulse.mail.models import Outcome
from opulse.mail.smtp import Permit

if TYPE_CHECKING:
    from opulse.mail.carrier.writing import Writer


class Addressee(NamedTuple):
    """One person of a burst: a plain tuple, for thousands a second go to another process."""

    key: str
    """The invitation's id, 32 hexadecimal characters: the outcome's key, inside the links and the bounce address."""
    email: str
    first_name: str
    last_name: str
    language: str
    fields: Mapping[str, Any]
    """Other pipes of the message → this person's values."""
    message_id: str
    of: str = ""
    """The invitation whose links the mail carries: it reminds or thanks. Empty: its own."""


class Leash(Protocol):
    """How long a burst may go on."""

    @property
    def until(self) -> datetime:
        """The end of its lease as it stands now; it may be renewed meanwhile."""
        ...

    def must_stop(self) -> bool:
        """Whether no further message may be begun."""
        ...


class Carries(Protocol):
    """Something that writes and sends bursts."""

    async def start(self) -> None:
        """Be ready before the first burst, where that takes time."""
        ...

    def carry(
        self, permit: Permit, writer: Writer, people: Sequence[Addressee], leash: Leash
    ) -> AsyncGenerator[Outcome]:
        """Exactly one outcome for each of ``people``, as they settle. ``leash`` is asked before each message's data,
        or often enough that a stop counts within a quarter of a second."""
        ...

    async def close(self) -> None:
        """End connections and processes; nothing is being carried any more."""
        ...
