"""What tenancy knows: tenants, people, sessions, machine credentials."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from opulse.web.roles import Role

SESSION_IDLE = timedelta(hours=12)
SESSION_LIFE = timedelta(days=7)
SIGNED_IN_AGAIN = timedelta(minutes=5)  # how long a repeated password lets an administrator see secrets
TOKEN_LIFE = timedelta(minutes=60)
KEY_LIFE_MAX = timedelta(days=180)
OVERLAP = timedelta(
    hours=24
)  # how long an old password or key opens beside the new one, where nothing else is said
OVERLAP_MAX = timedelta(days=30)
FAILURES_ALLOWED = 8
FAILURE_WINDOW = timedelta(minutes=15)
PASSWORD_LENGTH = 12


_SCOPED = (
    "activity_logs",
    "contact_frequency_rules",
    "contact_transactions",
    "directories",
    "directory_contacts",
    "distributions",
    "divisions",
    "groups",
    "libraries",
    "mailing_list_contacts",
    "mailing_lists",
    "organizations",
    "participants",
    "samples",
    "subscriptions",
    "survey_responses",
    "survey_sessions",
    "surveys",
    "tickets",
    "users",
)
SCOPES = frozenset(f"{verb}:{thing}" for verb in ("read", "manage") for thing in _SCOPED) | {
    "manage:all",
    "manage:customer_data_requests",
    "manage:erasure_requests",
    "openid",
    "profile",
}
"""What an OAuth token of the API v3 can be given (qualtrics-api.md 1.4)."""


class KeyKind(StrEnum):
    """What a machine's key opens."""

    INTEGRATION = "integration"  # the JSON API of the tenant
    GATEWAY = "gateway"  # sensor states of the systems in named groups
    AGENT = "agent"  # one system's own sensor states and configuration
    SYSTEMS = "systems"  # the affected-systems API only


class SignInRefusal(StrEnum):
    """Why nobody was signed in."""

    WRONG = "wrong"  # unknown name or wrong password: never say which
    TOO_MANY = "too_many"  # so many failures of late that the password is not even looked at
    DISABLED = "disabled"  # the person's access was taken away


ROLE_OF_KIND = {
    KeyKind.INTEGRATION: Role.INTEGRATION,
    KeyKind.GATEWAY: Role.GATEWAY,
    KeyKind.AGENT: Role.AGENT,
    KeyKind.SYSTEMS: Role.SYSTEMS,
}


@dataclass(frozen=True)
class Tenant:
    """One customer of an installation, and the switches that keep its people safe."""

    id: int
    guid: str
    name: str
    client_id: str
    mail_open: bool  # False: only addresses on the allow list are mailed
    mail_paused: bool  # True: no mail leaves at all
    allow_list: tuple[str, ...]  # addresses, or "@domain" for a whole domain; lower case
    cap_per_activation: int  # the most people that one activation asks
    confirm_above: int  # more people than this wait until somebody confirms
    hold_after_restore: bool  # True after a restore until an operator releases sending
    created_at: datetime

    def lets_mail_reach(self, email_key: str) -> bool:
        """Whether the allow list, while it is in force, admits this lower-case address."""
        return (
            self.mail_open
            or email_key in self.allow_list
            or f"@{email_key.partition('@')[2]}" in self.allow_list
        )


@dataclass(frozen=True)
class Person:
    """Somebody who signs in to the console."""

    tenant: int
    id: str
    email: str
    name: str
    role: Role
    locale: str
    disabled: bool
    created_at: datetime
    last_sign_in: datetime | None


@dataclass(frozen=True)
class Session:
    """One signed-in browser."""

    id: str
    tenant: int
    person: str
    created_at: datetime
    last_seen: datetime
    proved_at: datetime  # when the password was last given
    agent: str
    address: str


@dataclass(frozen=True)
class Key:
    """A machine's key as it is listed: the secret itself is shown once and never stored."""

    tenant: int
    id: str
    kind: KeyKind
    name: str
    hint: str  # the first characters, to find it again
    scope: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    last_used: datetime | None
    revoked: bool


@dataclass(frozen=True)
class ServiceAccount:
    """A user name and password with which another product asks for affected systems."""

    tenant: int
    id: str
    username: str
    name: str
    created_at: datetime
    last_used: datetime | None
    revoked: bool
    old_until: datetime | None = None  # the password before the last rotation opens until then

    def overlaps(self, now: datetime) -> bool:
        """Whether two passwords open at this moment."""
        return self.old_until is not None and now < self.old_until


@dataclass(frozen=True)
class OAuthClient:
    """A program that asks for access tokens (client credentials). It has a person's rights, within its scopes."""

    tenant: int
    id: str  # the client_id
    name: str
    person: str
    scopes: tuple[str, ...]
    created_at: datetime
