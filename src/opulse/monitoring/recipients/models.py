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
    STANDARD = "Standard Webhooks"  # webhook-id, -timestamp and -signature: time and body are signed; ours

    @property
    def signs(self) -> bool:
        """There is a secret, which can be generated and rotated."""
        return self in (AuthenticationType.SIGNED, AuthenticationType.STANDARD)


class RecipientState(StrEnum):
    """Whether a recipient is told anything."""

    ACTIVE = "active"  # it is told of each activation
    DISABLED = "disabled"  # nothing is sent to it until a person enables it


class DisabledReason(StrEnum):
    """Why a recipient is disabled."""

    RECEIVER_GONE = "receiver_gone"  # it answered 410: it is there no more, and wants nothing more
    BY_A_PERSON = "by_a_person"  # somebody pressed Disable


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
    UNREADABLE_KEY = (
        "unreadable_key"  # a secret of Standard Webhooks is whsec_ and the Base64 of 24 to 64 bytes
    )
    SIGNS_NOTHING = "signs_nothing"  # nothing to rotate: the recipient signs nothing
    ROTATING = "rotating"  # the last rotation's overlap still runs
    OVERLAP = "overlap"  # shorter than an hour or longer than 30 days
    HEADER_NAME = "header_name"  # not a name that HTTP allows
    HEADER_RESERVED = "header_reserved"  # a header that the sender writes itself
    HEADER_VALUE = "header_value"  # a line break or control character, or not ASCII
    HEADER_REPEATED = "header_repeated"  # names are compared without regard to case
    TOO_MANY_HEADERS = "too_many_headers"  # more than MAX_HEADERS
    VALUE_NAME = "value_name"  # not letters and digits, or the name of a variable that there is anyway
    VALUE_REPEATED = "value_repeated"  # two values of one name
    VALUE_MISSING = "value_missing"  # the body needs it, and nothing was typed
    TOO_MANY_VALUES = "too_many_values"  # more than MAX_VALUES
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
    previous: str | None = None  # the secret before the last rotation
    previous_until: datetime | None = None  # it signs too until then

    def overlaps(self, now: datetime) -> bool:
        """Whether two secrets hold at this moment."""
        return self.previous_until is not None and now < self.previous_until


@dataclass(frozen=True)
class BodyValue:
    """A variable of the recipient's own, which the body writes as ``@{name}``: a routing key. ``value`` as for a header."""

    name: str
    value: str | None
    sensitive: bool = False


@dataclass(frozen=True)
class Webhook:
    """The HTTP request that tells a System."""

    url: str  # empty where a sensitive one is kept but not shown
    method: RequestMethod
    authentication: Authentication
    headers: tuple[Header, ...]
    body: str  # a template with @{variables}; not JSON before it is rendered
    end_body: str = ""  # the same for the end of an activation; empty: our own SensorNotification.Resolved
    values: tuple[BodyValue, ...] = ()
    url_sensitive: bool = False  # the address is itself a secret, as those of Slack and Teams are
    url_shown: str = ""  # what people see of it: all, or a sensitive one's host. Written on save

    @property
    def has_sensitive_values(self) -> bool:
        """What is rendered with them has to be sealed too."""
        return any(value.sensitive for value in self.values)


@dataclass(frozen=True)
class BodyTemplate:
    """A ready body for one kind of receiver; what its secrets are is empty and filled in by a person."""

    name: str  # of its file
    title: str
    help: str  # what to make at the receiver and where it goes on the form
    method: RequestMethod
    authentication: AuthenticationType
    url_sensitive: bool
    headers: tuple[Header, ...]
    values: tuple[BodyValue, ...]
    body: str
    end_body: str
    tell_end: bool  # the end is of use to this receiver: it closes the ticket


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
    state: RecipientState = RecipientState.ACTIVE
    disabled_reason: DisabledReason | None = None
    disabled_at: datetime | None = None


@dataclass(frozen=True)
class TrialOutcome:
    """What *Test Webhook* saw. ``status`` is None when no answer came; ``error`` says why."""

    delivered: bool
    status: int | None
    error: str
    seconds: float
    snippet: str  # the first 2 kB of the answer
    body: str  # what was sent
