"""Reading what Fleet posts."""

from __future__ import annotations

import msgspec

from opulse.monitoring.sources.fleet.models import FailingPolicy, FleetSettings, Host
from opulse.monitoring.sources.models import Delivery, Left, LeftReason, Reading, Signal
from opulse.monitoring.sources.rules import bounded, host_of
from opulse.wire.errors import UnreadableBody


def read(settings: FleetSettings, delivery: Delivery) -> Reading:
    """Every host that is named fails the policy: the policy's sensor is triggered there.

    Raises:
        UnreadableBody: not a failing policy.
    """
    try:
        failing = msgspec.json.decode(delivery.body, type=FailingPolicy)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableBody(f"this is not what Fleet posts for a policy: {error}") from error
    reading = Reading([], [])
    for index, raw in enumerate(failing.hosts):
        found = _read_host(settings, failing, index, raw)
        if isinstance(found, Signal):
            reading.signals.append(found)
        else:
            reading.left.append(found)
    return reading


def _read_host(
    settings: FleetSettings, failing: FailingPolicy, index: int, raw: msgspec.Raw
) -> Signal | Left:
    policy = failing.policy
    name = policy.name.strip()
    try:
        host = msgspec.json.decode(raw, type=Host)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Left(index, f"{name}, host {index}", LeftReason.MALFORMED, str(error)[:300])
    system = host_of(host.display_name if settings.system_field == "display_name" else host.hostname)
    if not name:
        return Left(index, f"policy {policy.id}", LeftReason.NO_SENSOR, "The policy has no name.")
    if not system:
        return Left(
            index,
            f"{name}, host {host.id}",
            LeftReason.NO_SYSTEM,
            f"The host has no {settings.system_field}.",
        )
    return Signal(
        index=index,
        key=bounded(f"{policy.id}/{host.id}"),
        sensor=name,
        system=system,
        triggered=True,
        at=failing.timestamp if failing.timestamp is not None and failing.timestamp.tzinfo else None,
        severity=settings.critical_severity if policy.critical else settings.severity,
        help=policy.description,
    )
