"""What the checks look at. Gathered in sets by ``flow.gathering`` and ``flow.looking``; the checks reach nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from opulse.experience.directory.models import FrequencyRule, MailingList
from opulse.experience.surveys.models import SurveyRecord
from opulse.experience.workflows.models import Workflow
from opulse.monitoring.notifications.models import Notification
from opulse.monitoring.recipients.models import Recipient
from opulse.tenancy.models import Key, ServiceAccount, Tenant


@dataclass(frozen=True, slots=True)
class Place:
    """Where this installation stands. ``relay``: host of the mail relay; empty: none is set."""

    public_url: str
    monitoring_url: str
    relay: str = ""
    relay_in_clear: bool = False
    looks_up: bool = False  # a resolver is named by hand


@dataclass(frozen=True, slots=True)
class People:
    """Counts over the people of the tenant, each from one statement. ``contacts``: list → members without an address."""

    users: int = 0  # of systems, primary or logged on
    without_contact: int = 0  # users of systems with an address that no contact has, nor their id
    without_email: int = 0  # users of systems with neither an address nor a contact
    no_address: Mapping[str, int] = field(default_factory=dict)
    stale: int = 0  # contacts with a lastAlarm that nothing will clear


@dataclass(frozen=True, slots=True)
class DomainSeen:
    """The records of one sending domain. ``trouble``: why they could not be read; empty: they were.

    ``keys``: name of the record → (what signs, what the DNS holds).
    """

    domain: str
    spf: tuple[str, ...] = ()
    dmarc: tuple[str, ...] = ()
    keys: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Outside:
    """What was seen beyond the database. Seconds by which another clock is ahead of ours; None: not looked at."""

    relay_fault: str = ""
    domains: tuple[DomainSeen, ...] = ()
    clocks: Mapping[str, float] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """One tenant, at one moment. ``members``: index of a group → its living systems; ``text_alarm``: lastAlarm is a text."""

    now: datetime
    place: Place
    tenant: Tenant
    notifications: tuple[Notification, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    sensors: Mapping[str, bool] = field(default_factory=dict)  # name → switched on
    members: Mapping[int, int] = field(default_factory=dict)
    lists: Mapping[str, MailingList] = field(default_factory=dict)
    rules: Mapping[str, tuple[FrequencyRule, ...]] = field(default_factory=dict)  # by directory
    surveys: Mapping[str, SurveyRecord] = field(default_factory=dict)
    keys: tuple[Key, ...] = ()
    service_accounts: tuple[ServiceAccount, ...] = ()
    accounts: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict
    )  # of extensions: their open fields
    text_alarm: bool = False
    people: People = People()
    outside: Outside = Outside()
