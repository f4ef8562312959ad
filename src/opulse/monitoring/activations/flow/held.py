"""What the decider holds in memory, so that an event costs a count and not a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from pyroaring import BitMap
from sqlalchemy import Connection

from opulse.monitoring.activations import store
from opulse.monitoring.activations.flow.deciding import facts_of, rule_of
from opulse.monitoring.activations.models import (
    Counted,
    DecisionKind,
    DecisionReason,
    Rule,
    Step,
    Watch,
)
from opulse.monitoring.activations.rules import decide_activation
from opulse.monitoring.maintenance.views import list_maintained_groups
from opulse.monitoring.notifications.flow.previewing import picks_of
from opulse.monitoring.notifications.flow.reading import list_notifications, list_tenants_with_notifications
from opulse.monitoring.notifications.models import Notification
from opulse.monitoring.sensors.models import SensorPick
from opulse.ports import Limits


@dataclass
class Held:
    """One notification with what was decided of it last."""

    tenant: int
    notification: Notification
    picks: tuple[SensorPick, ...]
    sensors: frozenset[int]
    watch: Watch
    current: BitMap
    rule: Rule | None = None  # of the notification, once it was asked for

    def wants_step(self, counted: Counted, limits: Limits) -> bool:
        """Whether a transaction would change anything. The transaction decides again, from what the database says."""
        self.rule = self.rule or rule_of(self.notification, limits)
        decision = decide_activation(self.rule, facts_of(counted), self.watch)
        if decision.reason is DecisionReason.ALREADY_DECIDED:
            return False
        if decision.kind is not DecisionKind.NOTHING or decision.watch != self.watch:
            return True
        return self.watch.is_open and counted.qualifying != self.current

    def take(self, step: Step) -> None:
        """Remember what is true after a step."""
        self.watch = step.watch
        self.current = step.current


@dataclass
class HeldNotifications:
    """All living notifications of all tenants."""

    by_id: dict[tuple[int, str], Held]
    maintained: dict[int, frozenset[int]] = field(default_factory=dict)  # tenant → groups under maintenance

    def touched(self, tenant: int, sensors: frozenset[int] | None) -> Iterator[Held]:
        """Those of the tenant that watch one of the sensors; all of them for None."""
        for held in list(self.by_id.values()):
            if held.tenant == tenant and (sensors is None or held.sensors & sensors):
                yield held

    @property
    def tenants(self) -> set[int]:
        return {held.tenant for held in self.by_id.values()}


def load_held(conn: Connection, now: datetime) -> HeldNotifications:
    """From the database, as one snapshot. Maintenance windows begin and end with the decider's tick."""
    by_id: dict[tuple[int, str], Held] = {}
    maintained: dict[int, frozenset[int]] = {}
    for tenant in list_tenants_with_notifications(conn):
        maintained[tenant] = list_maintained_groups(conn, tenant, now)
        watches = store.list_watches(conn, tenant)
        opened = store.list_open(conn, tenant)
        for notification in list_notifications(conn, tenant):
            activation, current = opened.get(notification.id, (None, BitMap()))
            watch = watches.get(notification.id) or store.find_watch(conn, tenant, notification.id)
            by_id[tenant, notification.id] = Held(
                tenant=tenant,
                notification=notification,
                picks=picks_of(notification.sensors),
                sensors=frozenset(sensor.index for sensor in notification.sensors),
                watch=replace(watch, is_open=activation is not None),
                current=current,
            )
    return HeldNotifications(by_id, maintained)
