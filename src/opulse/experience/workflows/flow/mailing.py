"""Mails that workflows send: the e-mail task's, and notices about failures. One copy per address, each sent at most once.

The tenant's mail switch holds: while mail is paused nothing leaves; until it is open to everybody only listed addresses get any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from opulse.experience.workflows.models import MailEnd
from opulse.experience.workflows.registry import TaskWaits
from opulse.jobs import JobRetry
from opulse.mail.addresses import wire_address
from opulse.mail.message import MessageParts, build_frame, mail_date
from opulse.mail.models import Envelope, MessageRefused, OutcomeState
from opulse.mail.slots import literal
from opulse.mail.smtp import send_one
from opulse.ports import Ports
from opulse.tenancy import get_tenant
from opulse.wire.identifiers import random_text

NO_RELAY_SECONDS = 60.0
PAUSED = timedelta(minutes=1)


@dataclass(frozen=True)
class Letter:
    """A mail to several addresses. ``key`` is the same at every try: it becomes the Message-ID."""

    key: str
    subject: str
    text: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    from_name: str = ""
    reply_to: str = ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Everybody who gets a copy, each once."""
        folded = {one.lower(): one for one in reversed((*self.to, *self.cc, *self.bcc))}
        return tuple(reversed(folded.values()))


async def send_letter(ports: Ports, tenant: int, letter: Letter, done: dict[str, str]) -> None:
    """Send a copy to everybody who is not in ``done`` (address → end) yet, and note there what became of each.

    Raises:
        JobRetry: no relay now, or it wants another try; ``done`` holds those who have theirs.
        TaskWaits: the tenant's mail is paused.
        MessageRefused: it cannot be written: a line break in the subject, for example.
    """
    facts = await ports.db.read(get_tenant, tenant)
    if facts.mail_paused or facts.hold_after_restore:
        raise TaskWaits(ports.clock.now() + PAUSED, "mail is paused")
    data = _write(ports, letter)
    for address in letter.addresses:  # a letter has at most 90, and each copy has an end of its own
        if done.get(address, MailEnd.DEFERRED.value) != MailEnd.DEFERRED.value:
            continue
        if not facts.lets_mail_reach(address.lower()):
            done[address] = MailEnd.NOT_ON_ALLOW_LIST.value
            continue
        done[address] = (await _send_copy(ports, letter, address, data)).value
    if MailEnd.DEFERRED.value in done.values():
        raise JobRetry(NO_RELAY_SECONDS, "the mail relay does not take some copies now")


async def _send_copy(ports: Ports, letter: Letter, address: str, data: bytes) -> MailEnd:
    relay = ports.relay()
    if relay is None:
        return MailEnd.DEFERRED
    outcome = await send_one(relay, Envelope(letter.key, ports.mail_from, address, data))
    match outcome.state:
        case OutcomeState.ACCEPTED:
            return MailEnd.ACCEPTED
        case OutcomeState.REFUSED:
            return MailEnd.REFUSED
        case OutcomeState.UNKNOWN:
            return MailEnd.UNKNOWN  # it may have arrived: no second copy
        case _:
            return MailEnd.DEFERRED


def _write(ports: Ports, letter: Letter) -> bytes:
    first, *more = letter.to
    parts = MessageParts(
        from_address=ports.mail_from,
        from_name=letter.from_name or "Operational Pulse",
        to_address=literal(first),
        also_to=tuple(more),
        cc=letter.cc,
        reply_to=literal(letter.reply_to),
        subject=literal(letter.subject),
        text=literal(letter.text),
        message_id=f"{letter.key}@{ports.mail_from.rpartition('@')[2]}",
        date=mail_date(ports.clock.now()),
    )
    return build_frame(parts).render({})


def letter_key() -> str:
    """A key for a letter that no task run names."""
    return f"notice.{random_text(20)}"


def is_mail_address(text: str) -> bool:
    """Whether a mail can be written to it."""
    try:
        wire_address(text)
    except MessageRefused:
        return False
    return "@" in text


def split_addresses(text: str | Sequence[str]) -> tuple[str, ...]:
    """Addresses out of what was typed or piped: separated by commas, semicolons or line breaks, each once."""
    joined = text if isinstance(text, str) else ",".join(str(one) for one in text)
    parts = joined.replace(";", ",").replace("\n", ",").split(",")
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


__all__ = ["Letter", "MessageRefused", "is_mail_address", "letter_key", "send_letter", "split_addresses"]
