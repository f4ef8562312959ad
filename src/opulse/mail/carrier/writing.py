"""The mails of one message: its frames by language, filled per person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from opulse.mail.carrier.carrying import Addressee
from opulse.mail.message import Frame, mail_date
from opulse.mail.models import Envelope, MessageRefused
from opulse.mail.signing import Signs
from opulse.mail.verp import Verp
from opulse.wire.tokens import LinkPurpose, LinkTokens


def is_named(first_name: str) -> bool:
    """Whether the frame that greets by name is for this person."""
    return bool(first_name.strip())


@dataclass(frozen=True)
class Writer:
    """Writes for one tenant and message. Nothing in it changes once it is made, so a copy in another process is as good."""

    tenant: int
    public_url: str
    links: LinkTokens
    bounces: Verp
    shared_link: str
    """32 hexadecimal characters: the id in an anonymous link, the same for everybody; empty: each has their own."""
    slots: Mapping[str, str]
    """Pipe of the message → the slot that it fills."""
    frames: Mapping[tuple[str, bool], Frame | MessageRefused]
    """By (language, greets by name); where the message cannot be written in that language, why."""
    signer: Signs | None = None
    """Signs each mail; None: the relay does, or nobody."""
    _dated: dict[datetime, str] = field(default_factory=dict, repr=False, compare=False)

    def write(self, person: Addressee, now: datetime) -> Envelope:
        """The mail for one person.

        Raises:
            MessageRefused: the message, or this person's values, cannot stand in a mail.
            KeyError: no frame for this language.
        """
        frame = self.frames[person.language, is_named(person.first_name)]
        if isinstance(frame, MessageRefused):
            raise MessageRefused(frame.reason, frame.where)
        reference = bytes.fromhex(person.key)
        linked = bytes.fromhex(person.of) if person.of else reference
        data = frame.render(self._values(person, linked, now))
        if self.signer is not None:
            data = self.signer.sign(data)
        return Envelope(person.key, self.bounces.encode(reference), person.email, data)

    def _values(self, person: Addressee, reference: bytes, now: datetime) -> dict[str, str]:
        answer = bytes.fromhex(self.shared_link) if self.shared_link else reference
        slots = self.slots
        further = {slots[key]: str(value) for key, value in person.fields.items() if key in slots}
        first, last = person.first_name, person.last_name
        return {
            **further,
            "email": person.email,
            "name": f"{first} {last}".strip(),
            "first_name": first.strip(),
            "last_name": last.strip(),
            "survey_link": self._link("s", LinkPurpose.ANSWER, answer),
            "unsubscribe_link": self._link("u", LinkPurpose.UNSUBSCRIBE, reference),
            "message_id": person.message_id,
            "date": self._date(now),
        }

    def _date(self, now: datetime) -> str:
        """The same text for all mails of a second."""
        second = now.astimezone(UTC).replace(microsecond=0)
        if second not in self._dated:
            self._dated.clear()
            self._dated[second] = mail_date(second)
        return self._dated[second]

    def _link(self, path: str, purpose: LinkPurpose, invitation: bytes) -> str:
        return f"{self.public_url}/{path}/{self.links.issue(purpose, self.tenant, invitation)}"
