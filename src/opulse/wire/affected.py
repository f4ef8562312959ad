"""The affected-systems page: who an activation hit, with users and sensors, 1,000 systems at a time.

Lakeside documents that the two URLs exist, not what they answer; this is our contract. Times stay text here (seven
fraction digits do not fit a ``datetime``): read the few you need with :func:`opulse.wire.timestamps.parse_time`.
"""

from __future__ import annotations

from enum import StrEnum
from hashlib import blake2b
from typing import Final

import msgspec

from opulse.wire.timestamps import parse_time

MAX_PAGE: Final = 1000
"""Default and maximum of ``$top``."""


class ActivationState(StrEnum):
    """``state`` of a page."""

    ACTIVE = "active"  # the condition still holds
    RESOLVED = "resolved"  # it cleared by itself
    DISMISSED = "dismissed"  # a person closed it; "currently" is frozen at that moment


class AffectedUser(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """A person of a system, as of the moment the page speaks of."""

    user_id: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    is_primary: bool = False
    is_logged_on: bool = False
    last_logon: str | None = None


class AffectedSensor(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """A sensor of the notification that is triggered on the system."""

    name: str
    instance: str | None = None
    activated_at: str | None = None


class AffectedSystem(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """One affected system. ``users`` is ``None`` where the page does not speak of users: then ask for them per system."""

    system_id: str
    system_name: str | None = None
    fqdn: str | None = None
    domain: str | None = None
    operating_system: str | None = None
    agent_version: str | None = None
    last_connect: str | None = None
    users: list[AffectedUser] | None = None
    sensors: list[AffectedSensor] = []


class AffectedPage(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """One page. ``notification_activation_id`` is what the authenticated answer says, whatever the webhook claimed."""

    notification_activation_id: str | None
    as_of: str | None
    state: str | None
    total_count: int | None
    systems: list[AffectedSystem]
    next_link: str | None = None


_ENCODER: Final = msgspec.json.Encoder()
_SYSTEMS_TAG: Final = 'W/"systems-'


def systems_tag(state: str, systems: bytes) -> str:
    """The ETag of a first page: a digest of the activation's state and of the set of affected systems (its bytes).

    It is weak and says nothing of users and times: the same tag means that no system has joined or left, at either address.
    """
    digest = blake2b(state.encode() + b"\0" + systems, digest_size=16).hexdigest()
    return f'{_SYSTEMS_TAG}{digest}"'


def is_systems_tag(tag: str) -> bool:
    """Whether it is one of ours, which may be shown at both addresses of an activation; another server's holds for its own."""
    return tag.startswith(_SYSTEMS_TAG)


def encode_page(page: AffectedPage) -> bytes:
    """The page as JSON, every key present (``nextLink`` is ``null`` on the last page)."""
    return _ENCODER.encode(page)


def seconds_since(logon: str | None, now_text: str | None) -> float | None:
    """Seconds between two times of a page; ``None`` when either is absent or unreadable."""
    if logon is None or now_text is None:
        return None
    try:
        return (parse_time(now_text) - parse_time(logon)).total_seconds()
    except ValueError:
        return None
