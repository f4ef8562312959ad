"""A body that holds a sensitive value is sealed while it waits: every attempt sends the same bytes, and no dump shows them."""

from __future__ import annotations

from opulse.monitoring.deliveries.models import Delivery
from opulse.ports import Ports


def seal_body(ports: Ports, body: bytes) -> bytes:
    """Ready for the store."""
    return ports.secrets.seal(body.decode()).encode("ascii")


def open_body(ports: Ports, delivery: Delivery) -> bytes:
    """Ready to send.

    Raises:
        SecretUnreadable: the installation's key file is not the one that sealed it.
    """
    return ports.secrets.open(delivery.body.decode("ascii")).encode() if delivery.sealed else delivery.body
