"""Reading what Alertmanager posts."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from opulse.monitoring.sources.alertmanager.models import VERSION, Alert, AlertmanagerSettings, Notice
from opulse.monitoring.sources.models import Delivery, Left, LeftReason, Reading, Signal
from opulse.monitoring.sources.rules import bounded, hashed_key, host_of, severities_of, words_of
from opulse.wire.errors import UnreadableBody

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # Go writes the year 1 for "not yet"
_USUAL_SEVERITY = 5


def read(settings: AlertmanagerSettings, delivery: Delivery) -> Reading:
    """Firing alerts trigger, resolved ones clear; an alert's fingerprint is its key.

    What arrives last counts: an alert that was taken for over because Prometheus could not be heard comes back with the time at
    which it began, so times do not tell a delayed copy from that. Of two Alertmanagers the slower one tells the end too.

    Raises:
        UnreadableBody: not a notice of version 4.
    """
    try:
        notice = msgspec.json.decode(delivery.body, type=Notice)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableBody(f"this is not what Alertmanager posts: {error}") from error
    if notice.version != VERSION:
        raise UnreadableBody(f"the version of the payload is not {VERSION!r}, and no other is understood")
    reading = Reading([], [])
    for index, raw in enumerate(notice.alerts):
        found = _read_alert(settings, index, raw)
        if isinstance(found, Signal):
            reading.signals.append(found)
        else:
            reading.left.append(found)
    if notice.truncatedAlerts > 0:
        what = f"{notice.truncatedAlerts} more alerts"
        detail = "Alertmanager did not send them: set max_alerts of the receiver to 0."
        reading.left.append(Left(len(notice.alerts), what, LeftReason.CUT_OFF, detail))
    return reading


def _read_alert(settings: AlertmanagerSettings, index: int, raw: msgspec.Raw) -> Signal | Left:
    try:
        alert = msgspec.json.decode(raw, type=Alert)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Left(index, f"alert {index}", LeftReason.MALFORMED, str(error)[:300])
    name = alert.labels.get(settings.sensor_label, "").strip()
    what = name or _labels(alert)
    if alert.status not in ("firing", "resolved"):
        return Left(index, what, LeftReason.MALFORMED, f"The status is {alert.status[:50]!r}.")
    if not name:
        detail = f"The alert has no label {settings.sensor_label!r}."
        return Left(index, what, LeftReason.NO_SENSOR, detail)
    system = _system(settings, alert)
    if not system:
        detail = f"The alert has none of the labels {settings.system_labels}."
        return Left(index, what, LeftReason.NO_SYSTEM, detail)
    firing = alert.status == "firing"
    severity = alert.labels.get(settings.severity_label, "").casefold()
    return Signal(
        index=index,
        key=bounded(alert.fingerprint or hashed_key(_labels(alert))),
        sensor=name,
        system=system,
        triggered=firing,
        instance=alert.labels.get(settings.instance_label, "") if settings.instance_label else "",
        at=_moment(alert.startsAt if firing else alert.endsAt),
        severity=severities_of(settings.severities).get(severity, _USUAL_SEVERITY),
        help=_help(alert),
    )


def _system(settings: AlertmanagerSettings, alert: Alert) -> str:
    named = (host_of(alert.labels.get(label, "")) for label in words_of(settings.system_labels))
    return next((host for host in named if host), "")


def _help(alert: Alert) -> str:
    """Of the annotations the one that speaks of the rule; a summary often names one machine, which a sensor does not."""
    return alert.annotations.get("description") or alert.annotations.get("summary") or ""


def _labels(alert: Alert) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(alert.labels.items()))[:300]


def _moment(at: datetime | None) -> datetime | None:
    if at is None or at.tzinfo is None or at < _NEVER:
        return None
    return at
