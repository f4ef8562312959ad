"""Who is told, and how: the fields of *Add New Recipient* (integration guide; systrack.md 2.9 and 4.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RecipientType(StrEnum):
    """The three types of the cloud product."""

    USER = "User"  # one person, told by e-mail
    DISTRIBUTION_LIST = "Distribution List"  # one address behind which several people read
    SYSTEM = "System"  # another product, told by e-mail or by webhook


class Channel(StrEnum):
    """*Connection* on the form: how a recipient is reached."""

    EMAIL = "Email"
    WEBHOOK = "Webhook"


class RequestMethod(StrEnum):
    """POST creates in the other product, PUT updates there; the body is the same."""

    POST = "POST"
    PUT = "PUT"


class AuthenticationType(StrEnum):
    """How a webhook proves who sends it. One choice, never two together."""

    OFF = "Off"  # nothing is added
    BASIC = "Basic Auth"  # Authorization: Basic base64(username:password); both are required
    SIGNED = "Signed Secret"  # x-lakeside-hmac-sha256 over the raw body; the secret itself is never sent


class RecipientFault(StrEnum):
    """Why a recipient cannot be saved. ``RecipientProblem.text`` says it in a sentence."""

    NAME_MISSING = "name_missing"  # empty, or nothing but spaces
    NAME_TOO_LONG = "name_too_long"  # more than the 200 characters that fit
    BAD_CHARACTER = "bad_character"  # a control character, which neither headers nor databases carry
    NAME_TAKEN = "name_taken"  # two webhooks cannot share a name
    CONNECTION = "connection"  # people and lists are reached by e-mail only
    EMAIL_INVALID = "email_invalid"  # not an address that mail can be sent to
    URL_INVALID = "url_invalid"  # not an http(s) address, or one that this installation never calls
    CREDENTIAL_MISSING = "credential_missing"  # Basic Auth without user name or password
    HEADER_NAME = "header_name"  # not a name that HTTP allows
    HEADER_RESERVED = "header_reserved"  # a header that the sender writes itself
    HEADER_VALUE = "header_value"  # a line break or control character, or not ASCII
    HEADER_REPEATED = "header_repeated"  # names are compared without regard to case
    TOO_MANY_HEADERS = "too_many_headers"  # more than MAX_HEADERS
    BODY_INVALID = "body_invalid"  # an unknown variable, or no JSON once it is rendered


@dataclass(frozen=True)
class RecipientProblem:
    """One thing to mend before the recipient can be saved."""

    field: str  # the form's field, for example "headers" or "authentication.password"
    fault: RecipientFault
    text: str


class RecipientRefused(Exception):
    """A recipient was not saved; ``problems`` says why, each with its field."""

    def __init__(self, problems: tuple[RecipientProblem, ...]) -> None:
        super().__init__("; ".join(problem.text for problem in problems))
        self.problems = problems


class RecipientInUse(Exception):
    """A recipient was not deleted: notifications still tell it."""

    def __init__(self, count: int) -> None:
        super().__init__(f"assigned to {count} notification{'' if count == 1 else 's'}")
        self.count = count


@dataclass(frozen=True)
class Header:
    """A custom header of a webhook. ``value`` is None where a sensitive value is kept but not shown."""

    name: str
    value: str | None
    sensitive: bool = False


@dataclass(frozen=True)
class Authentication:
    """``password`` and ``secret`` are None where one is kept but not shown."""

    type: AuthenticationType = AuthenticationType.OFF
    username: str = ""
    password: str | None = None
    secret: str | None = None


@dataclass(frozen=True)
class Webhook:
    """The HTTP request that tells a System."""

    url: str
    method: RequestMethod
    authentication: Authentication
    headers: tuple[Header, ...]
    body: str  # a template with @{variables}; not JSON before it is rendered


@dataclass(frozen=True)
class RecipientDraft:
    """What a form or an API call says of a recipient, before it is checked."""

    recipient_type: RecipientType
    name: str
    channel: Channel
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    webhook: Webhook | None = None
    tell_end: bool = False  # also tell when the activation ends; ours, off by default


@dataclass(frozen=True)
class Recipient:
    """A saved recipient. As read by ``find_recipient`` its secrets are None; ``open_secrets`` fills them for sending."""

    id: str
    recipient_type: RecipientType
    name: str
    channel: Channel
    email: str
    first_name: str
    last_name: str
    webhook: Webhook | None
    tell_end: bool
    assigned: int  # "Notifications Assigned"
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class TrialOutcome:
    """What *Test Webhook* saw. ``status`` is None when no answer came; ``error`` says why."""

    delivered: bool
    status: int | None
    error: str
    seconds: float
    snippet: str  # the first 2 kB of the answer
    body: str  # what was sent
