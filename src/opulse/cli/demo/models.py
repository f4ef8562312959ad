"""What the demo is made of, and what it remembers between two starts."""

from __future__ import annotations

import msgspec


class DemoFailed(Exception):
    """The demo cannot go on; the message is one line that says what to do."""


class MadeScenario(msgspec.Struct, frozen=True):
    """A kind of incident that can be started: its notification, survey and workflow as they were made."""

    notification: str
    survey: str
    workflow: str
    group: str


class MadeObjects(msgspec.Struct, frozen=True):
    """The ids that the five procedures gave."""

    directory: str
    mailing_list: str
    account: str
    pulse_workflow: str
    recipient: str
    recipient_key: str
    scenarios: tuple[MadeScenario, ...]
    machine: str
    agent_key: str


class DemoState(msgspec.Struct, frozen=True):
    """``demo.json`` of the data folder. It holds the sign-in, so it is readable by its owner alone.

    ``objects`` is None while the first start has not come to its end.
    """

    seed: int
    systems: int
    email: str = ""
    password: str = ""
    key: str = ""
    address: str = ""
    objects: MadeObjects | None = None
