"""Messages and looks to choose from, and the keys of sender domains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from opulse.experience.distributions.models.records import MessageSpec, Wording
from opulse.mail.signing import Algorithm


class MessageCategory(StrEnum):
    """What a library message is for; in the words of the product's API (qualtrics-api.md 1.10)."""

    INVITE = "invite"
    INACTIVE_SURVEY = "inactiveSurvey"
    REMINDER = "reminder"
    THANK_YOU = "thankYou"
    END_OF_SURVEY = "endOfSurvey"
    GENERAL = "general"
    VALIDATION = "validation"
    LOOK_AND_FEEL = "lookAndFeel"
    EMAIL_SUBJECT = "emailSubject"
    SMS_INVITE = "smsInvite"


@dataclass(frozen=True)
class LibraryMessage:
    """Subject and body per language code; the first is for every language that is not named."""

    tenant: int
    id: str  # MS_…
    category: MessageCategory
    name: str
    texts: Mapping[str, Wording]
    updated_by: str
    updated_at: datetime

    def spec(self) -> MessageSpec:
        """As a message to send."""
        first = next(iter(self.texts.values()), Wording())
        return MessageSpec(subject=first.subject, body=first.body, translations=self.texts)


@dataclass(frozen=True)
class MailTemplate:
    """A look: MJML around what a mail says. It is checked when it is saved, and frozen with each distribution."""

    tenant: int
    id: str  # MT_…
    name: str
    source: str
    updated_by: str
    updated_at: datetime


@dataclass(frozen=True)
class DomainKey:
    """A key that signs mails from one domain. Its private half is sealed in the database and never shown."""

    tenant: int
    id: str  # DK_…
    domain: str
    selector: str
    algorithm: Algorithm
    public: str  # text of the TXT record
    active: bool  # signs; switched on once the record is in the DNS
    created_by: str
    created_at: datetime

    @property
    def record_name(self) -> str:
        """Where the TXT record stands."""
        return f"{self.selector}._domainkey.{self.domain}"
