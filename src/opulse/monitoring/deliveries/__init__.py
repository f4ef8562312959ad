"""Telling: each recipient of an activation gets exactly the bytes that were rendered once, and every attempt is a row.

``activation.opened`` and ``activation.closed`` come in; webhooks and mails go out. Announces ``delivery.due`` to itself, ordered
per activation and recipient.
"""

from opulse.monitoring.deliveries.models import Attempt, Delivery, DeliveryState

__all__ = ["Attempt", "Delivery", "DeliveryState"]
