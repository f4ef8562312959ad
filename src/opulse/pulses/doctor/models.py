"""What the doctor finds. Every kind of finding is in :class:`Kind`; its words are in ``rules.cards``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

DOCTOR_DUE: Final = "doctor.due"
"""Job without a tenant: have each of them looked at."""
DOCTOR_TENANT_DUE: Final = "doctor.tenant_due"
"""Job of a tenant, so that one whose look fails does not keep the others from theirs."""


class Severity(StrEnum):
    """How bad a finding is."""

    FAULT = "fault"  # somebody who should be asked will not be, or cannot answer
    WARNING = "warning"  # it works, and will surprise you in some incident
    ADVICE = "advice"  # it works; something better is at hand


class Kind(StrEnum):
    """Everything the doctor can find."""

    # the contract: a notification's sensors against the conditions of a workflow
    SENSOR_MISSING = "sensor_missing"  # the notification names a sensor that the conditions do not
    SENSOR_EXTRA = "sensor_extra"  # the conditions want a sensor that the notification does not send
    SENSOR_UNKNOWN = "sensor_unknown"  # the conditions name what is no sensor: renamed, deleted or mistyped
    SENSOR_OFF = "sensor_off"  # the notification watches a sensor that is switched off
    NO_WORKFLOW = "no_workflow"  # a notification leads to no workflow that asks
    NO_NOTIFICATION = "no_notification"  # a workflow waits for sensors that no notification sends
    ASKED_TWICE = "asked_twice"  # one activation satisfies the conditions of two workflows
    ANY_SENSOR = "any_sensor"  # conditions in mode any, where the notification wants all
    NO_CONDITIONS = "no_conditions"  # every change of a contact asks
    PART_OF_NAME = "part_of_name"  # a name is part of another sensor's, and the condition compares texts
    # lastAlarm
    PREVIOUS_SIDE = "previous_side"  # a condition reads what lastAlarm was before
    REPEATING_ALARM = "repeating_alarm"  # the same incident again is no change, so nothing fires
    STALE_ALARM = "stale_alarm"  # contacts keep a lastAlarm that nothing will clear
    NOT_LISTENING = "not_listening"  # the event does not listen to updates of contacts
    NEW_CONTACTS_UNHEARD = (
        "new_contacts_unheard"  # contacts are made by the task and the event ignores new ones
    )
    OTHER_DIRECTORY = "other_directory"  # the event listens to a directory that no task writes to
    WORKFLOW_OFF = "workflow_off"  # the workflow that would ask is switched off
    SURVEY_NOT_OPEN = "survey_not_open"  # its survey is closed or was never published
    OTHER_LIST = "other_list"  # it sends to a list that the task does not fill
    SAME_MAIL = "same_mail"  # two of its mails say the same, so the second within 12 hours is kept back
    # from the notification to the workflow
    TELLS_NOBODY = "tells_nobody"  # a notification without recipient
    NEVER_ACTIVATES = "never_activates"  # its schedule is never, or its group is empty
    RECIPIENT_OFF = "recipient_off"  # a recipient is disabled
    WEBHOOK_NOWHERE = "webhook_nowhere"  # a webhook calls our address and no workflow has it
    RECEIVER_OFF = "receiver_off"  # the workflow behind the webhook is switched off
    BODY_NOT_JSON = "body_not_json"  # the body does not render to JSON
    BODY_LACKS_PATH = "body_lacks_path"  # the body has no value at a path that the workflow reads
    TOKEN_NOT_SENT = "token_not_sent"  # noqa: S105  # the event wants a credential that the webhook does not carry
    EVENT_OPEN = "event_open"  # anybody who knows the address can start it
    FIELD_NOT_READ = "field_not_read"  # the task takes a field that the event does not read
    CLOUD_URL_DIFFERS = "cloud_url_differs"  # the token would not be sent to the Systems URL
    TOKEN_URL_UNSAFE = "token_url_unsafe"  # noqa: S105  # the password would travel in the clear, so it does not
    CLIENT_ID_DIFFERS = "client_id_differs"  # it is not this tenant's
    ACCOUNT_UNKNOWN = "account_unknown"  # the service account of the task was revoked, or never existed here
    KEY_EXPIRES = "key_expires"  # an API key ends soon
    KEY_EXPIRED = "key_expired"  # an API key ended and was not replaced
    # people
    FATIGUE_TOO_STRICT = "fatigue_too_strict"  # a frequency rule that will eat the next pulse
    USERS_WITHOUT_CONTACT = "users_without_contact"  # people on systems whom the directory does not know
    USERS_WITHOUT_EMAIL = "users_without_email"  # people on systems with neither address nor contact
    CONTACTS_WITHOUT_EMAIL = "contacts_without_email"  # contacts who cannot be mailed
    MAIL_CLOSED = "mail_closed"  # mail goes to the allow list only
    MAIL_STOPPED = "mail_stopped"  # the switch that stops all mail is on
    MAIL_HELD = "mail_held"  # sending waits for an operator since a restore
    CAP_TOO_LOW = "cap_too_low"  # fewer people are asked than systems are watched
    # around
    NO_RELAY = "no_relay"  # no mail relay is set
    RELAY_FAILS = "relay_fails"  # no session with the relay: connection, certificate or sign-in
    RELAY_IN_CLEAR = "relay_in_clear"  # mail and password go to another machine unencrypted
    LOCAL_ADDRESS = "local_address"  # links in mails lead to the reader's own machine
    DNS_FAILS = "dns_fails"  # the resolver does not answer, so records could not be looked at
    SPF_MISSING = "spf_missing"  # the sending domain names no servers
    SPF_SEVERAL = "spf_several"  # two SPF records are a permanent error
    SPF_OPEN = "spf_open"  # +all: anybody may send
    DKIM_MISSING = "dkim_missing"  # a key that signs is not in the DNS
    DKIM_DIFFERS = "dkim_differs"  # the DNS holds another key
    DMARC_MISSING = "dmarc_missing"  # receivers are told nothing
    CLOCK_DIFFERS = "clock_differs"  # this machine and the database or the Cloud URL disagree on the time


class Action(StrEnum):
    """What a button does: things that are safe to do without another question, and audited."""

    ADD_SENSORS = "add_sensors"  # add the missing sensors to the workflow's conditions
    SWITCH_ON = "switch_on"  # switch the workflow on
    LISTEN = "listen"  # tick Contact data has been updated and created
    ENABLE_RECIPIENT = "enable_recipient"  # enable the recipient again


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about; ``page`` is its address in the console, empty where there is none."""

    kind: str
    name: str
    page: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """What is the same of every finding of a kind. ``plant``: how a user makes this fault (docs/reference/doctor.md)."""

    severity: Severity
    why: str
    mend: str
    plant: str


@dataclass(frozen=True, slots=True)
class Button:
    """``target``: id of the object that is changed; ``other``: of the one that it is brought in step with."""

    action: Action
    target: str
    other: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend. ``also``: pages of the other objects that it is about, such as the notification of a pair."""

    kind: Kind
    subject: Subject
    what: str
    button: Button | None = None
    also: tuple[str, ...] = field(default=(), compare=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same finding tomorrow: its words may count other people then, and an object be renamed."""
        return self.kind.value, self.subject.kind, self.subject.page or self.subject.name


@dataclass(frozen=True, slots=True)
class Report:
    """``unseen``: what could not be looked at in time, in words."""

    at: datetime
    findings: tuple[Finding, ...]
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LastFinding:
    """What a nightly look found; ``is_new``: the look of the day before did not."""

    finding: Finding
    is_new: bool


@dataclass(frozen=True, slots=True)
class LastReport:
    """What the last nightly look stored; ``earlier``: when the look was that it is compared with; None: there was none."""

    at: datetime
    findings: tuple[LastFinding, ...]
    unseen: tuple[str, ...]
    earlier: datetime | None


class MendGone(Exception):
    """The finding stands no more, so there is nothing to mend."""
