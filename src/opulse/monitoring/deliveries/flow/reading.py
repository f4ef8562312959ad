"""What was told, and sending it again."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from opulse.monitoring.activations.views import get_activation
from opulse.monitoring.deliveries import store
from opulse.monitoring.deliveries.flow.telling import enqueue_in
from opulse.monitoring.deliveries.models import Attempt, Delivery, DeliveryState
from opulse.ports import Ports
from opulse.tenancy import audit_in


@dataclass(frozen=True)
class DeliveryWithAttempts:
    """As the activation's page lists it."""

    delivery: Delivery
    attempts: tuple[Attempt, ...]


def list_deliveries(conn: Connection, tenant: int, activation: str) -> list[DeliveryWithAttempts] | None:
    """None: no such activation in this tenant."""
    if get_activation(conn, tenant, activation) is None:
        return None
    found = store.list_deliveries(conn, tenant, activation)
    tried = store.list_attempts(conn, tenant, [delivery.id for delivery in found])
    return [DeliveryWithAttempts(delivery, tuple(tried.get(delivery.id, ()))) for delivery in found]


async def send_again(ports: Ports, tenant: int, actor: str, delivery_id: str) -> Delivery | None:
    """Another round of attempts with the same bytes, for a dead delivery that has any. None: no such delivery.

    One that is not dead is answered as it is.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> Delivery | None:
        found = store.find_delivery(conn, tenant, delivery_id)
        if found is None or found.state is not DeliveryState.DEAD or not found.body:
            return found
        store.begin_round(conn, tenant, delivery_id)
        revived = store.find_delivery(conn, tenant, delivery_id)
        assert revived is not None
        enqueue_in(conn, tenant, revived)
        before = {"reason": found.reason.value, "detail": found.detail}
        audit_in(conn, tenant, actor, "delivery.sent_again", found.id, before, None, now)
        return revived

    return await ports.db.write(unit)
